"""Many comparisons at once: simultaneous intervals and p-values, best sets, tests of equivalence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

from alseg.analysis.statistics import Difference, Key


class Corrected(NamedTuple):
    """A difference as one of a family.

    Attributes:
        half_width: Half the width of its simultaneous interval, in points: with 95% probability, all
            intervals of the family hold their true differences.
        p: Two-sided p-value times the size of the family, at most 1: below 0.05 exactly where the interval
            does not hold 0. None where there is no spread to test with.
        family: Size of the family.
    """

    half_width: float
    p: float | None
    family: int


class Equivalence(NamedTuple):
    """What two one-sided tests say about a difference and a margin.

    Attributes:
        margin: Largest difference that does not matter, in points.
        p: The larger p-value of both tests times the size of the family, at most 1.
        half_width: Half the width of the interval that decides, in points: it lies inside the margin exactly
            where p is below 0.05.
    """

    margin: float
    p: float
    half_width: float


def corrected(difference: Difference, family: int, level: float = 0.95) -> Corrected | None:
    """Return the simultaneous interval and p-value of a difference that is one of a family.

    Args:
        difference: The difference alone.
        family: How many differences the family has, at least 1.
        level: Confidence level of all intervals together.

    Returns:
        None for a single pair, which has no interval.

    Raises:
        ValueError: If the family is empty.

    Source:
        Bonferroni, as Dunn, "Multiple Comparisons Among Means", JASA 1961: each interval has the level ``1 -
        (1 - level) / family``. Holm's procedure rejects a little more, but no interval agrees with it:
        a difference could be significant beside an interval that holds 0. A maximum over correlated t values
        (Dunnett) needs one common variance, which methods with very different seeds do not have.
    """
    if family < 1:
        raise ValueError(f"A family has one difference or more, got {family}.")
    if difference.half_width is None:
        return None
    error = difference.half_width / _quantile(difference.n - 1, (1 - level) / 2)
    half_width = error * _quantile(difference.n - 1, (1 - level) / 2 / family)
    p = None if difference.p is None else min(1.0, family * difference.p)
    return Corrected(half_width, p, family)


def equivalence(
    difference: Difference, margin: float, family: int = 1, level: float = 0.95
) -> Equivalence | None:
    """Test whether a difference is smaller than a margin in both directions.

    Args:
        difference: The difference alone.
        margin: In points, more than 0; to be chosen before the results are known.
        family: How many differences the family has, at least 1.
        level: One less the probability of a wrong claim of equivalence anywhere in the family.

    Returns:
        None for a single pair, and where there is no spread to test with.

    Raises:
        ValueError: If the margin is not above 0.

    Source:
        Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 1987: two one-sided tests (TOST), each at
        the full level, so that an interval of level ``1 - 2 * (1 - level)`` decides. A true difference cannot
        be both 0 and beyond the margin, so that testing for both costs nothing more.
    """
    if margin <= 0:
        raise ValueError(f"A margin is above 0, got {margin}.")
    if difference.half_width is None or difference.p is None:
        return None
    freedom = difference.n - 1
    error = difference.half_width / _quantile(freedom, (1 - level) / 2)
    larger = float(special.stdtr(freedom, (abs(difference.mean) - margin) / error))
    half_width = error * _quantile(freedom, (1 - level) / family)
    return Equivalence(margin, min(1.0, family * larger), half_width)


def best_set(values: Sequence[Mapping[Key, float]], level: float = 0.95) -> frozenset[int] | None:
    """Return which of several methods may be the best: a set that holds the best with the given probability.

    A method is left out if any other is better by a paired one-sided t-test, at a level that is divided by
    the number of others. The true best is left out with a probability of ``1 - level`` at most.

    Args:
        values: Per method a finite value for each key, such as a seed; higher is better. Keys that not all
            methods have are left out.
        level: Probability that the set holds the best.

    Returns:
        Places in ``values``; None with fewer than two methods or two shared keys, where nothing can be told.

    Source:
        Hsu, "Simultaneous Confidence Intervals for all Distances from the 'Best'", Annals of Statistics 1981
        (multiple comparisons with the best): the set of methods whose interval of the difference to the best
        of the others holds 0 or more. Deviation: paired differences with a variance of their own and
        Bonferroni's correction in place of one common variance and Dunnett's quantile, which is valid where
        seeds make methods vary together and unequally.
    """
    keys = sorted(set.intersection(*(set(each) for each in values)), key=str) if values else []
    if len(values) < 2 or len(keys) < 2:
        return None
    table = np.array([[each[key] for key in keys] for each in values])
    ahead = table[None, :, :] - table[:, None, :]  # [i, j]: how far j is ahead of i, per key
    error = ahead.std(axis=2, ddof=1) / np.sqrt(len(keys))
    limit = _quantile(len(keys) - 1, (1 - level) / (len(values) - 1))
    # Differences that agree to the last bits show no spread, and prove nothing.
    spread = error > 1e-12 * np.abs(table).max()
    beaten = spread & (ahead.mean(axis=2) > limit * error)
    return frozenset(np.flatnonzero(~beaten.any(axis=1)).tolist())


def _quantile(freedom: int, tail: float) -> float:
    """Return what a t value exceeds with the probability ``tail``."""
    return -float(special.stdtrit(freedom, tail))
