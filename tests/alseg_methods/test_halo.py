from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from alseg.contracts import TargetView
from alseg_methods.acquisitions import halo


def test_entropy_is_summed_so_that_borders_have_less() -> None:
    # All classes alike: entropy / log C is 1 everywhere.
    sums = halo.entropy_sums(torch.zeros((5, 3, 4)))
    expected = torch.tensor([[4.0, 6, 6, 4], [6, 9, 9, 6], [4, 6, 6, 4]])
    torch.testing.assert_close(sums, expected)
    torch.testing.assert_close(halo.entropy_sums(torch.zeros((5, 3, 4)), 0), torch.ones((3, 4)))


def test_the_distance_from_the_origin_of_the_ball() -> None:
    # 2 artanh(1/2) = ln 3; at the rim it stays finite.
    radius = halo.hyperbolic_radius(torch.tensor([[[0.3, 1.0]], [[0.4, 0.0]]]), (1, 2))
    assert float(radius[0, 0]) == pytest.approx(math.log(3))
    assert 10 < float(radius[0, 1]) < 20


@pytest.mark.parametrize(
    ("coarse", "size"),
    [((3, 4), (6, 8)), ((1, 5), (4, 13)), ((5, 1), (3, 2)), ((2, 2), (1, 1)), ((7, 9), (3, 4))],
)
def test_features_are_resized_before_their_norm(coarse: tuple[int, int], size: tuple[int, int]) -> None:
    features = torch.randn((19, *coarse), generator=torch.Generator().manual_seed(0))
    resized = F.interpolate(features[None].double(), size=size, mode="bilinear", align_corners=True)[0]
    torch.testing.assert_close(halo.euclidean_radius(features, size), resized.norm(dim=0))


def test_the_score_is_the_product_of_both_in_0_to_1() -> None:
    probs = torch.tensor([[[0.5, 0.9, 1.0]], [[0.5, 0.1, 0.0]]])
    entropy = torch.special.entr(probs).sum(0)[0] / math.log(2)
    view = TargetView(
        "image", probs.log().clamp(min=-300), torch.Generator(), features=torch.tensor([[[1.0, 5.0, 3.0]]])
    )
    # Norms 1, 5, 3 become 0, 1, 0.5; entropies 1, e, 0 are in 0-1 already.
    score = halo.EuclideanHalo(window=False).score(view)
    torch.testing.assert_close(score, torch.tensor([[0.0, float(entropy[1]), 0.0]]))


def test_a_constant_factor_does_not_count() -> None:
    probs = torch.tensor([[[0.5, 0.9]], [[0.5, 0.1]]])
    view = TargetView("image", probs.log(), torch.Generator(), features=torch.ones((2, 1, 2)))
    torch.testing.assert_close(halo.EuclideanHalo(window=False).score(view), torch.tensor([[1.0, 0.0]]))


def test_a_view_without_features_is_a_mistake_of_the_spec() -> None:
    with pytest.raises(ValueError, match="the view has no features"):
        halo.EuclideanHalo().score(TargetView("image", torch.zeros((2, 1, 1)), torch.Generator()))
