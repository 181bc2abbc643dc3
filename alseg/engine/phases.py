"""Phases of a run: shown to people, timed, and left where nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from alseg.engine.context import RunContext
from alseg.storage.live import LiveFile


class Phases:
    """Shows and times the phases of one round.

    Args:
        context: Whom to show them, and who may ask to stop.
        live: Where they are written, for those who look from elsewhere.

    Attributes:
        seconds: Name of a phase to how long it took in this round.
    """

    def __init__(self, context: RunContext, live: LiveFile) -> None:
        self._context = context
        self._live = live
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(
        self, name: str, total: int, done: int = 0, *, timed: bool = True
    ) -> Iterator[Callable[..., None]]:
        """Show and time a phase; what it yields is called after every step of it.

        Args:
            name: Of the phase.
            total: Number of its steps.
            done: Steps that are done already.
            timed: Whether the phase counts the time that it takes; otherwise the caller says it with `add`.

        Raises:
            Interrupted: If asked to stop, before the phase and between its steps; those of training are saved
                first, which is up to the caller.
        """
        reporter, stop = self._context.reporter, self._context.stop
        stop.check()  # whatever the last phase made is saved
        reporter.phase(name, total, done)
        self._live.begin(name, total, done)
        started = time.monotonic()

        def advance(detail: str = "") -> None:
            reporter.advance(detail)
            self._live.advance()
            if name != "train":
                stop.check()

        yield advance
        if timed:
            self.add(name, time.monotonic() - started)

    def add(self, name: str, seconds: float) -> None:
        """Count time of a phase, in seconds, at least 0."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
