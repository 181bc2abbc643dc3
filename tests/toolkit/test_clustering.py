from __future__ import annotations

from itertools import islice

import torch

from alseg.toolkit.clustering import k_means, nearest_examples, seed_from


def test_weights_pull_the_centre_of_a_cluster() -> None:
    points = torch.tensor([[0.0], [1.0], [10.0]])
    centers, clusters = k_means(points, 2, 0, torch.tensor([3.0, 1.0, 1.0]))
    # (3 * 0 + 1 * 1) / 4
    torch.testing.assert_close(
        centers.sort(dim=0).values, torch.tensor([[0.25], [10.0]], dtype=torch.float64)
    )
    assert clusters[0] == clusters[1] != clusters[2]


def test_there_are_never_more_clusters_than_points() -> None:
    centers, _ = k_means(torch.ones((2, 3)), 5, 0)
    assert centers.shape == (2, 3)


def test_a_point_stands_for_one_centre_only() -> None:
    centers = torch.tensor([[0.0], [0.1], [5.0]], dtype=torch.float64)
    points = torch.tensor([[4.0], [0.0], [1.0]])
    # 0 is taken by the first centre, so the second takes 1.
    assert list(islice(nearest_examples(centers, points), 3)) == [1, 2, 0]


def test_more_examples_than_centres_are_the_second_nearest() -> None:
    points = torch.tensor([[0.0], [3.0], [2.0]])
    assert list(nearest_examples(torch.zeros((1, 1), dtype=torch.float64), points)) == [0, 2, 1]


def test_seeds_come_from_the_generator() -> None:
    seeds = [seed_from(torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert seeds[0] == seeds[1] != seeds[2]
