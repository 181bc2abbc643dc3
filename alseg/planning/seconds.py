"""Seconds that are known within bounds, and as text."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import NamedTuple

_UNITS = ((48 * 3600.0, 24 * 3600.0, "days"), (7200.0, 3600.0, "h"), (120.0, 60.0, "min"), (0.0, 1.0, "s"))
"""From how many seconds on, seconds of one, and its name."""


class Seconds(NamedTuple):
    """A time of which only the bounds may be known.

    Attributes:
        low: The shortest.
        mid: The likeliest.
        high: The longest.
    """

    low: float
    mid: float
    high: float

    @classmethod
    def exactly(cls, seconds: float) -> Seconds:
        """Return a time without doubt."""
        return cls(seconds, seconds, seconds)

    @classmethod
    def seen(cls, times: Sequence[float]) -> Seconds:
        """Return the shortest, the median and the longest of times that were measured, one at least."""
        return cls(min(times), statistics.median(times), max(times))

    def plus(self, other: Seconds) -> Seconds:
        """Return this time and another one, both long or both short."""
        return Seconds(*(mine + yours for mine, yours in zip(self, other, strict=True)))

    def times(self, factor: float) -> Seconds:
        """Return this time so many times."""
        return Seconds(*(factor * each for each in self))

    @property
    def text(self) -> str:
        """The time in words, such as ``31.2 h``, or ``28 to 35 h`` where the bounds differ."""
        return span_text(self.low, self.high)


def span_text(low: float, high: float) -> str:
    """Return a time in words; of bounds that differ, no more digits than they have in common, and one."""
    _, seconds, unit = next(each for each in _UNITS if high >= each[0])
    first, last = low / seconds, high / seconds
    if high - low <= 0.005 * high:
        return f"{_rounded(last, 3)} {unit}"
    shown = _rounded(first, 2), _rounded(last, 2)
    return f"{shown[0]} to {shown[1]} {unit}" if shown[0] != shown[1] else f"{shown[0]} {unit}"


def number_text(low: float, high: float) -> str:
    """Return a number, or two bounds, likewise."""
    if high - low <= 0.005 * high:
        return _rounded(high, 3)
    first, last = _rounded(low, 2), _rounded(high, 2)
    return f"{first} to {last}" if first != last else first


def _rounded(value: float, digits: int) -> str:
    """Return a number with so many digits that count, never in powers of ten."""
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:,.0f}" if rounded >= 10 ** (digits - 1) else f"{rounded:g}"
