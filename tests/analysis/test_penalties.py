from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from alseg.analysis.groups import ComparisonGroup
from alseg.analysis.penalties import Matchup, penalty_matrix

LOW, HIGH = (50.0, 50.5, 51.5), (60.0, 60.6, 61.4)
"""Of three seeds: HIGH is better than LOW by 10, 10.1 and 9.9, which no chance explains."""


def group(title: str, *rounds: Mapping[str, Sequence[float]]) -> ComparisonGroup:
    """Return a group with the scores of seeds 0, 1 and so on after round 1, 2 and so on."""
    by_round = {
        number: {method: dict(enumerate(values)) for method, values in scores.items()}
        for number, scores in enumerate(rounds, 1)
    }
    return ComparisonGroup(title=title, scenario=title, scores=by_round[len(rounds)], by_round=by_round)


def test_every_round_won_adds_its_share_and_averages_leave_out_the_diagonal() -> None:
    matrix = penalty_matrix(
        [
            group(
                "easy",
                {"A": HIGH, "B": LOW, "C": LOW},
                {"A": HIGH, "B": HIGH, "C": LOW},
                {"A": HIGH, "B": LOW, "C": HIGH},
                {"A": LOW, "B": LOW, "C": LOW},
            )
        ]
    )
    assert matrix.methods == ("A", "B", "C")
    # Of 4 rounds A beats B in rounds 1 and 3 and C in 1 and 2; B beats C in 2; C beats B in 3.
    assert matrix.penalties == ((None, 0.5, 0.5), (0.0, None, 0.25), (0.0, 0.25, None))
    # Columns: nobody beats A; B is beaten 0.5 and 0.25, C the same.
    assert matrix.averages == (0.0, 0.375, 0.375)


def test_scenarios_add_up() -> None:
    won = {"A": HIGH, "B": LOW}
    matrix = penalty_matrix([group("easy", won), group("hard", won, {"A": LOW, "B": HIGH})])
    # 1 of 1 round and 1 of 2 rounds.
    assert matrix.penalties == ((None, 1.5), (0.5, None))
    assert matrix.groups == ("easy", "hard")


def test_who_wins_is_what_scipys_paired_test_says() -> None:
    generator = np.random.default_rng(0)
    names, rounds = "ABCD", 20
    shift = {"A": 0.0, "B": 0.6, "C": 1.2, "D": 3.0}
    tables = [
        {name: (generator.normal(60, 1, 5) + shift[name]).tolist() for name in names} for _ in range(rounds)
    ]
    matrix = penalty_matrix([group("easy", *tables)])
    expected = dict.fromkeys(permutations(names, 2), 0)
    for scores in tables:
        for first, second in expected:
            result = scipy_stats.ttest_rel(scores[first], scores[second])
            expected[first, second] += result.pvalue < 0.05 and result.statistic > 0
    assert 0 < expected["B", "A"] < rounds
    for (first, second), wins in expected.items():
        penalty = matrix.penalties[names.index(first)][names.index(second)]
        assert penalty == pytest.approx(wins / rounds)


def test_methods_with_one_seed_are_left_out_and_named() -> None:
    matrix = penalty_matrix([group("easy", {"A": HIGH, "B": LOW, "C": [90.0]})])
    assert matrix.methods == ("A", "B")
    assert matrix.few_seeds == {"easy": ("C",)}


def test_methods_that_a_scenario_lacks_are_left_out_and_named() -> None:
    matrix = penalty_matrix(
        [group("easy", {"A": HIGH, "B": LOW, "C": LOW}), group("hard", {"A": HIGH, "B": LOW})]
    )
    assert matrix.methods == ("A", "B")
    assert matrix.missing == {"C": ("hard",)}


def test_rounds_that_not_both_have_do_not_count_as_rounds() -> None:
    matrix = penalty_matrix([group("easy", {"A": HIGH}, {"A": HIGH, "B": LOW[:1]}, {"A": HIGH, "B": LOW})])
    assert matrix.penalties == ((None, 1.0), (0.0, None))
    assert matrix.incomplete == (Matchup(first="A", second="B", group="easy", rounds=1, of_rounds=3),)


def test_methods_without_seeds_in_common_have_never_met() -> None:
    scores = {"A": {0: 50.0, 1: 60.0}, "B": {2: 50.0, 3: 60.0}}
    matrix = penalty_matrix(
        [ComparisonGroup(title="easy", scenario="easy", scores=scores, by_round={1: scores})]
    )
    assert matrix.penalties == ((None, None), (None, None))
    assert matrix.averages == (None, None)


def test_a_difference_that_is_the_same_with_every_seed_is_no_win() -> None:
    matrix = penalty_matrix([group("easy", {"A": [61.0, 62.0], "B": [60.0, 61.0]})])
    assert matrix.penalties == ((None, 0.0), (0.0, None))


def test_with_one_seed_there_is_no_matrix() -> None:
    matrix = penalty_matrix([group("easy", {"A": [60.0], "B": [50.0]})])
    assert matrix.methods == ()
    assert matrix.unused == ("easy",)
