from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from scipy import stats as scipy_stats

from alseg.analysis.groups import ComparisonGroup
from alseg.analysis.ranks import RankedMethod, Ranking, mean_ranks


def group(
    scenario: str,
    scores: Mapping[str, Sequence[float]],
    differences: Mapping[str, float] | None = None,
    title: str | None = None,
) -> ComparisonGroup:
    """Return a group with the scores of seeds 0, 1 and so on."""
    return ComparisonGroup(
        title=title or scenario,
        scenario=scenario,
        scores={method: dict(enumerate(values)) for method, values in scores.items()},
        differences=differences or {},
    )


def place(ranking: Ranking, method: str) -> RankedMethod:
    return next(each for each in ranking.methods if each.method == method)


def test_ranks_are_averaged_over_seeds_then_over_scenarios() -> None:
    ranking = mean_ranks(
        [
            # A is first and second: 1.5. B is second and first: 1.5. C is always last.
            group("easy", {"A": [50, 50], "B": [40, 60], "C": [10, 10]}),
            # A is first, B third, C second, with one seed: this scenario counts as much as the other.
            group("hard", {"A": [30], "B": [10], "C": [20]}),
        ]
    )
    assert ranking.over == "scenarios"
    assert [each.method for each in ranking.methods] == ["A", "B", "C"]
    assert [each.rank.mean for each in ranking.methods] == [1.25, 2.25, 2.5]
    assert place(ranking, "B").by_scenario == {"easy": 1.5, "hard": 3.0}
    assert ranking.seeds == {"easy": (0, 1), "hard": (0,)}


def test_the_interval_of_a_mean_rank_is_scipys_t_interval_over_scenarios() -> None:
    # A is first, first, second and first of two.
    orders = [(2, 1), (2, 1), (1, 2), (2, 1)]
    ranking = mean_ranks([group(f"s{n}", {"A": [a], "B": [b]}) for n, (a, b) in enumerate(orders)])
    low, high = scipy_stats.t.interval(0.95, 3, 1.25, scipy_stats.sem([1, 1, 2, 1]))
    rank = place(ranking, "A").rank
    assert rank.half_width is not None
    assert (rank.mean - rank.half_width, rank.mean + rank.half_width) == pytest.approx((low, high), rel=1e-12)
    assert rank.n == 4


def test_equal_scores_share_the_mean_of_their_ranks() -> None:
    ranking = mean_ranks([group("easy", {"A": [5], "B": [7], "C": [5], "D": [1]})])
    # B is first; A and C share the second and third place.
    assert {each.method: each.rank.mean for each in ranking.methods} == {"B": 1, "A": 2.5, "C": 2.5, "D": 4}


def test_with_one_scenario_ranks_are_averaged_over_its_seeds() -> None:
    ranking = mean_ranks([group("easy", {"A": [50, 50, 50], "B": [40, 60, 40]})])
    low, high = scipy_stats.t.interval(0.95, 2, 4 / 3, scipy_stats.sem([1, 2, 1]))
    assert ranking.over == "seeds"
    rank = place(ranking, "A").rank
    assert rank == (pytest.approx(4 / 3), pytest.approx((high - low) / 2), 3)


def test_one_seed_of_one_scenario_has_no_interval() -> None:
    assert place(mean_ranks([group("easy", {"A": [2], "B": [1]})]), "A").rank == (1.0, None, 1)


def test_methods_that_a_scenario_lacks_are_not_ranked_and_named() -> None:
    ranking = mean_ranks(
        [
            group("easy", {"A": [50], "B": [40], "C": [60]}),
            group("hard", {"A": [50], "B": [40], "D": [60]}),
        ]
    )
    # C and D, which would be first, take no place away.
    assert [(each.method, each.rank.mean) for each in ranking.methods] == [("A", 1), ("B", 2)]
    assert ranking.missing == {"C": ("hard",), "D": ("easy",)}


def test_only_seeds_that_all_ranked_methods_have_are_ranked() -> None:
    scores = {"A": {0: 50.0, 1: 50.0}, "B": {1: 60.0, 2: 0.0}}
    ranking = mean_ranks([ComparisonGroup(title="easy", scenario="easy", scores=scores)])
    assert ranking.seeds == {"easy": (1,)}
    assert place(ranking, "B").rank.mean == 1


def test_a_scenario_with_one_method_keeps_no_other_scenario_from_being_ranked() -> None:
    ranking = mean_ranks([group("easy", {"A": [2], "B": [1]}), group("hard", {"A": [2]})])
    assert [each.method for each in ranking.methods] == ["A", "B"]
    assert ranking.unused == ("hard",)


def test_without_two_methods_in_common_nothing_is_ranked() -> None:
    ranking = mean_ranks([group("easy", {"A": [2], "B": [1]}), group("hard", {"C": [2], "D": [1]})])
    assert ranking.methods == ()
    assert ranking.unused == ("easy", "hard")


def test_conditions_of_one_scenario_are_averaged_before_scenarios_are() -> None:
    first = {"A": [2.0], "B": [1.0]}
    second = {"A": [1.0], "B": [2.0]}
    ranking = mean_ranks(
        [
            group("easy", first, title="easy [one]"),
            group("easy", second, title="easy [two]"),
            group("hard", first),
        ]
    )
    # A: (1 + 2) / 2 and 1, each scenario once.
    assert place(ranking, "A").by_scenario == {"easy": 1.5, "hard": 1.0}
    assert place(ranking, "A").rank.mean == 1.25


def test_differences_are_averaged_over_scenarios_and_tested_like_scipys_paired_test() -> None:
    scores = {"Random": [1.0], "A": [2.0], "B": [3.0]}
    found = {"A": [1.0, 2.0, 4.0], "B": [3.0, 3.5, 5.0]}
    ranking = mean_ranks(
        [group(f"s{n}", scores, {method: values[n] for method, values in found.items()}) for n in range(3)]
    )
    ps = {method: float(scipy_stats.ttest_rel(values, [0, 0, 0]).pvalue) for method, values in found.items()}
    for method, values in found.items():
        difference = place(ranking, method).difference
        assert difference is not None
        assert (difference.mean, difference.n) == (pytest.approx(sum(values) / 3), 3)
        assert difference.p == pytest.approx(ps[method], rel=1e-12)
    # Two differences: Bonferroni doubles both.
    for method in "AB":
        corrected = place(ranking, method).corrected
        assert corrected is not None
        assert corrected.p == pytest.approx(2 * ps[method])
    assert place(ranking, "Random").difference is None


def test_a_difference_that_one_scenario_lacks_is_not_averaged() -> None:
    scores = {"Random": [1.0], "A": [2.0]}
    ranking = mean_ranks([group("easy", scores, {"A": 1.0}), group("hard", scores)])
    assert place(ranking, "A").difference is None
