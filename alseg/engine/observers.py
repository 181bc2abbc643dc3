"""Observers of rounds: one list, told in one way, of which no plugin can end a run."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from alseg.config.building import build
from alseg.config.specs import Component
from alseg.contracts import Observer, RoundReport
from alseg.engine.reporter import Reporter
from alseg.errors import AlsegError, one_line
from alseg.guard.calls import guarded, random_state_kept
from alseg.registry.entries import PluginInfo
from alseg.registry.registry import ROUND_END, Registry


@dataclass(frozen=True, eq=False)
class Listener:
    """Code of a plugin that is told of rounds.

    Attributes:
        name: What messages call it, such as ``observer 'mlflow'``.
        on_round_end: Given each committed round.
        close: Finishes what is open. None for a hook, which is told of each round once: an observer that an
            experiment names is told of all rounds again when a run goes on.
    """

    name: str
    on_round_end: Callable[[RoundReport], object]
    close: Callable[[], object] | None = None

    def failure(self, call: str, error: BaseException) -> str:
        """Return one line about a call that failed."""
        if self.close is None:
            return f"{self.name} failed at {call}: {one_line(error)}"
        return (
            f"  {self.name} failed {call}: {one_line(error)}. "
            "The run goes on, and further failures of this observer are not shown."
        )


class Observers:
    """All that is told of committed rounds: the reporter, hooks of plugins, observers of the experiment.

    What a plugin raises is told once; it can stop neither another plugin nor the run.

    Args:
        reporter: Shows rounds, and lines about plugins that failed.
        listeners: Of plugins, in the order in which they are told.
    """

    def __init__(self, reporter: Reporter, listeners: Iterable[Listener]) -> None:
        self.reporter = reporter
        self._listeners = tuple(listeners)
        self._failed: set[Listener] = set()

    def round_committed(self, report: RoundReport, rounds: int) -> None:
        """Tell all of a round that has just been committed.

        Args:
            report: The round.
            rounds: Number of purchases of the run.
        """
        self.reporter.round_finished(report, rounds)
        self._tell(report, self._listeners)

    def round_replayed(self, report: RoundReport) -> None:
        """Tell the experiment's observers of a round that an earlier attempt committed."""
        self._tell(report, [listener for listener in self._listeners if listener.close is not None])

    def close(self) -> None:
        """Let the experiment's observers finish; the reporter is closed by whoever made it."""
        for listener in self._listeners:
            if listener.close is not None:
                self._call(listener, "at the end", listener.close)

    def _tell(self, report: RoundReport, listeners: Iterable[Listener]) -> None:
        for listener in listeners:
            call = ROUND_END if listener.close is None else f"at round {report.round} of {report.run}"
            self._call(listener, call, partial(listener.on_round_end, report))

    def _call(self, listener: Listener, call: str, step: Callable[[], object]) -> None:
        failed: BaseException | None = None
        with random_state_kept(), guarded(listener.name, call):
            try:
                with contextlib.redirect_stdout(sys.stderr):  # standard output stays free for results
                    step()
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # a plugin's SystemExit is no reason to stop either
                failed = error
        if failed is not None and listener not in self._failed:
            self._failed.add(listener)
            self.reporter.note(listener.failure(call, failed))


def hooks_of(registry: Registry) -> list[Listener]:
    """Return the hooks ``on_round_end`` of all plugins."""
    return [Listener(f"plugin {plugin}", hook) for plugin, hook in registry.round_end_hooks]


def build_observers(components: Sequence[Component], registry: Registry) -> list[Listener]:
    """Make the observers that an experiment names; they write nothing yet.

    Raises:
        AlsegError: If one cannot be built, because what it needs is not installed or because it is broken.
    """
    observers = [(component.name, _build(component, registry)) for component in components]
    return [Listener(f"observer '{name}'", each.on_round_end, each.close) for name, each in observers]


def _build(component: Component, registry: Registry) -> Observer:
    plugin = registry.get("observers", component.name).plugin
    try:
        observer = build(registry, "observers", component)
    except AlsegError:
        raise
    except Exception as error:
        raise _broken(component, plugin, one_line(error)) from error
    if not isinstance(observer, Observer):
        problem = f"{type(observer).__name__} lacks on_round_end or close"
        raise _broken(component, plugin, problem)
    return observer


def _broken(component: Component, plugin: PluginInfo, problem: str) -> AlsegError:
    return AlsegError(
        f"Observer '{component.name}' of plugin {plugin} cannot be built: {problem}. "
        "Mend it, or leave it out of settings.observers."
    )
