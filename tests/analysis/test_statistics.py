from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate
from scipy import stats as scipy_stats

from alseg.analysis.statistics import (
    area_under_curve,
    average_ranks,
    detectable_difference,
    mean_interval,
    paired_difference,
    smallest_sign_flip_p,
)


def test_the_interval_of_three_values_uses_two_degrees_of_freedom() -> None:
    interval = mean_interval([1.0, 2.0, 3.0])
    # The standard error is 1 / sqrt(3); t(0.975, 2) = 4.302653.
    assert interval.mean == 2.0
    assert interval.half_width == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert interval.n == 3


def test_a_single_value_has_no_interval() -> None:
    assert mean_interval([61.5]) == (61.5, None, 1)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
def test_the_interval_is_that_of_scipy(level: float) -> None:
    values = [60.1, 61.7, 59.9, 63.0, 60.6]
    low, high = scipy_stats.t.interval(level, 4, np.mean(values), scipy_stats.sem(values))
    mean, half_width, _ = mean_interval(values, level)
    assert half_width is not None
    assert (mean - half_width, mean + half_width) == pytest.approx((low, high), rel=1e-12)


@pytest.mark.parametrize("n", [3, 5])
def test_95_percent_intervals_cover_the_truth_in_95_percent_of_small_samples(n: int) -> None:
    # 4000 experiments: the share has a standard error of sqrt(0.95 * 0.05 / 4000) = 0.0034.
    samples = np.random.default_rng(0).normal(60, 2, (4000, n))
    covered = 0
    for sample in samples:
        mean, half_width, _ = mean_interval(sample.tolist())
        assert half_width is not None
        covered += abs(mean - 60) <= half_width
    assert 0.93 <= covered / 4000 <= 0.97


@pytest.mark.parametrize("n", [3, 5])
def test_the_paired_test_rejects_a_true_null_in_5_percent_of_small_samples(n: int) -> None:
    samples = np.random.default_rng(1).normal(60, 2, (4000, 2, n))
    rejected = 0
    for ours, theirs in samples:
        difference = paired_difference(dict(enumerate(ours.tolist())), dict(enumerate(theirs.tolist())))
        assert difference is not None
        assert difference.p is not None
        rejected += difference.p < 0.05
    assert 0.03 <= rejected / 4000 <= 0.07


def test_the_paired_difference_is_that_of_scipy() -> None:
    ours = {0: 62.0, 1: 64.5, 2: 61.0, 3: 66.0}
    random = {0: 60.0, 1: 61.5, 2: 60.5, 3: 62.0}
    expected = scipy_stats.ttest_rel(list(ours.values()), list(random.values()))
    low, high = expected.confidence_interval(0.95)
    difference = paired_difference(ours, random)
    assert difference is not None
    assert difference.half_width is not None
    assert difference.n == 4
    # 2, 3, 0.5 and 4.
    assert difference.mean == 2.375
    assert difference.p == pytest.approx(expected.pvalue, rel=1e-12)
    assert difference.half_width == pytest.approx((high - low) / 2, rel=1e-12)


def test_only_keys_that_both_have_are_paired() -> None:
    difference = paired_difference({0: 5.0, 1: 7.0, 2: 100.0}, {1: 4.0, 0: 4.0, 3: -100.0})
    # Seeds 0 and 1: differences 1 and 3.
    assert difference is not None
    assert (difference.mean, difference.n) == (2.0, 2)


def test_without_a_shared_key_there_is_no_difference() -> None:
    assert paired_difference({0: 1.0}, {1: 1.0}) is None


def test_a_single_pair_has_neither_interval_nor_p() -> None:
    assert paired_difference({0: 3.0}, {0: 1.0}) == (2.0, None, None, 1)


def test_equal_differences_have_no_p_even_where_rounding_makes_them_differ() -> None:
    # 50.1 - 50 and 60.1 - 60 differ in the last bits only.
    difference = paired_difference({0: 50.1, 1: 60.1}, {0: 50.0, 1: 60.0})
    assert difference is not None
    assert difference.mean == pytest.approx(0.1)
    assert difference.p is None


def test_the_largest_value_has_rank_1_and_equal_values_share_the_mean_of_their_ranks() -> None:
    # 60 comes first, the two 50 share places 2 and 3, the three 10 share places 4, 5 and 6.
    assert average_ranks([50, 10, 60, 10, 50, 10]) == [2.5, 5.0, 1.0, 5.0, 2.5, 5.0]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_ranks_are_one_more_than_what_is_larger_and_half_of_what_is_equal(values: list[int]) -> None:
    expected = [
        1 + sum(other > value for other in values) + (values.count(value) - 1) / 2 for value in values
    ]
    assert average_ranks(values) == expected


def test_the_area_under_a_constant_curve_is_its_height() -> None:
    assert area_under_curve([0.5, 1.0, 7.0], [60.0, 60.0, 60.0]) == pytest.approx(60.0)


def test_the_area_is_that_of_scipy_over_the_range() -> None:
    costs = [0.0, 0.44, 0.88, 1.32, 2.2]
    values = [36.6, 55.0, 61.0, 64.0, 66.0]
    expected = integrate.trapezoid(values, costs) / 2.2
    assert area_under_curve(costs, values) == pytest.approx(expected, rel=1e-12)


def test_the_area_does_not_depend_on_the_unit_of_cost() -> None:
    values = [36.6, 55.0, 66.0]
    assert area_under_curve([0, 10, 30], values) == pytest.approx(area_under_curve([0, 1000, 3000], values))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_interval([]), "No values: at least one is needed."),
        (lambda: mean_interval([1.0, math.nan]), "All values must be finite, got [1.0, nan]."),
        (lambda: mean_interval([1.0], level=1.0), "A confidence level lies between 0 and 1, got 1.0."),
        (lambda: area_under_curve([1], [1]), "A curve needs two points or more, got 1 costs and 1 values."),
        (lambda: area_under_curve([1, 1], [1, 2]), "Costs must increase from point to point, got [1, 1]."),
    ],
)
def test_a_callers_bug_is_a_value_error_that_names_the_value(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize("pairs", [2, 3, 5])
def test_the_smallest_sign_flip_p_is_that_of_scipys_exact_test(pairs: int) -> None:
    differences = np.arange(
        1.0, pairs + 1
    )  # all of one sign: no other assignment is as extreme but the mirrored
    result = scipy_stats.permutation_test(
        (differences, np.zeros(pairs)),
        lambda a, b: np.mean(a - b),
        permutation_type="samples",
        n_resamples=np.inf,
    )
    assert smallest_sign_flip_p(pairs) == pytest.approx(result.pvalue)


def test_without_pairs_there_is_no_smallest_p() -> None:
    with pytest.raises(ValueError, match=r"A paired test needs a pair, got 0\."):
        smallest_sign_flip_p(0)


@pytest.mark.parametrize("pairs", [3, 5, 10])
def test_the_detectable_difference_is_found_with_80_percent_probability(pairs: int) -> None:
    quantile = scipy_stats.t.ppf(0.975, pairs - 1)
    half_width = quantile * 2 / math.sqrt(pairs)  # differences with a standard deviation of 2
    noncentrality = detectable_difference(half_width, pairs) / (2 / math.sqrt(pairs))
    assert scipy_stats.nct.sf(quantile, pairs - 1, noncentrality) == pytest.approx(0.8, abs=1e-6)


def test_one_pair_says_nothing_about_what_could_be_found() -> None:
    with pytest.raises(ValueError, match=r"The spread of differences needs two pairs, got 1\."):
        detectable_difference(1.0, 1)
