from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

from alseg.analysis.multiplicity import best_set, corrected, equivalence
from alseg.analysis.statistics import Difference, paired_difference

VALUES = {0: 51.0, 1: 53.5, 2: 55.0, 3: 52.0}
BASELINE = {0: 50.0, 1: 52.0, 2: 51.0, 3: 51.5}


def difference() -> Difference:
    found = paired_difference(VALUES, BASELINE)
    assert found is not None
    return found


def test_corrected_p_values_are_those_of_statsmodels() -> None:
    ps = [0.001, 0.01, 0.02, 0.4]
    expected = multipletests(ps, method="bonferroni")[1]
    found = [corrected(Difference(1.0, 1.0, p, 5), 4) for p in ps]
    assert [each and each.p for each in found] == pytest.approx(list(expected))


def test_a_simultaneous_interval_is_scipys_t_interval_at_the_level_of_its_share() -> None:
    differences = [VALUES[key] - BASELINE[key] for key in VALUES]
    # 3 differences share 5%.
    low, high = scipy_stats.t.interval(1 - 0.05 / 3, 3, np.mean(differences), scipy_stats.sem(differences))
    found = corrected(difference(), 3)
    assert found is not None
    assert found.half_width == pytest.approx((high - low) / 2, rel=1e-12)


def test_intervals_and_p_values_always_decide_the_same() -> None:
    generator = np.random.default_rng(0)
    for _ in range(500):
        values = dict(enumerate(generator.normal(1.5, 1, 4)))
        family = int(generator.integers(1, 9))
        alone = paired_difference(values, dict.fromkeys(values, 0.0))
        assert alone is not None
        found = corrected(alone, family)
        assert found is not None
        assert found.p is not None
        assert (found.p < 0.05) == (abs(alone.mean) > found.half_width)


def test_a_single_pair_has_no_simultaneous_interval() -> None:
    assert corrected(Difference(1.0, None, None, 1), 3) is None
    assert equivalence(Difference(1.0, None, None, 1), 1.0) is None


def test_intervals_of_a_family_hold_all_true_differences_together_as_often_as_they_say() -> None:
    # 4 methods against one baseline, 3 seeds, spreads from 0.5 to 4, 4,000 experiments.
    generator = np.random.default_rng(0)
    spread = np.array([0.5, 1, 2, 4])
    seeds = generator.normal(0, 1, (4000, 3, 4)) * spread + generator.normal(0, 1, (4000, 3, 1))
    error = seeds.std(axis=1, ddof=1) / np.sqrt(3)
    unit = corrected(Difference(0.0, float(scipy_stats.t.isf(0.025, 2)), 1.0, 3), 4)
    assert unit is not None
    together = (np.abs(seeds.mean(axis=1)) <= unit.half_width * error).all(axis=1).mean()
    # 95% or a little more; three standard errors of 4,000 draws are 1.0%.
    assert 0.94 < together < 0.985


def test_two_one_sided_tests_give_the_p_value_of_statsmodels() -> None:
    values, baseline = np.array(list(VALUES.values())), np.array(list(BASELINE.values()))
    expected, _, _ = ttost_paired(values, baseline, -4.0, 4.0)
    found = equivalence(difference(), 4.0)
    assert found is not None
    assert found.p == pytest.approx(expected, rel=1e-10)
    # The larger p-value, of the nearer end, decides in both directions.
    mirrored = paired_difference(BASELINE, VALUES)
    assert mirrored is not None
    assert equivalence(mirrored, 4.0) == pytest.approx(found)


def test_the_interval_of_equivalence_lies_inside_the_margin_exactly_where_p_is_small() -> None:
    generator = np.random.default_rng(1)
    decisions = set()
    for _ in range(500):
        values = dict(enumerate(generator.normal(0.3, 0.5, 5)))
        alone = paired_difference(values, dict.fromkeys(values, 0.0))
        assert alone is not None
        found = equivalence(alone, 1.0, family=2)
        assert found is not None
        inside = abs(alone.mean) + found.half_width < 1.0
        assert inside == (found.p < 0.05)
        decisions.add(inside)
    assert decisions == {True, False}


def test_methods_at_the_margin_are_called_equivalent_as_seldom_as_promised() -> None:
    # The true difference is the margin: every claim is wrong. 4,000 experiments of 5 seeds.
    samples = np.random.default_rng(2).normal(1.0, 0.3, (4000, 5))
    means, errors = samples.mean(axis=1), samples.std(axis=1, ddof=1) / np.sqrt(5)
    width = float(scipy_stats.t.isf(0.025, 4))
    claims = [
        (found := equivalence(Difference(float(mean), width * float(error), 0.5, 5), 1.0)) is not None
        and found.p < 0.05
        for mean, error in zip(means, errors, strict=True)
    ]
    assert np.mean(claims) == pytest.approx(0.05, abs=0.011)


def test_a_margin_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"A margin is above 0, got 0\."):
        equivalence(difference(), 0)


def by_seed(*scores: float) -> dict[int, float]:
    return dict(enumerate(scores))


def test_a_method_that_another_beats_beyond_chance_is_not_in_the_best_set() -> None:
    # The second is 10 behind with a spread of 0.1; the third 1 behind with a spread of 4.
    assert best_set([by_seed(50, 51, 52), by_seed(40, 41.1, 41.9), by_seed(53, 50, 48)]) == {0, 2}


def test_the_best_set_is_by_one_sided_paired_tests_shared_among_the_others() -> None:
    best, other = by_seed(50, 52, 51, 54), by_seed(49, 49, 50.5, 51)
    p = scipy_stats.ttest_rel(list(best.values()), list(other.values()), alternative="greater").pvalue
    third = by_seed(10, 0, 5, 20)  # far behind, but counts among the others
    for level in (1 - 2 * p * 1.01, 1 - 2 * p * 0.99):
        found = best_set([best, other, third], level)
        assert found is not None
        assert (1 in found) == (level > 1 - 2 * p)


def test_with_one_seed_or_one_method_there_is_no_best_set() -> None:
    assert best_set([by_seed(50), by_seed(40)]) is None
    assert best_set([by_seed(50, 51)]) is None
    assert best_set([]) is None


def test_differences_without_spread_leave_nobody_out() -> None:
    assert best_set([by_seed(50, 51), by_seed(40, 41)]) == {0, 1}


def test_the_best_set_holds_the_best_as_often_as_it_says() -> None:
    # 4 methods alike in truth but the first, which is a hair better; unequal spreads; 3 seeds; 2,000 draws.
    generator = np.random.default_rng(3)
    draws = generator.normal(0, 1, (2000, 4, 3)) * np.array([1, 2, 0.5, 3])[None, :, None]
    draws += generator.normal(0, 2, (2000, 1, 3))
    kept = [0 in (best_set([by_seed(*row) for row in draw]) or ()) for draw in draws]
    assert 0.94 < np.mean(kept) < 0.99


def test_the_best_set_becomes_small_with_many_seeds() -> None:
    generator = np.random.default_rng(4)
    methods = [by_seed(*generator.normal(level, 1, 30)) for level in (50, 52, 54)]
    assert best_set(methods) == {2}
