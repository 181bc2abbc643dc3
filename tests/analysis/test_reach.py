from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize
from scipy import stats as scipy_stats

from alseg.analysis.reach import Reach, cost_to_reach

COSTS = (0.0, 1.0, 2.0)


def test_the_cost_is_on_the_straight_line_between_rounds() -> None:
    # 95% of 60 is 57; from 50 at 1 to 60 at 2 that is 0.7 of the way.
    found = cost_to_reach({0: (COSTS, (20.0, 50.0, 60.0))}, {0: 60.0}, 0.95)
    assert found == Reach(pytest.approx(1.7), None, None, 2.0, 1)


def test_a_method_that_does_not_get_there_has_not_reached_it_and_an_interval_open_above() -> None:
    curves = {seed: (COSTS, (20.0, 40.0, height)) for seed, height in enumerate((54.0, 55.0, 58.0))}
    found = cost_to_reach(curves, {0: 60.0, 1: 60.0, 2: 60.0}, 0.95)
    assert found is not None
    # 55.7 on average, 57 wanted: not reached, but it cannot be ruled out that it would have been by then.
    assert found.cost is None
    assert found.low is not None
    assert 1.5 < found.low < 2
    assert (found.high, found.limit, found.n) == (None, 2.0, 3)


def test_a_method_that_clearly_stays_below_has_no_interval_within_its_budget() -> None:
    curves = {seed: (COSTS, (20.0, 30.0, 40.0 + seed)) for seed in range(3)}
    assert cost_to_reach(curves, dict.fromkeys(range(3), 60.0), 0.95) == Reach(None, None, None, 2.0, 3)


def test_the_ends_are_the_costs_at_which_scipys_t_test_just_rejects() -> None:
    heights = np.array([(20.0, 50.0, 62.0), (21.0, 52.0, 60.0), (19.0, 49.0, 63.0), (20.0, 53.0, 62.0)])
    full = dict(enumerate((60.0, 61.0, 59.0, 60.0)))
    found = cost_to_reach({seed: (COSTS, tuple(row)) for seed, row in enumerate(heights)}, full, 0.95)
    assert found is not None
    assert found.cost is not None

    def excess(cost: float) -> float:
        ahead = [np.interp(cost, COSTS, row) - 0.95 * full[seed] for seed, row in enumerate(heights)]
        return float(scipy_stats.ttest_1samp(ahead, 0).pvalue) - 0.05

    assert found.low == pytest.approx(optimize.brentq(excess, 1.0, found.cost), abs=0.005)
    assert found.high == pytest.approx(optimize.brentq(excess, found.cost, 2.0), abs=0.005)


def test_the_interval_holds_the_cost_of_the_true_crossing_in_95_percent_of_experiments() -> None:
    # True curve 20, 50, 65; full supervision 60: 57 is reached at 1 + 7 / 15. Three seeds, 1,000 experiments.
    generator = np.random.default_rng(0)
    hits = 0
    for _ in range(1000):
        shared = generator.normal(0, 2, 3)
        curves = {
            seed: (COSTS, tuple(np.array([20, 50, 65]) + shared[seed] + generator.normal(0, 1.5, 3)))
            for seed in range(3)
        }
        full = {seed: float(60 + shared[seed] + generator.normal(0, 1)) for seed in range(3)}
        found = cost_to_reach(curves, full, 0.95)
        assert found is not None
        low = found.limit if found.low is None else found.low
        high = np.inf if found.high is None else found.high
        hits += low <= 1 + 7 / 15 <= high
    # Three standard errors are 2.1%.
    assert hits / 1000 == pytest.approx(0.955, abs=0.022)


def test_without_a_shared_seed_or_a_curve_there_is_nothing_to_reach() -> None:
    assert cost_to_reach({0: (COSTS, (1.0, 2.0, 3.0))}, {1: 60.0}, 0.95) is None
    assert cost_to_reach({0: ((0.0,), (1.0,))}, {0: 60.0}, 0.95) is None
    with pytest.raises(ValueError, match=r"A share of full supervision is above 0, got 0\."):
        cost_to_reach({0: (COSTS, (1.0, 2.0, 3.0))}, {0: 60.0}, 0)
