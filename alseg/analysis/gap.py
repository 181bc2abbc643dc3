"""How much of the gap from no target labels to all of them a method closes, with an interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy import special

from alseg.analysis.statistics import Key


class Gap(NamedTuple):
    """The share of the gap that is closed, in percent.

    Attributes:
        percent: 0 for no better than the lower end, 100 for as good as the upper one; by means over the keys.
        low: Lower end of its interval; None where the interval has no bounds, and for a single key.
        high: Upper end, likewise.
        n: Number of keys, such as seeds, that all three have.
    """

    percent: float
    low: float | None
    high: float | None
    n: int


def gap_closed(
    values: Mapping[Key, float],
    lowest: Mapping[Key, float],
    highest: Mapping[Key, float],
    level: float = 0.95,
) -> Gap | None:
    """Return how much of the way from ``lowest`` to ``highest`` a method has come.

    Args:
        values: Metric of a method per key, such as a seed.
        lowest: That of training without target labels.
        highest: That of training with all target labels.
        level: Confidence level.

    Returns:
        None where the three share no key, or the highest is not above the lowest. Without bounds where the
        gap itself cannot be told from 0: any share is possible then.

    Source:
        Fieller, "Some Problems in Interval Estimation", JRSS B 1954, for paired values: the shares ``r`` for
        which a t-test does not reject that ``(value - lowest) - r * (highest - lowest)`` is 0 on average.
        Exact for normally distributed values, however few, where the mean of the ratios of single seeds
        has no bounded variance and a bootstrap of three seeds covers far too little.
    """
    keys = [key for key in values if key in lowest and key in highest]
    if not keys:
        return None
    come = np.array([values[key] - lowest[key] for key in keys])
    gap = np.array([highest[key] - lowest[key] for key in keys])
    if gap.mean() <= 0:
        return None
    percent = 100 * float(come.mean() / gap.mean())
    if len(keys) == 1:
        return Gap(percent, None, None, 1)
    low, high = _fieller(come, gap, level)
    return Gap(percent, low, high, len(keys))


def _fieller(
    above: np.ndarray[tuple[int], np.dtype[np.float64]],
    below: np.ndarray[tuple[int], np.dtype[np.float64]],
    level: float,
) -> tuple[float | None, float | None]:
    """Return the interval of a ratio of means in percent; no ends where it is not bounded."""
    n = len(above)
    scale = float(special.stdtrit(n - 1, 0.5 + level / 2)) ** 2 / n
    (variance_above, covariance), (_, variance_below) = np.cov(above, below, ddof=1)
    # Shares r with square * r^2 - 2 * linear * r + constant <= 0.
    square = float(below.mean() ** 2 - scale * variance_below)
    linear = float(above.mean() * below.mean() - scale * covariance)
    constant = float(above.mean() ** 2 - scale * variance_above)
    if square <= 0:
        return None, None
    root = math.sqrt(max(0.0, linear**2 - square * constant))
    return 100 * (linear - root) / square, 100 * (linear + root) / square
