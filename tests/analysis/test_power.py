from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from alseg.analysis.power import seeds_needed, spread_factors


@pytest.mark.parametrize(
    ("comparisons", "seeds"),
    # 2^(1 - 5) = 0.0625 and 2^(1 - 6) = 0.031; 4 * 2^(1 - 7) = 0.0625 and 4 * 2^(1 - 8) = 0.031.
    [(1, 6), (2, 7), (4, 8), (6, 8), (7, 9)],
)
def test_the_fewest_seeds_with_which_a_sign_flip_test_can_decide(comparisons: int, seeds: int) -> None:
    assert seeds_needed(comparisons) == seeds


def test_no_comparison_needs_no_seeds_and_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"0 comparisons at the level 0\.05\."):
        seeds_needed(0)


@pytest.mark.parametrize("pairs", [2, 3, 10])
def test_the_factors_are_scipys_chi_square_interval_of_a_spread(pairs: int) -> None:
    low, high = scipy_stats.chi2.interval(0.95, pairs - 1)
    assert spread_factors(pairs) == pytest.approx((((pairs - 1) / high) ** 0.5, ((pairs - 1) / low) ** 0.5))


def test_the_factors_hold_the_true_spread_in_95_percent_of_experiments() -> None:
    spreads = np.random.default_rng(0).normal(0, 1, (20_000, 3)).std(axis=1, ddof=1)
    low, high = spread_factors(3)
    # The truth is 1. Three standard errors are 0.5%.
    assert np.mean((spreads * low <= 1) & (spreads * high >= 1)) == pytest.approx(0.95, abs=0.005)


def test_one_pair_has_no_spread() -> None:
    with pytest.raises(ValueError, match=r"The spread of differences needs two pairs, got 1\."):
        spread_factors(1)
