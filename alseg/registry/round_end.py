"""The hook ``on_round_end`` of installed plugins, called after every committed round."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from alseg.contracts import RoundReport
from alseg.errors import one_line
from alseg.guard.calls import guarded, random_state_kept
from alseg.registry.entries import PluginFailure, PluginInfo

ROUND_END = "on_round_end"
"""The one hook that registers nothing."""

RoundEndHook = Callable[[RoundReport], object]


class RoundEndHooks:
    """The ``on_round_end`` of all plugins, and which of them have failed.

    Args:
        hooks: Each with its plugin, in the order of calls.
    """

    def __init__(self, hooks: Sequence[tuple[PluginInfo, RoundEndHook]] = ()) -> None:
        self._hooks = tuple(hooks)
        self._failed: set[int] = set()

    def notify(self, report: RoundReport, on_failure: Callable[[str], None]) -> None:
        """Call every hook; none can stop another or the run.

        Args:
            report: The committed round.
            on_failure: Given one line about a hook that raised, the first time it does.
        """
        for index, (plugin, hook) in enumerate(self._hooks):
            failed: BaseException | None = None
            with random_state_kept(), guarded(f"plugin {plugin}", ROUND_END):
                try:
                    hook(report)
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # a hook's SystemExit is no reason to stop either
                    failed = error
            if failed is not None and index not in self._failed:
                self._failed.add(index)
                on_failure(PluginFailure(plugin, ROUND_END, one_line(failed)).message)
