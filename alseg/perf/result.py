"""What a benchmark measures, as records."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from alseg.contracts import Size
from alseg.registry.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to measure.

    Attributes:
        registry: Where data sets, networks and methods are looked up.
        size: Height and width of label maps in pixels.
        threads: Threads of torch and of our own loops.
        repeats: Turns; each runs every side once.
        device: Where tensors lie: ``cpu`` or ``cuda``.
        quick: Whether to measure so little that numbers say nothing, to see that all works.
        on_step: Called with what is measured next.
        on_line: Called with what has been measured, line by line, so that it is known although the rest of
            the table is never reached.
    """

    registry: Registry
    size: Size
    threads: int
    repeats: int
    device: str = "cpu"
    quick: bool = False
    on_step: Callable[[str], None] = lambda _: None
    on_line: Callable[[Line], None] = lambda _: None

    def told(self, line: Line) -> Line:
        """Tell of a line that has been measured, and return it."""
        self.on_line(line)
        return line


@dataclass(frozen=True)
class Spread:
    """Several measurements of one thing.

    Attributes:
        values: In the order measured; at least one.
    """

    values: Sequence[float]

    @property
    def median(self) -> float:
        """The median."""
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """The smallest."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The largest."""
        return max(self.values)

    def scaled(self, factor: float) -> Spread:
        """Return all values times a factor."""
        return Spread([factor * value for value in self.values])

    def plus(self, other: Spread) -> Spread:
        """Return the sum of each turn and the same turn of another."""
        return Spread([one + two for one, two in zip(self.values, other.values, strict=True)])

    def over(self, other: Spread) -> Spread:
        """Return the ratio of each turn to the same turn of another."""
        return Spread([one / two for one, two in zip(self.values, other.values, strict=True)])

    def as_json(self) -> dict[str, Any]:
        """Return median, extremes and all values."""
        return {"median": self.median, "low": self.low, "high": self.high, "values": list(self.values)}


@dataclass(frozen=True, kw_only=True)
class PoolCost:
    """What an acquisition does once for a whole pool.

    Attributes:
        images: Of the pool that was ranked.
        fewer: By what the picks of a round were divided, so that memory could be measured in a short time.
        seconds: To rank it for a round's picks, or to prepare its statistics; from what smaller pools took
            where ``fewer`` is more than 1.
        observed_bytes: Bytes of the observations of the whole pool, and of the source where it is observed.
        peak_bytes: Most resident memory for filling the pool and ranking it beyond what was there before,
            parts of files that are mapped included; None where not measured.
        by_images: Exponent with which the time rises with the number of images.
        by_regions: The same with the number of regions of an image; None where parts are whole images.
    """

    images: int
    fewer: int
    seconds: float
    observed_bytes: int
    peak_bytes: int | None
    by_images: float
    by_regions: float | None


@dataclass(frozen=True, kw_only=True)
class Line:
    """One piece of work, done both ways.

    Attributes:
        work: What is done.
        ours: Seconds our way takes.
        plain: Seconds the plain way takes, or None where there is none.
        ratio: The plain way's seconds in units of ours, turn by turn.
        units: Our seconds in units of one softmax over the classes of the same logits, turn by turn.
        forwards: Our seconds in units of the forward pass of a small network, turn by turn.
        peak_bytes: Most memory that our way held beyond what was there before; None where not measured.
        plain_peak_bytes: The same of the plain way.
        faults: Pages of memory that our way made the system hand out (minor page faults), each turn; None
            where not measured.
        plain_faults: The same of the plain way.
        pool: What is done once for a whole pool; its share is part of ``ours``.
        notes: What else there is to know, such as how the plain side was scaled.
    """

    work: str
    ours: Spread
    plain: Spread | None = None
    ratio: Spread | None = None
    units: Spread | None = None
    forwards: Spread | None = None
    peak_bytes: int | None = None
    plain_peak_bytes: int | None = None
    faults: Spread | None = None
    plain_faults: Spread | None = None
    pool: PoolCost | None = None
    notes: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """Return everything, seconds and bytes in names."""
        spreads = {
            "ours_seconds": self.ours,
            "plain_seconds": self.plain,
            "ratio": self.ratio,
            "softmax_units": self.units,
            "forward_units": self.forwards,
            "faults": self.faults,
            "plain_faults": self.plain_faults,
        }
        return {
            "work": self.work,
            **{name: None if spread is None else spread.as_json() for name, spread in spreads.items()},
            "peak_bytes": self.peak_bytes,
            "plain_peak_bytes": self.plain_peak_bytes,
            "pool": None if self.pool is None else asdict(self.pool),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one benchmark measured.

    Attributes:
        name: Of the benchmark.
        setting: On what it was measured: sizes, formats, networks.
        lines: The pieces of work.
        facts: Numbers that are no times, such as bytes: what to how much, with unit.
    """

    name: str
    setting: str
    lines: Sequence[Line]
    facts: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return everything."""
        return {
            "name": self.name,
            "setting": self.setting,
            "lines": [line.as_json() for line in self.lines],
            "facts": dict(self.facts),
        }
