from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from alseg.testing import parts_of_pool
from alseg.toolkit.allocation import affordable, left_over, places_in_groups, quotas, weighted_round_robin


def test_quotas_follow_sizes_and_largest_remainders() -> None:
    # Shares of 4: 5/3, 4/3 and 1. The whole parts are 1 each; the largest remainder is that of the first.
    assert quotas([5, 4, 3], 4) == [2, 1, 1]


def test_quotas_of_equal_remainders_go_to_the_earlier_group() -> None:
    assert quotas([2, 2, 2], 4) == [2, 1, 1]


def test_quotas_never_exceed_the_members() -> None:
    assert quotas([1, 0, 2], 9) == [1, 0, 2]
    assert quotas([0, 0], 3) == [0, 0]
    assert quotas([], 3) == []


def test_places_count_what_comes_before_in_the_same_group() -> None:
    assert places_in_groups(torch.tensor([2, 0, 2, 2, 0])).tolist() == [0, 0, 1, 2, 1]
    assert places_in_groups(torch.zeros(0, dtype=torch.int64)).tolist() == []


def test_lists_take_turns_by_weight_until_all_are_empty() -> None:
    assert weighted_round_robin(["abc", "x", "12345"], [1, 2, 2]) == list("ax12b34c5")


def test_a_weight_of_nothing_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"weights must be at least 1, one for each of 2 lists, not \[1, 0\]"
    ):
        weighted_round_robin(["a", "b"], [1, 0])


def test_parts_are_taken_until_the_pixels_are_spent_and_no_more_is_worked_out() -> None:
    pool = parts_of_pool([[30, 10], [20]], count=2, budget=31)
    asked: list[int] = []

    def picks() -> Iterator[int]:
        for part in (0, 2, 1):
            asked.append(part)
            yield part

    # 30 pixels leave one, so that another part is wanted.
    assert affordable(picks(), pool) == [0, 2]
    assert asked == [0, 2]
    assert affordable(iter([0, 2]), pool, pixels=0) == []


def test_left_over_parts_are_those_nobody_asked_about() -> None:
    assert left_over(parts_of_pool([[1, 1], [1, 1]], count=1, bought=[0, 3])).tolist() == [1, 2]
