"""Where the units of an experiment stand: records for people who watch. No torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class UnitState(StrEnum):
    """What is known of a unit from the files of its experiment."""

    AT_WORK = "at work"
    STARTING = "starting"
    """Its process has been started and has said nothing yet."""
    SILENT = "silent"
    """It was at work, and has given no sign of life for some minutes."""
    WAITING = "waiting"
    """For another unit, or for a place where it can be done."""
    FOR_PEOPLE = "waiting for people"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"
    KILLED = "killed"
    DAMAGED = "damaged"
    NOT_BEGUN = "not begun"

    @property
    def goes_on(self) -> bool:
        """Whether somebody is doing it, or will do it without another command."""
        return self in _GOING_ON

    @property
    def has_ended(self) -> bool:
        """Whether the same `alseg run` has nothing more to do about it, or not before something changes."""
        return self in _ENDED


_GOING_ON = {UnitState.AT_WORK, UnitState.STARTING, UnitState.SILENT, UnitState.WAITING}
_ENDED = {UnitState.DONE, UnitState.FAILED, UnitState.SKIPPED, UnitState.FOR_PEOPLE}


@dataclass(frozen=True, kw_only=True)
class UnitStanding:
    """Where a run, or a unit that several runs share, stands.

    Attributes:
        key: Its key: the name of the run's folder, or ``shared-KEY``.
        state: How it goes.
        method: The method's label; empty where nobody knows it, and for shared units.
        seed: The seed; None likewise.
        host: Where it works, or where it failed; empty where nobody knows.
        pid: Number of the process there; 0 where nobody knows.
        round: The round at work; None where there is none.
        rounds: Number of the last round; None where nobody knows.
        phase: What it is at, such as ``train``; empty where nobody knows.
        done: Steps of the phase that are done.
        total: Steps of the phase.
        seconds_left: Until it is done, about; None where nobody knows.
        silent_seconds: Since its last sign of life, where it is silent.
        why: Why it failed, or what it waits for.
        log: Where more is said of a failure; None where nothing failed.
        tries: How often it was submitted; more than once where its process was lost.
    """

    key: str
    state: UnitState
    method: str = ""
    seed: int | None = None
    host: str = ""
    pid: int = 0
    round: int | None = None
    rounds: int | None = None
    phase: str = ""
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    silent_seconds: float = 0.0
    why: str = ""
    log: Path | None = None
    tries: int = 1

    @property
    def progress(self) -> str:
        """The phase in words, such as ``train 34/90``."""
        return f"{self.phase} {self.done}/{self.total}" if self.total else self.phase


@dataclass(frozen=True, kw_only=True)
class ExperimentStanding:
    """Where an experiment stands.

    Attributes:
        name: Name of its folder.
        runs: Its runs, in the order of the experiment.
        shared: Units that several runs share and that have not ended, or have failed.
        executor: Where they are done, as ``--on`` names it; empty where one process does all.
        dispatcher: The process that has them done, in words; empty where there is none.
        seconds_left: Until all is done, about; None where nobody knows.
        notes: What could not be found out.
    """

    name: str
    runs: Sequence[UnitStanding]
    shared: Sequence[UnitStanding] = ()
    executor: str = ""
    dispatcher: str = ""
    seconds_left: float | None = None
    notes: Sequence[str] = ()

    @property
    def units(self) -> list[UnitStanding]:
        """Shared units and runs."""
        return [*self.shared, *self.runs]

    def counts(self) -> Counter[UnitState]:
        """Return how many runs are in each state."""
        return Counter(run.state for run in self.runs)

    @property
    def has_ended(self) -> bool:
        """Whether all runs have."""
        return all(run.state.has_ended for run in self.runs)

    @property
    def is_quiet(self) -> bool:
        """Whether nobody is known to do anything."""
        return not self.dispatcher and not any(unit.state.goes_on for unit in self.units)
