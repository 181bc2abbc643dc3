from __future__ import annotations

from math import log

import torch

from alseg.toolkit.merging import jensen_shannon, merge_adjacent, merge_alike, region_edges

SURE, OTHER = [0.9, 0.1], [0.1, 0.9]
CHAIN = torch.tensor([[0, 1], [1, 2], [2, 3]])


def test_the_divergence_of_equals_is_zero_and_of_opposites_log_two() -> None:
    ends = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    expected = torch.tensor([0.0, log(2)], dtype=torch.float64)
    torch.testing.assert_close(jensen_shannon(ends[0], ends), expected)


def test_the_divergence_is_entropy_of_the_mean_less_mean_entropy() -> None:
    found = jensen_shannon(torch.tensor([2.0, 2.0]), torch.tensor([1.0, 0.0]))
    # The first is scaled to (1/2, 1/2), so that the mean is (3/4, 1/4).
    expected = -0.75 * log(0.75) - 0.25 * log(0.25) - log(2) / 2
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))


def test_edges_are_sides_and_not_corners() -> None:
    assert region_edges(torch.tensor([[0, 0, 2], [1, 1, 3]])).tolist() == [[0, 1], [0, 2], [1, 3], [2, 3]]
    assert region_edges(torch.zeros((2, 2), dtype=torch.int32)).tolist() == []


def test_the_most_uncertain_region_grows_through_like_neighbours() -> None:
    means = torch.tensor([SURE, SURE, SURE, OTHER])
    roots = merge_adjacent(means, torch.tensor([0.1, 0.2, 0.4, 0.3]), CHAIN)
    # Region 2 takes 1 and through it 0, not 3.
    assert roots.tolist() == [2, 2, 2, 3]


def test_growth_is_compared_with_the_root() -> None:
    means = torch.tensor([[0.5, 0.5], [0.6, 0.4], [0.7, 0.3], [0.8, 0.2]])
    # Distances of neighbours are 0.071, 0.074 and 0.082; that of 0 and 2 is 0.146.
    assert merge_adjacent(means, torch.tensor([4.0, 3, 2, 1]), CHAIN, 0.1).tolist() == [0, 0, 2, 2]


def test_regions_apart_do_not_merge_with_each_other() -> None:
    means = torch.tensor([SURE, OTHER, SURE])
    assert merge_adjacent(means, torch.tensor([1.0, 1, 1]), torch.tensor([[0, 1], [1, 2]])).tolist() == [
        0,
        1,
        2,
    ]


def test_alike_regions_are_grouped_wherever_they_are() -> None:
    means = torch.tensor([SURE, OTHER, SURE, SURE, OTHER])
    assert merge_alike(means, [0, 1, 2, 4]) == [[0, 2], [1, 4]]
    assert merge_alike(means, []) == []


def test_the_released_code_skips_the_region_after_a_root() -> None:
    means = torch.tensor([SURE, SURE, SURE])
    assert merge_alike(means, [0, 1, 2]) == [[0, 1, 2]]
    assert merge_alike(means, [0, 1, 2], skip_next=True) == [[0, 2], [1]]
