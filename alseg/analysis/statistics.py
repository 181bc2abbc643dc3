"""Statistics over few seeds: intervals are Student t intervals, never percentiles of three numbers."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np
from scipy import special

Key = TypeVar("Key", bound=Hashable)


class Interval(NamedTuple):
    """A mean and how well it is known.

    Attributes:
        mean: In the unit of the values.
        half_width: Half the width of the confidence interval, in the same unit; None for a single value.
        n: Number of values.
    """

    mean: float
    half_width: float | None
    n: int


class Difference(NamedTuple):
    """A mean paired difference and how well it is known.

    Attributes:
        mean: Values less baseline, in their unit.
        half_width: Half the width of the confidence interval, in the same unit; None for a single pair.
        p: Two-sided p-value of the paired t-test; None for a single pair, or where all differences are equal.
        n: Number of pairs.
    """

    mean: float
    half_width: float | None
    p: float | None
    n: int


def mean_interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """Return the mean of independent values with its t interval.

    Args:
        values: At least one finite value, such as the mIoU (percent) of each seed.
        level: Confidence level in (0, 1).

    Raises:
        ValueError: If there is no value, a value is not finite, or the level is outside (0, 1).

    Source:
        Student, Biometrika 1908. With 3 values a percentile bootstrap covers 75% instead of 95%.
    """
    if not 0 < level < 1:
        raise ValueError(f"A confidence level lies between 0 and 1, got {level}.")
    # A report asks for ten thousand intervals of a few values: plain floats take a fifth of NumPy's time.
    sample = _checked(values, "values")
    n = len(sample)
    if n == 1:
        return Interval(sample[0], None, 1)
    mean = math.fsum(sample) / n
    variance = math.fsum((value - mean) ** 2 for value in sample) / (n - 1)
    return Interval(mean, _t_quantile(n - 1, level) * math.sqrt(variance / n), n)


def paired_difference(
    values: Mapping[Key, float], baseline: Mapping[Key, float], level: float = 0.95
) -> Difference | None:
    """Return the mean difference between values that share a key, such as a seed.

    Args:
        values: Finite value per key.
        baseline: Finite value per key.
        level: Confidence level in (0, 1).

    Returns:
        The difference over the keys that both have, or None where they share no key.

    Raises:
        ValueError: If a value is not finite, or the level is outside (0, 1).
    """
    keys = [key for key in values if key in baseline]
    if not keys:
        return None
    differences = _finite([values[key] - baseline[key] for key in keys], "differences")
    mean, half_width, n = mean_interval(differences.tolist(), level)
    if half_width is None:
        return Difference(mean, None, None, n)
    error = _standard_error(differences)
    # Differences that agree to the last bits would give p = 0, which no two seeds can prove.
    spread = error > 1e-12 * max(abs(values[key]) + abs(baseline[key]) for key in keys)
    p = 2 * float(special.stdtr(n - 1, -abs(mean) / error)) if spread else None
    return Difference(mean, half_width, p, n)


def smallest_sign_flip_p(pairs: int) -> float:
    """Return the smallest two-sided p-value that a test without assumptions can give for some pairs.

    The exact sign-flip test counts how many of the ``2^n`` ways to swap the two methods seed by seed give a
    difference as large. Without swapping any and with swapping all are always among them. A smaller p of the
    t-test rests on its assumption that differences are normally distributed.

    Args:
        pairs: At least 1.

    Raises:
        ValueError: If there is no pair.
    """
    if pairs < 1:
        raise ValueError(f"A paired test needs a pair, got {pairs}.")
    return min(1.0, 2.0 ** (1 - pairs))


def detectable_difference(half_width: float, pairs: int, level: float = 0.95, power: float = 0.8) -> float:
    """Return the true difference that a paired t-test would have found with the given probability.

    Args:
        half_width: Half the width of the confidence interval of the difference, which holds its spread.
        pairs: Number of pairs, at least 2.
        level: Confidence level of the interval; the test is two-sided at one less it.
        power: Probability of finding the difference, in (0, 1).

    Returns:
        In the unit of ``half_width``.

    Raises:
        ValueError: If there is only one pair.

    Source:
        Cohen, "Statistical Power Analysis for the Behavioral Sciences", 1988, by the noncentral t
        distribution. The far tail of the two-sided test, below 1e-6 here, is left out.
    """
    if pairs < 2:
        raise ValueError(f"The spread of differences needs two pairs, got {pairs}.")
    freedom = pairs - 1
    quantile = float(special.stdtrit(freedom, 0.5 + level / 2))
    noncentrality = float(special.nctdtrinc(freedom, 1 - power, quantile))
    return noncentrality * half_width / quantile


def area_under_curve(costs: Sequence[float], values: Sequence[float]) -> float:
    """Return the area under a budget curve (AUBC) over the length of its cost axis: a mean height.

    Args:
        costs: Strictly increasing, in any unit, at least two.
        values: The metric at each cost.

    Returns:
        In the unit of ``values``; trapezoids between the points.

    Raises:
        ValueError: If the lengths differ, a number is not finite, or the costs do not increase.

    Source:
        Zhan et al., "A Comparative Survey: Benchmarking for Pool-based Active Learning", IJCAI 2021.
        Deviation: divided by the range of costs, so that curves with different budgets share a unit.
    """
    if len(costs) != len(values) or len(costs) < 2:
        raise ValueError(
            f"A curve needs two points or more, got {len(costs)} costs and {len(values)} values."
        )
    x = _checked(costs, "costs")
    y = _checked(values, "values")
    steps = [after - before for before, after in pairwise(x)]
    if min(steps) <= 0:
        raise ValueError(f"Costs must increase from point to point, got {list(costs)}.")
    heights = [(before + after) / 2 for before, after in pairwise(y)]
    return math.fsum(step * height for step, height in zip(steps, heights, strict=True)) / (x[-1] - x[0])


def average_ranks(values: Sequence[float]) -> list[float]:
    """Return the place of each value, 1 for the largest; equal values share the mean of their places.

    Args:
        values: At least one finite value, higher is better.

    Raises:
        ValueError: If there is no value, or one is not finite.
    """
    from scipy import stats  # takes as long to import as all the rest of a comparison

    return [float(rank) for rank in stats.rankdata(-_finite(values, "values"), method="average")]


def _standard_error(sample: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    return float(sample.std(ddof=1)) / math.sqrt(sample.size)


def _finite(values: Sequence[float], what: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(_checked(values, what), dtype=np.float64)


def _checked(values: Sequence[float], what: str) -> list[float]:
    sample = [float(value) for value in values]
    if not sample:
        raise ValueError(f"No {what}: at least one is needed.")
    if not all(map(math.isfinite, sample)):
        raise ValueError(f"All {what} must be finite, got {list(values)}.")
    return sample


@lru_cache
def _t_quantile(freedom: int, level: float) -> float:
    return float(special.stdtrit(freedom, 0.5 + level / 2))
