"""The dispatcher: has the units of an experiment done by an executor, and knows which have ended.

It trains nothing. What an executor was given is in ``dispatch.json``; what became of a unit is in ``units/``
and in run folders, so that a dispatcher that was killed goes on where it was.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from alseg.contracts import Executor, PromptExecutor, Standing, WorkUnit
from alseg.engine.reporter import Reporter
from alseg.errors import AlsegError, one_line
from alseg.files import WriteError
from alseg.launch.cancelling import units_asked_for
from alseg.storage.cancel_files import take_requests
from alseg.storage.lock import exclusive
from alseg.storage.unit_files import (
    UNITS_NAME,
    DispatchFile,
    Submission,
    UnitEnding,
    forget_ending,
    late_ending,
    read_dispatch,
    write_dispatch,
    write_ending,
)
from alseg.system.signals import StopRequest

T = TypeVar("T")

MOST_TRIES = 4
"""How often a unit is submitted whose process ends without a word: once, and three times again. Times after
which it says that it was stopped, and has saved, do not count."""

GRACE_SECONDS = 120.0
"""How long units may save when they are asked to stop."""

POLL_SECONDS = 1.0
"""Between two looks at the executor, which may wake it; after a change, looks are closer together."""

_SOONEST_SECONDS = 0.05

CANCELLED = UnitEnding(state="interrupted", reason="cancelled")
"""The end of a unit that `alseg cancel` has kept from beginning, or that said nothing."""


@dataclass(eq=False)
class DispatchedUnit:
    """A unit and what is known of it.

    Attributes:
        unit: The unit.
        submission: Its place in the executor; None before, and once it is gone.
        tries: How often it was submitted, but for times after which it had saved.
        host: Where it works or worked; empty where nobody has said so.
        ending: How it ended, for good; None before.
        cancelled: Whether `alseg cancel` wants it to stop, so that it is not started again.
    """

    unit: WorkUnit
    submission: Submission | None = None
    tries: int = 0
    host: str = ""
    ending: UnitEnding | None = None
    cancelled: bool = False


class Dispatcher:
    """Has units done, those before others first, and again where they are lost.

    Args:
        units: The units, each after those that it names in ``after``.
        executor: Has them done.
        name: What ``--on`` calls it.
        root: The experiment's results folder.
        reporter: Shows where units work, and which are lost.
        poll_seconds: Between two looks at the executor, at most.
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
        self._others: dict[str, Submission] = {}
        self._executor = executor
        self._name = name
        self._root = root
        self._reporter = reporter
        self._poll_seconds = poll_seconds
        self._wait = executor.wait if isinstance(executor, PromptExecutor) else time.sleep

    def ended(self, stop: StopRequest) -> Iterator[DispatchedUnit]:
        """Have all units done; yield each when it has ended for good.

        Asked to stop, it cancels what works and yields what that has said; the others have no ending. Where
        only the terminal was closed, units that outlive this process go on.

        Args:
            stop: Set when all should save and stop.

        Raises:
            WriteError: If ``dispatch.json`` cannot be written.
            AlsegError: If the executor fails.
            KeyboardInterrupt: At a second Ctrl-C.
        """
        self._take_up()
        changed = time.monotonic()
        while any(each.ending is None for each in self._units.values()) and stop.signal is None:
            yield from self._heed_requests(stop)
            submitted, gone = self._submit(stop), self._look(stopping=False)
            yield from _for_good(gone)
            if submitted or gone:
                changed = time.monotonic()
            if not gone and stop.signal is None:
                unchanged = time.monotonic() - changed
                longest = min(self._poll_seconds, max(unchanged / 10, _SOONEST_SECONDS))
                self._of_executor("wait", lambda seconds=longest: self._wait(seconds))  # type: ignore[misc]
        if stop.signal is None:
            return
        if self._executor.outlives and stop.signal == getattr(signal, "SIGHUP", None):
            self._reporter.note(f"units go on in '{self._name}'; the same command takes them up")
            return
        yield from self._cancelled()

    def kill(self) -> None:
        """End all units at once, without saving."""
        self._cancel(self._ids(), 0)

    def close(self) -> None:
        """Have the executor release what it holds.

        Raises:
            AlsegError: If the executor fails.
        """
        self._of_executor("close", self._executor.close)

    def _take_up(self) -> None:
        """Go on with units that another process has submitted, where they outlive it."""
        before = read_dispatch(self._root)
        if before is None or not self._executor.outlives or not same_executor(before.executor, self._name):
            return
        for key, submission in before.units.items():
            if key in self._units:
                each = self._units[key]
                each.submission, each.tries = submission, submission.tries
            else:
                self._others[key] = submission
        if self._others:
            self._reporter.note(f"beside these, units of an earlier command go on: {', '.join(self._others)}")

    def _submit(self, stop: StopRequest) -> bool:
        """Submit what may begin; where units outlive this process, those that must wait, too.

        Returns:
            Whether there was such a unit.
        """
        submitted = False
        for each in self._units.values():
            if stop.signal is not None:
                break
            if each.submission is not None or each.ending is not None:
                continue
            before = [self._units[key] for key in each.unit.after if key in self._units]
            ids = [other.submission.id for other in before if other.submission is not None]
            unready = [other for other in before if other.ending is None]
            if unready and not (self._executor.outlives and len(ids) == len(unready)):
                continue
            self._submit_one(each, ids, stop)
            submitted = True
        if submitted and not self._executor.outlives:
            self._write()
        return submitted

    def _submit_one(self, each: DispatchedUnit, after: Sequence[str], stop: StopRequest) -> None:
        """Submit a unit; one that outlives this process is written down at once, or is cancelled.

        Raises:
            WriteError: If it cannot be written down.
        """
        forget_ending(self._root, each.unit.key)
        with stop.sheltered():
            each.tries += 1
            name = self._of_executor("submit", lambda: self._executor.submit(each.unit, after))
            each.submission = Submission(id=name, tries=each.tries)
            if not self._executor.outlives:
                return
            try:
                self._write()
            except WriteError:
                self._cancel([name], GRACE_SECONDS)
                raise

    def _look(self, *, stopping: bool) -> list[DispatchedUnit]:
        """Ask where units stand; return those that are gone, for good or to be started again."""
        ids = [*self._ids(), *(each.id for each in self._others.values())]
        standings = self._of_executor("poll", lambda: self._executor.poll(ids))
        unknown = Standing(state="gone", reason="unknown")
        gone: list[DispatchedUnit] = []
        shown = False
        for each in self._units.values():
            if each.submission is None:
                continue
            standing = standings.get(each.submission.id, unknown)
            shown |= self._show_host(each, standing)
            if standing.state != "gone":
                continue
            each.submission = None
            each.ending = self._ending(each, standing, stopping=stopping or each.cancelled)
            if each.cancelled and each.ending is None:
                each.ending = CANCELLED
            gone.append(each)
        left = {
            key: other
            for key, other in self._others.items()
            if standings.get(other.id, unknown).state != "gone"
        }
        if gone or shown or len(left) < len(self._others):
            self._others = left
            self._write()
        return gone

    def _ending(self, each: DispatchedUnit, standing: Standing, *, stopping: bool) -> UnitEnding | None:
        """Return how a unit that is gone has ended; None where it is to be started again, or may not be."""
        said = late_ending(self._root, each.unit.key, standing.host or each.host)
        if said is not None and (said.settled or stopping):
            return said
        if stopping:
            return None
        how = standing.reason or "for no known reason"
        if said is not None:  # it has saved, as at a time limit: that is no loss, however often it happens
            each.tries -= 1
            stopped = f"its process was stopped and has saved ({how})"
            self._reporter.note(f"{each.unit.key}: {stopped}; started again")
            return None
        lost = f"its process ended without a word ({how})"
        if each.tries < MOST_TRIES:
            self._reporter.note(f"{each.unit.key}: {lost}; started again, {each.tries} of {MOST_TRIES - 1}")
            return None
        reason = f"{lost}, as it did {MOST_TRIES - 1} times before"
        log = self._root / UNITS_NAME / f"{each.unit.key}.log"
        if log.exists():
            reason = f"{reason}; what it printed is in {log}"
        given_up = UnitEnding(state="failed", reason=reason, host=standing.host)
        write_ending(self._root, each.unit.key, given_up)
        return given_up

    def _show_host(self, each: DispatchedUnit, standing: Standing) -> bool:
        """Say where a unit works; return whether that is news for ``dispatch.json``."""
        if standing.state != "working":
            return False
        if standing.host != each.host:
            each.host = standing.host
            self._reporter.note(f"{each.unit.key} on {standing.host}")
        if each.submission is None or each.submission.host:
            return False
        each.submission = replace(each.submission, host=standing.host or "an unknown host")
        return True

    def _heed_requests(self, stop: StopRequest) -> Iterator[DispatchedUnit]:
        """Let units save that `alseg cancel` names; yield those that need not begin any more."""
        requests = take_requests(self._root)
        going_on = [each for each in self._units.values() if each.ending is None]
        if any(not request.runs for request in requests):
            self._reporter.note("cancelled by `alseg cancel`")
            stop.signal = stop.signal or signal.SIGTERM
            return
        asked = units_asked_for(requests, [each.unit for each in going_on])
        for each in going_on:
            each.cancelled = each.cancelled or each.unit.key in asked
        found = [each for each in going_on if each.unit.key in asked]
        ids = [each.submission.id for each in found if each.submission is not None]
        if ids:
            self._cancel(ids, GRACE_SECONDS)
        for each in found:
            if each.submission is None:
                each.ending = CANCELLED
                yield each

    def _cancelled(self) -> Iterator[DispatchedUnit]:
        """Let what works save, and yield how it ended."""
        self._cancel(self._ids(), GRACE_SECONDS)
        while self._ids():
            yield from _for_good(self._look(stopping=True))
            if self._ids():
                self._of_executor("wait", lambda: self._wait(min(self._poll_seconds, 0.2)))

    def _cancel(self, ids: Sequence[str], grace: float) -> None:
        self._of_executor("cancel", lambda: self._executor.cancel(ids, grace))

    def _of_executor(self, method: str, call: Callable[[], T]) -> T:
        """Return what a method of the executor does.

        Raises:
            AlsegError: If it fails; names the executor.
        """
        try:
            return call()
        except AlsegError:
            raise
        except Exception as error:
            raise AlsegError(
                f"Executor '{self._name}' failed in {method}: {one_line(error)}. Mend what is wrong there, "
                "or name another executor, and give the same command again."
            ) from error

    def _ids(self) -> list[str]:
        return [each.submission.id for each in self._units.values() if each.submission is not None]

    def _write(self) -> None:
        """Write down what the executor has, and what must wait for what.

        Raises:
            WriteError: If that cannot be written.
        """
        going_on = {key: each for key, each in self._units.items() if each.ending is None}
        submitted = dict(self._others)
        for key, each in going_on.items():
            if each.submission is not None:
                submitted[key] = each.submission
        after = {
            key: before
            for key, each in going_on.items()
            if (before := tuple(other for other in each.unit.after if other in going_on))
            or each.submission is None
        }
        content = DispatchFile(
            executor=self._name, units=submitted, after=after, outlives=self._executor.outlives
        )
        with exclusive(self._root / ".lock"):  # whoever has it removes half-written files
            write_dispatch(self._root, content)


def _for_good(gone: Sequence[DispatchedUnit]) -> Iterator[DispatchedUnit]:
    return (each for each in gone if each.ending is not None)


def same_executor(one: str, other: str) -> bool:
    """Whether ids of one mean something to the other: addresses, such as partitions, may differ."""
    return one.partition(":")[0] == other.partition(":")[0]
