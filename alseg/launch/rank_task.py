"""What the processes that do runs together are told to do, and what the first of them says of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from alseg.errors import DamageError
from alseg.files import read_json, write_json
from alseg.launch.outcome import RunEnding, RunResult

_REPORT_NAME = "report.json"


@dataclass(frozen=True, kw_only=True)
class RankTask:
    """What is to be done.

    Attributes:
        experiment: Absolute path of ``experiment.yaml`` in the results folder.
        runs: Names of run folders, in order.
        shared: Whether to do what these runs share, and no run.
        accept_drift: Whether to go on with runs that were begun with other versions or code.
        folder: Of the group of processes, which is removed when they have ended.
        before: How many runs of the same command were done before.
        quiet: Whether to show nothing.
    """

    experiment: str
    runs: tuple[str, ...]
    shared: bool
    accept_drift: bool
    folder: str
    before: int = 0
    quiet: bool = False

    def line(self) -> bytes:
        """Return the task as one line."""
        return f"{json.dumps(asdict(self))}\n".encode()

    @classmethod
    def of_line(cls, line: bytes) -> RankTask:
        """Return the task of a line."""
        content = json.loads(line)
        return cls(**{**content, "runs": tuple(content["runs"])})


@dataclass(frozen=True, kw_only=True)
class ToldEnding:
    """How a run ended, or what runs share.

    Attributes:
        name: Of the run's folder; of what runs share, anything.
        result: What became of it.
        reason: As `alseg.launch.outcome.RunEnding` has it.
        seconds: How long it took.
    """

    name: str
    result: RunResult
    reason: str = ""
    seconds: float = 0.0

    @classmethod
    def of(cls, ending: RunEnding) -> ToldEnding:
        """Return what there is to say of an ending."""
        return cls(
            name=ending.folder.path.name,
            result=ending.result,
            reason=ending.reason,
            seconds=ending.seconds,
        )


@dataclass(frozen=True, kw_only=True)
class RankReport:
    """What the first process says, after each run.

    Attributes:
        endings: How runs ended, in the order done.
        at_work: Name of the run that is under way; None for none.
        signal: The signal that stopped it, or None.
        error: What ended it before it could do all; None for nothing.
    """

    endings: Sequence[ToldEnding] = ()
    at_work: str | None = None
    signal: int | None = None
    error: str | None = None

    def write(self, folder: Path) -> None:
        """Say it.

        Args:
            folder: Of the group.

        Raises:
            WriteError: If it cannot be written.
        """
        write_json(folder / _REPORT_NAME, asdict(self))

    @classmethod
    def read(cls, folder: Path) -> RankReport:
        """Return what was said last; nothing if nothing was."""
        try:
            content = read_json(folder / _REPORT_NAME)
        except DamageError:
            return cls()
        endings = tuple(
            ToldEnding(**{**each, "result": RunResult(each["result"])}) for each in content["endings"]
        )
        return cls(**{**content, "endings": endings})
