"""The observers that an experiment names: made before anything is trained, told of rounds, never fatal."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable, Sequence

from alseg.config.building import build
from alseg.config.specs import Component, RunSpec
from alseg.contracts import Cost, Observer, RoundReport
from alseg.errors import AlsegError, one_line
from alseg.guard.calls import guarded, random_state_kept
from alseg.registry.entries import PluginInfo
from alseg.registry.registry import Registry
from alseg.storage.round_metrics import read_metrics
from alseg.storage.run_folder import RunFolder


class Observers:
    """Observers by name. What one raises is told once; it can stop neither another nor the run.

    Args:
        named: Each with its registered name.
    """

    def __init__(self, named: Sequence[tuple[str, Observer]]) -> None:
        self._named = tuple(named)
        self._failed: set[str] = set()

    def round_ended(self, report: RoundReport, note: Callable[[str], None]) -> None:
        """Tell all of them of a committed round.

        Args:
            report: The round.
            note: Given one line about an observer that raised, the first time it does.
        """
        for name, observer in self._named:
            where = f"at round {report.round} of {report.run}"
            self._call(name, where, lambda observer=observer: observer.on_round_end(report), note)  # type: ignore[misc]

    def close(self, note: Callable[[str], None]) -> None:
        """Let all of them finish; ``note`` as in `round_ended`."""
        for name, observer in self._named:
            self._call(name, "at the end", observer.close, note)

    def _call(self, name: str, where: str, step: Callable[[], None], note: Callable[[str], None]) -> None:
        failed: BaseException | None = None
        with random_state_kept(), guarded(f"observer '{name}'", where):
            try:
                with contextlib.redirect_stdout(sys.stderr):  # standard output stays free for results
                    step()
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # an observer's SystemExit is no reason to stop either
                failed = error
        if failed is not None and name not in self._failed:
            self._failed.add(name)
            note(
                f"  observer '{name}' failed {where}: {one_line(failed)}. "
                "The run goes on, and further failures of this observer are not shown."
            )


def build_observers(components: Sequence[Component], registry: Registry) -> Observers:
    """Make the observers that an experiment names; they write nothing yet.

    Raises:
        AlsegError: If one cannot be built, because what it needs is not installed or because it is broken.
    """
    return Observers([(component.name, _build(component, registry)) for component in components])


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


def report_of(spec: RunSpec, folder: RunFolder, round_number: int) -> RoundReport:
    """Return what observers are told about a committed round, read from the run's folder.

    Raises:
        AlsegError: If the round's metrics are damaged.
    """
    content = read_metrics(folder.metrics_of(round_number))
    return RoundReport(
        experiment=spec.experiment,
        scenario=spec.scenario.text,
        run=folder.path.name,
        folder=str(folder.path.absolute()),
        method=spec.method.label,
        seed=spec.seed,
        spec=spec.as_json(),
        round=round_number,
        iteration=content["iteration"],
        cost=Cost(**content["cost"]),
        class_names=tuple(content["iou"]),
        iou=tuple(map(_number, content["iou"].values())),
        miou=_number(content["miou"]),
        accuracy=_number(content["accuracy"]),
    )


def _number(value: float | None) -> float:
    """Return a metric as `alseg.storage.round_metrics.percent` was given it."""
    return math.nan if value is None else value
