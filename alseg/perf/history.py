"""What benchmarks measured commit by commit, kept in one small file.

Seconds mean something on one machine only. The ratio to the plain way is taken within a turn, so that it can
be compared between commits and, with care, between machines.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alseg.errors import AlsegError
from alseg.files import read_json, write_json
from alseg.perf.result import Line, Options, Result, Spread

FORMAT: Literal[1] = 1
"""Version of the file."""

LARGEST = 2**26
"""Bytes that a history may have: a commit takes some 10,000."""

_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Range(_Record):
    """Several turns of one measurement.

    Attributes:
        median: The median.
        low: The smallest.
        high: The largest.
    """

    median: _Seconds
    low: _Seconds
    high: _Seconds


class Measured(_Record):
    """One piece of work at one commit.

    Attributes:
        benchmark: Name of the benchmark.
        setting: On what it was measured.
        work: What was done.
        seconds: What our way takes.
        ratio: How many times as long the plain way takes; None where there is none.
        peak_bytes: Most memory that our way held; None where not measured.
    """

    benchmark: str
    setting: str
    work: str
    seconds: Range
    ratio: Range | None
    peak_bytes: int | None

    @property
    def key(self) -> tuple[str, str, str]:
        """What must agree for two measurements to be of the same thing."""
        return self.benchmark, self.setting, self.work


class Machine(_Record):
    """Where a measurement was taken.

    Attributes:
        device: Name of the processor.
        cores: How many it has; None where the system does not tell.
        threads: Of torch and of our own loops.
        python: Version.
        torch: Version.
        numpy: Version.
    """

    device: str
    cores: int | None
    threads: int
    python: str
    torch: str
    numpy: str

    def __str__(self) -> str:
        """Return it in one line."""
        return (
            f"{self.device}, {self.cores} cores, {self.threads} threads; python {self.python}, "
            f"torch {self.torch}, numpy {self.numpy}"
        )


class Entry(_Record):
    """One call of the command.

    Attributes:
        date: Day, as ``2026-11-26``, in UTC.
        commit: Of the source tree; None where alseg did not run from one.
        machine: Where.
        load: Processes that wanted the processor before; None where the system does not tell.
        repeats: Turns.
        measured: All pieces of work.
    """

    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    commit: str | None
    machine: Machine
    load: float | None
    repeats: int
    measured: tuple[Measured, ...]

    @property
    def name(self) -> str:
        """The commit, or the day where there is none."""
        return self.commit or self.date


class _File(_Record):
    format: Literal[1]
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Series:
    """One piece of work over time.

    Attributes:
        work: What is done.
        points: The number of the entry, counted from 0, and what was measured; oldest first.
    """

    work: str
    points: Sequence[tuple[int, Measured]]


def entry_of(results: Sequence[Result], environment: Mapping[str, Any], options: Options) -> Entry:
    """Return what is kept of a measurement.

    Args:
        results: What was measured.
        environment: Where, as `alseg.perf.output.machine` has it.
        options: How.
    """
    machine = Machine(**{name: environment[name] for name in Machine.model_fields})
    return Entry(
        date=datetime.now(UTC).date().isoformat(),
        commit=environment["git"],
        machine=machine,
        load=environment["load_before"],
        repeats=options.repeats,
        measured=tuple(_measured(result, line) for result in results for line in result.lines),
    )


def read_history(path: Path) -> tuple[Entry, ...]:
    """Return all entries, oldest first.

    Raises:
        AlsegError: If the file is missing, damaged, of a later format, or no history.
    """
    content = read_json(path, LARGEST)
    if content.get("format") != FORMAT:
        raise AlsegError(
            f"{path} has format {content.get('format')!r}; this alseg reads {FORMAT}. Name a file that "
            "`alseg perf --record` has written, or use the alseg that wrote it."
        )
    try:
        return _File.model_validate_json(json.dumps(content)).entries
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise AlsegError(
            f"{path} is no history of `alseg perf --record`: {place}: {first['msg']}. Take the file from "
            "version control again."
        ) from error


def record(path: Path, entry: Entry) -> None:
    """Add an entry; one of the same commit, day and machine is joined with it, the newer numbers kept.

    Raises:
        AlsegError: If the file that is there is no history.
        WriteError: If it cannot be written.
    """
    earlier = read_history(path) if path.exists() else ()
    if earlier and _same_call(earlier[-1], entry):
        new = {measured.key for measured in entry.measured}
        kept = tuple(measured for measured in earlier[-1].measured if measured.key not in new)
        earlier, entry = earlier[:-1], entry.model_copy(update={"measured": (*kept, *entry.measured)})
    content = _File(format=FORMAT, entries=(*earlier, entry))
    write_json(path, content.model_dump(mode="json"))


def by_benchmark(entries: Sequence[Entry]) -> Iterator[tuple[str, str, list[Series]]]:
    """Yield each benchmark and its setting with its pieces of work, in the order of the newest entries."""
    found: dict[tuple[str, str, str], list[tuple[int, Measured]]] = {}
    for number, entry in reversed(list(enumerate(entries))):
        for measured in entry.measured:
            found.setdefault(measured.key, []).append((number, measured))
    groups: dict[tuple[str, str], list[Series]] = {}
    for (benchmark, setting, work), points in found.items():
        groups.setdefault((benchmark, setting), []).append(Series(work, points[::-1]))
    for (benchmark, setting), series in groups.items():
        yield benchmark, setting, series


def change(before: Measured, after: Measured) -> str:
    """Say whether a piece of work has become slower or faster; empty where turns overlap.

    Ratios to the plain way are compared; where there are none, seconds.
    """
    if before.ratio is not None and after.ratio is not None:
        # More times as long for the plain way is faster.
        before_range, after_range = after.ratio, before.ratio
    else:
        before_range, after_range = before.seconds, after.seconds
    if after_range.low > before_range.high:
        return "slower"
    return "faster" if after_range.high < before_range.low else ""


def _same_call(one: Entry, other: Entry) -> bool:
    return (one.commit, one.date, one.machine) == (other.commit, other.date, other.machine)


def _measured(result: Result, line: Line) -> Measured:
    return Measured(
        benchmark=result.name,
        setting=result.setting,
        work=line.work,
        seconds=_range(line.ours),
        ratio=None if line.ratio is None else _range(line.ratio),
        peak_bytes=line.peak_bytes,
    )


def _range(spread: Spread) -> Range:
    median, low, high = (float(f"{value:.4g}") for value in (spread.median, spread.low, spread.high))
    return Range(median=median, low=low, high=high)
