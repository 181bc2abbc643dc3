"""The dispatcher: has the units of an experiment done by an executor, and knows which have ended.

It trains nothing. What an executor was given is in ``dispatch.json``; what became of a unit is in ``units/``
and in run folders, so that a dispatcher that was killed goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alseg.contracts import Executor, Standing, WorkUnit
from alseg.engine.reporter import Reporter
from alseg.storage.lock import exclusive
from alseg.storage.unit_files import (
    DispatchFile,
    Submission,
    UnitEnding,
    forget_ending,
    late_ending,
    read_dispatch,
    write_dispatch,
)
from alseg.system.signals import StopRequest

MOST_TRIES = 4
"""How often a unit is submitted whose process ends without a word: once, and three times again."""

GRACE_SECONDS = 120.0
"""How long units may save when they are asked to stop."""

POLL_SECONDS = 1.0


@dataclass(eq=False)
class DispatchedUnit:
    """A unit and what is known of it.

    Attributes:
        unit: The unit.
        submission: Its place in the executor; None before, and once it is gone.
        tries: How often it was submitted.
        host: Where it works or worked; empty where nobody has said so.
        ending: How it ended, for good; None before.
    """

    unit: WorkUnit
    submission: Submission | None = None
    tries: int = 0
    host: str = ""
    ending: UnitEnding | None = None


class Dispatcher:
    """Has units done, those before others first, and again where they are lost.

    Args:
        units: The units, each after those that it names in ``after``.
        executor: Has them done.
        name: What ``--on`` calls it.
        root: The experiment's results folder.
        reporter: Shows where units work, and which are lost.
        poll_seconds: Between two looks at the executor.
    """

    def __init__(
        self,
        units: Sequence[WorkUnit],
        executor: Executor,
        name: str,
        root: Path,
        reporter: Reporter,
        *,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._units = {unit.key: DispatchedUnit(unit) for unit in units}
        self._executor = executor
        self._name = name
        self._root = root
        self._reporter = reporter
        self._poll_seconds = poll_seconds

    def ended(self, stop: StopRequest) -> Iterator[DispatchedUnit]:
        """Have all units done; yield each when it has ended for good.

        Asked to stop, it cancels what works and yields what that has said; the others have no ending.

        Args:
            stop: Set when all should save and stop.

        Raises:
            WriteError: If ``dispatch.json`` cannot be written.
            KeyboardInterrupt: At a second Ctrl-C.
        """
        self._take_up()
        while any(each.ending is None for each in self._units.values()) and stop.signal is None:
            self._submit()
            yield from self._look(stopping=False)
            if stop.signal is None:
                time.sleep(self._poll_seconds)
        if stop.signal is not None:
            yield from self._cancelled()

    def kill(self) -> None:
        """End all units at once, without saving."""
        self._executor.cancel(self._ids(), 0)

    def _take_up(self) -> None:
        """Go on with units that another process has submitted, where they outlive it."""
        before = read_dispatch(self._root)
        if before is None or before.executor != self._name or not self._executor.outlives:
            return
        for key, submission in before.units.items():
            if key in self._units:
                each = self._units[key]
                each.submission, each.tries = submission, submission.tries

    def _submit(self) -> None:
        """Submit what may begin; where units outlive this process, those that must wait, too."""
        for each in self._units.values():
            if each.submission is not None or each.ending is not None:
                continue
            before = [self._units[key] for key in each.unit.after if key in self._units]
            ids = [other.submission.id for other in before if other.submission is not None]
            unready = [other for other in before if other.ending is None]
            if unready and not (self._executor.outlives and len(ids) == len(unready)):
                continue
            forget_ending(self._root, each.unit.key)
            each.tries += 1
            each.submission = Submission(id=self._executor.submit(each.unit, ids), tries=each.tries)
            self._write()

    def _look(self, *, stopping: bool) -> Iterator[DispatchedUnit]:
        """Ask where units stand; yield those that have ended for good."""
        standings = self._executor.poll(self._ids())
        for each in list(self._units.values()):
            if each.submission is None:
                continue
            standing = standings.get(each.submission.id, Standing(state="gone", reason="unknown"))
            self._show_host(each, standing)
            if standing.state != "gone":
                continue
            each.submission = None
            each.ending = self._ending(each, standing, stopping=stopping)
            self._write()
            if each.ending is not None:
                yield each

    def _ending(self, each: DispatchedUnit, standing: Standing, *, stopping: bool) -> UnitEnding | None:
        """Return how a unit that is gone has ended; None where it is to be started again, or may not be."""
        said = late_ending(self._root, each.unit.key, standing.host or each.host)
        if said is not None and (said.settled or stopping):
            return said
        if stopping:
            return None
        how = "was stopped" if said is not None else "ended without a word"
        lost = f"its process {how} ({standing.reason or 'for no known reason'})"
        if each.tries < MOST_TRIES:
            self._reporter.note(f"{each.unit.key}: {lost}; started again, {each.tries} of {MOST_TRIES - 1}")
            return None
        reason = f"{lost}, as it did {MOST_TRIES - 1} times before"
        return UnitEnding(state="failed", reason=reason, host=standing.host)

    def _show_host(self, each: DispatchedUnit, standing: Standing) -> None:
        if standing.state == "working" and standing.host != each.host:
            each.host = standing.host
            self._reporter.note(f"{each.unit.key} on {standing.host}")

    def _cancelled(self) -> Iterator[DispatchedUnit]:
        """Let what works save, and yield how it ended."""
        self._executor.cancel(self._ids(), GRACE_SECONDS)
        while self._ids():
            yield from self._look(stopping=True)
            if self._ids():
                time.sleep(min(self._poll_seconds, 0.2))

    def _ids(self) -> list[str]:
        return [each.submission.id for each in self._units.values() if each.submission is not None]

    def _write(self) -> None:
        submitted: Mapping[str, Submission] = {
            key: each.submission for key, each in self._units.items() if each.submission is not None
        }
        with exclusive(self._root / ".lock"):  # whoever has it removes half-written files
            write_dispatch(self._root, DispatchFile(executor=self._name, units=submitted))
