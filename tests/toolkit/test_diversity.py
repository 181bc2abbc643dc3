from __future__ import annotations

from itertools import islice

import pytest
import torch

from alseg.toolkit import diversity
from alseg.toolkit.diversity import (
    Euclidean,
    GradientEmbeddings,
    greedy_trials,
    herding,
    k_center_greedy,
    kmeans_plus_plus,
)


def points_on_a_line(*places: float) -> torch.Tensor:
    return torch.tensor(places)[:, None]


def random_points(count: int, dimensions: int = 3) -> torch.Tensor:
    return torch.randn((count, dimensions), generator=torch.Generator().manual_seed(5))


def test_squared_distances_lose_nothing_to_a_large_mean() -> None:
    points = points_on_a_line(1000.0, 1000.5, 1002.0)
    expected = torch.tensor([[0.0], [0.25], [4.0]], dtype=torch.float64)
    torch.testing.assert_close(Euclidean(points)(torch.tensor([0])), expected)
    torch.testing.assert_close(Euclidean(points).to(points[:1]), expected)


def test_k_centre_greedy_takes_what_is_farthest_from_all_centres() -> None:
    points = points_on_a_line(0, 1, 4, 10, 6)
    bought = torch.tensor([True, False, False, False, False])
    # 10 is farthest from 0; then 4 and 6 are both 4 from a centre, the earlier one comes first;
    # then 6 is 2 from the nearest, 1 is 1.
    assert list(k_center_greedy(points, bought)) == [3, 2, 4, 1]


def test_k_centre_greedy_begins_with_the_point_nearest_to_the_mean() -> None:
    # The mean is 5.25.
    assert next(k_center_greedy(points_on_a_line(0, 5, 6, 10), torch.zeros(4, dtype=torch.bool))) == 1


def test_k_centre_greedy_of_bought_points_only_is_empty() -> None:
    assert list(k_center_greedy(random_points(3), torch.ones(3, dtype=torch.bool))) == []
    assert list(k_center_greedy(torch.empty((0, 3)), torch.zeros(0, dtype=torch.bool))) == []


def test_distances_of_gradients_are_those_of_their_outer_products() -> None:
    probs, features = random_points(9, 4).softmax(dim=1), random_points(9, 5)
    residuals = probs - torch.nn.functional.one_hot(probs.argmax(dim=1), 4)
    outer = (residuals[:, :, None] * features[:, None]).flatten(1).double()
    gradients = GradientEmbeddings.of(probs, features)
    expected = torch.cdist(outer, outer[[2, 5]]).square()
    torch.testing.assert_close(gradients.distances(torch.tensor([2, 5])), expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(gradients.norms, outer.square().sum(dim=1), rtol=1e-5, atol=1e-6)


def drawing(*numbers: float) -> diversity.Draw:
    left = list(numbers)
    return lambda count: torch.tensor([left.pop(0) for _ in range(count)], dtype=torch.float64)


def test_kmeans_plus_plus_draws_with_squared_distances() -> None:
    distances = Euclidean(points_on_a_line(0, 1, 3))
    # From 0 the weights are 0, 1, 9: the first tenth of the draws is point 1.
    assert list(islice(kmeans_plus_plus(distances, 3, 0, drawing(0.09)), 2)) == [0, 1]
    assert list(islice(kmeans_plus_plus(distances, 3, 0, drawing(0.11)), 2)) == [0, 2]


def test_greedy_kmeans_plus_plus_keeps_the_draw_that_leaves_least() -> None:
    # From 0 the weights are 0, 1, 9. With 1 taken too, 4 is left (3 is 2 away from it); with 3 taken, 1.
    assert list(
        islice(kmeans_plus_plus(Euclidean(points_on_a_line(0, 1, 3)), 3, 0, drawing(0.05, 0.5), 2), 2)
    ) == [
        0,
        2,
    ]


def test_kmeans_plus_plus_takes_copies_of_picks_last_and_in_order() -> None:
    distances = Euclidean(points_on_a_line(2, 2, 7, 2))
    draws = diversity.uniforms(torch.Generator().manual_seed(0))
    assert list(kmeans_plus_plus(distances, 4, 1, draws)) == [1, 2, 0, 3]


@pytest.mark.parametrize(("count", "trials"), [(1, 2), (2, 2), (3, 3), (12, 4), (1000, 8)])
def test_the_trials_grow_with_the_logarithm_of_the_picks(count: int, trials: int) -> None:
    assert greedy_trials(count) == trials


def plain_herding(points: torch.Tensor, bandwidth: float, earlier: torch.Tensor) -> list[int]:
    rows = points.double()
    kernel = (-torch.cdist(rows, rows).square() / bandwidth**2).exp()
    covered = (-torch.cdist(rows, earlier.double()).square() / bandwidth**2).exp().amax(dim=1)
    chosen: list[int] = []
    for _ in rows:
        means = torch.maximum(covered[:, None], kernel).mean(dim=0)
        means[chosen] = -1
        # Two points far from all others gain the same, but for rounding.
        chosen.append(int((means > means.max() - 1e-13).int().argmax()))
        covered = torch.maximum(covered, kernel[:, chosen[-1]])
    return chosen


def test_lazy_herding_picks_what_plain_herding_picks() -> None:
    points = random_points(300)
    earlier = points[:7] + 0.01
    ours = list(islice(herding(points, 0.7, earlier), 120))
    assert ours == plain_herding(points, 0.7, earlier)[:120]


def test_herding_yields_copies_last_and_in_order() -> None:
    # Two at 0 weigh more than one at 9.
    assert list(herding(points_on_a_line(9, 0, 0), 1.0)) == [1, 0, 2]


def test_herding_refuses_more_points_than_pairs_can_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diversity, "MAX_HERDED", 3)
    with pytest.raises(ValueError, match="there are 4 points to herd, more than 3"):
        next(herding(random_points(4), 1.0))
