"""What a number of seeds can show, and how well that is known."""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy import special

from alseg.analysis.statistics import smallest_sign_flip_p


class Factors(NamedTuple):
    """How many times an estimate the truth may be: the ends of an interval."""

    low: float
    high: float


def seeds_needed(comparisons: int = 1, level: float = 0.05) -> int:
    """Return the fewest seeds with which a test without assumptions can decide.

    Args:
        comparisons: Size of the family, at least 1; every p-value is multiplied by it.
        level: What the corrected p-value must be below.

    Returns:
        The smallest number of pairs for which ``comparisons * 2^(1 - pairs)``, the smallest corrected p-value
        of the exact sign-flip test, is below the level: 6 for one comparison, 8 for four.

    Raises:
        ValueError: If there is no comparison, or the level is not between 0 and 1.
    """
    if comparisons < 1 or not 0 < level < 1:
        raise ValueError(f"{comparisons} comparisons at the level {level}.")
    pairs = 1
    while comparisons * smallest_sign_flip_p(pairs) >= level:
        pairs += 1
    return pairs


def spread_factors(pairs: int, level: float = 0.95) -> Factors:
    """Return how many times the estimated standard deviation the true one may be.

    What is proportional to the standard deviation, such as a detectable difference, is uncertain by the same
    factors.

    Args:
        pairs: Number of differences that it is estimated from, at least 2.
        level: Confidence level.

    Raises:
        ValueError: If there is only one.

    Source:
        The chi-square interval of a variance, exact for normally distributed differences.
    """
    if pairs < 2:
        raise ValueError(f"The spread of differences needs two pairs, got {pairs}.")
    freedom = pairs - 1
    tail = (1 - level) / 2
    # chdtri gives what a chi-square value exceeds with the given probability.
    return Factors(
        math.sqrt(freedom / float(special.chdtri(freedom, tail))),
        math.sqrt(freedom / float(special.chdtri(freedom, 1 - tail))),
    )
