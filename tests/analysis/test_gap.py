from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize
from scipy import stats as scipy_stats

from alseg.analysis.gap import Gap, gap_closed


def by_seed(*scores: float) -> dict[int, float]:
    return dict(enumerate(scores))


def test_the_gap_is_a_share_of_the_way() -> None:
    # (50 - 40) / (60 - 40) and (65 - 40) / (60 - 40).
    assert gap_closed(by_seed(50), by_seed(40), by_seed(60)) == Gap(50.0, None, None, 1)
    assert gap_closed(by_seed(65), by_seed(40), by_seed(60)) == Gap(125.0, None, None, 1)


def test_there_is_no_share_where_there_is_no_gap_or_no_seed_in_common() -> None:
    assert gap_closed(by_seed(50), by_seed(60), by_seed(60)) is None
    assert gap_closed({0: 50}, {1: 40}, {2: 60}) is None


def test_the_share_is_of_means_not_the_mean_of_shares() -> None:
    # 5 of 10 and 30 of 40 points: 35 of 50, not (50% + 75%) / 2.
    found = gap_closed(by_seed(45, 70), by_seed(40, 40), by_seed(50, 80))
    assert found is not None
    assert found.percent == pytest.approx(70.0)


def test_the_ends_are_the_shares_at_which_scipys_t_test_just_rejects() -> None:
    come, gap = np.array([16.0, 22.0, 19.0, 20.0]), np.array([26.0, 27.5, 24.0, 28.0])
    found = gap_closed(by_seed(*come), by_seed(0, 0, 0, 0), by_seed(*gap))
    assert found is not None
    assert found.low is not None
    assert found.high is not None

    def excess(share: float) -> float:
        return float(scipy_stats.ttest_1samp(come - share * gap, 0).pvalue) - 0.05

    middle = come.mean() / gap.mean()
    assert found.low == pytest.approx(100 * optimize.brentq(excess, 0, middle), rel=1e-9)
    assert found.high == pytest.approx(100 * optimize.brentq(excess, middle, 3), rel=1e-9)


def test_a_gap_that_may_be_nothing_leaves_the_share_without_bounds() -> None:
    found = gap_closed(by_seed(1, 2, 3), by_seed(0, 0, 0), by_seed(9, -8, 2))
    assert found is not None
    assert (found.low, found.high) == (None, None)
    assert found.percent == pytest.approx(200.0)


@pytest.mark.parametrize("seeds", [3, 6])
def test_the_interval_holds_the_true_share_in_95_percent_of_experiments(seeds: int) -> None:
    # True means 20, 40 and 60, so that half of the gap is closed; a spread of 3 that seeds share, and 3, 2
    # and 2 of their own. Three standard errors of 2,000 experiments are 1.5%.
    generator = np.random.default_rng(seeds)
    hits = 0
    for _ in range(2000):
        shared = generator.normal(0, 3, seeds)
        low, value, high = (
            shared + generator.normal(mean, spread, seeds) for mean, spread in ((20, 3), (40, 2), (60, 2))
        )
        found = gap_closed(by_seed(*value), by_seed(*low), by_seed(*high))
        # Without bounds it holds every share.
        hits += found is not None and (
            found.low is None or found.high is None or found.low <= 50 <= found.high
        )
    assert hits / 2000 == pytest.approx(0.95, abs=0.015)
