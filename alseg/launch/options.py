"""What a command says about doing the runs of an experiment, wherever they are done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alseg.system.signals import StopRequest, listening


@dataclass(frozen=True, kw_only=True)
class LaunchOptions:
    """How to do all planned runs that are not complete yet; one that fails does not stop the others.

    Attributes:
        results: Folder that holds the experiment's own folder.
        fresh: Whether to put the planned runs' folders aside and begin anew.
        accept_drift: Whether to go on with runs that were begun with other versions or code.
        stop: Of a caller that listens to signals; without it they are listened to while runs are done.
    """

    results: Path
    fresh: bool = False
    accept_drift: bool = False
    stop: StopRequest | None = None

    def root(self, name: str) -> Path:
        """Return the results folder of an experiment, absolute, whatever becomes of the working folder."""
        return (self.results / name).absolute()

    @contextmanager
    def working(self) -> Iterator[StopRequest]:
        """Have signals wait for a safe point meanwhile; yields what they set."""
        if self.stop is not None:
            self.stop.working = True
            yield self.stop
            return
        with listening() as stop:
            stop.working = True
            yield stop
