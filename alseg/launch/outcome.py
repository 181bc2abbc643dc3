"""How runs ended, one by one and together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from alseg.config.experiment import RunSpec
from alseg.engine.recovery import find_removed
from alseg.storage.run_folder import RunFolder


class RunResult(StrEnum):
    """What became of a run in this process; all but the last two are states in ``status.json``, too."""

    DONE = "done"
    """The run is complete, since now or since an earlier call."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """The run cannot be done: the model lacks what the acquisition needs."""
    WAITING = "waiting"
    """The run has asked people and goes on when they have answered."""
    INTERRUPTED = "interrupted"
    """The run was stopped and goes on with the next call."""
    LEFT_TO_OTHER = "left to another process"
    NOT_BEGUN = "not begun"
    """The process was asked to stop before the run's turn."""


LOST_RANK = "another process of the run has ended without a word"
"""Why a run is interrupted that several processes do together."""


@dataclass(frozen=True)
class RunEnding:
    """How one run ended in this process.

    Attributes:
        spec: The run.
        folder: Its folder.
        result: What became of it.
        reason: Why it failed, was skipped or left to another process, or what it waits for; empty otherwise.
        seconds: How long it took.
    """

    spec: RunSpec
    folder: RunFolder
    result: RunResult
    reason: str = ""
    seconds: float = 0.0

    def rechecked(self) -> RunEnding:
        """Return a failure where files of a run that was done have been removed since, else the same."""
        if self.result is not RunResult.DONE:
            return self
        missing = find_removed(self.folder, self.spec)
        return self if missing is None else replace(self, result=RunResult.FAILED, reason=missing)


@dataclass(frozen=True)
class Outcome:
    """How an experiment ended.

    Attributes:
        endings: How each run ended, in the order done.
        signal: The signal that stopped it, or None.
        at_once: Whether it was stopped without saving, by a second Ctrl-C.
    """

    endings: tuple[RunEnding, ...]
    signal: int | None = None
    at_once: bool = False

    def rechecked(self) -> Outcome:
        """Return the outcome in which runs that have lost files since they were done have failed, last."""
        again = [(ending, ending.rechecked()) for ending in self.endings]
        kept = [before for before, after in again if after is before]
        lost = [after for before, after in again if after is not before]
        return replace(self, endings=(*kept, *lost))

    @property
    def done(self) -> int:
        """How many runs are complete, those of earlier calls included."""
        return len(self._of(RunResult.DONE))

    @property
    def failed(self) -> list[tuple[str, str]]:
        """Folder name and error of each run that failed."""
        return [(ending.folder.path.name, ending.reason) for ending in self._of(RunResult.FAILED)]

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """Method and reason of each run that cannot be done."""
        return [(ending.spec.method.label, ending.reason) for ending in self._of(RunResult.SKIPPED)]

    @property
    def waiting(self) -> list[tuple[str, str]]:
        """Folder name of each run that waits for people, and what it waits for."""
        return [(ending.folder.path.name, ending.reason) for ending in self._of(RunResult.WAITING)]

    @property
    def cancelled(self) -> list[str]:
        """Folder name of each run that `alseg cancel` has stopped while others went on."""
        if self.signal is not None:
            return []
        return [ending.folder.path.name for ending in self._of(RunResult.INTERRUPTED)]

    def _of(self, result: RunResult) -> list[RunEnding]:
        return [ending for ending in self.endings if ending.result is result]


_EXIT_CODES = {RunResult.FAILED: 1, RunResult.INTERRUPTED: 1, RunResult.WAITING: 3}


@dataclass(frozen=True, kw_only=True)
class UnitOutcome:
    """How a unit ended in this process.

    Attributes:
        result: What became of the run; of a shared unit ``DONE``, ``FAILED`` or ``INTERRUPTED``.
        reason: Why it failed, was skipped or waits; empty otherwise.
        signal: The signal that stopped it, or None.
    """

    result: RunResult
    reason: str = ""
    signal: int | None = None

    @property
    def exit_code(self) -> int:
        """That of ``alseg run`` for an experiment of this one run."""
        if self.signal is not None:
            return 128 + self.signal
        return _EXIT_CODES.get(self.result, 0)
