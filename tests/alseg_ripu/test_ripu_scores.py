from __future__ import annotations

import math

import pytest
import torch

import alseg_ripu
from alseg.contracts import TargetView
from alseg.testing import view_of
from alseg.toolkit.selection import greedy_select
from alseg_ripu import build
from alseg_ripu.acquisitions import PixelRipu, RegionRipu

# Of `waves` below: computed by the formulas of the paper in float64, window by window.
REGION_PICKS = [[2, 28], [4, 25], [18, 45], [15, 47]]
REGION_SCORES = [2.42057, 2.39666, 2.24108, 2.22491]
PIXEL_PICKS = [[27, 4], [34, 13], [2, 25], [18, 43]]
PIXEL_SCORES = [2.40341, 2.38188, 2.36782, 2.29246]


def entropy_of(*shares: float) -> float:
    return -sum(share * math.log(share) for share in shares)


def two_halves() -> torch.Tensor:
    """Class 0 likely in the left three columns, class 1 in the right three."""
    probs = torch.full((2, 5, 6), 0.1)
    probs[0, :, :3] = 0.9
    probs[1, :, 3:] = 0.9
    return probs


def waves(num_classes: int, height: int, width: int) -> torch.Tensor:
    """Logits by a rule that gives the same float32 everywhere up to rounding of sines."""
    index = torch.arange(num_classes, dtype=torch.float64)[:, None, None]
    y = torch.arange(height, dtype=torch.float64)[:, None]
    x = torch.arange(width, dtype=torch.float64)
    return (4 * torch.sin(1.3 * index + 0.23 * (index + 1) * y / 3 + 0.17 * (5 - index) * x / 3)).float()


def test_a_class_boundary_outscores_the_inside_of_a_region() -> None:
    score = RegionRipu(radius=1).score(view_of(two_halves()))
    # On the boundary 1/3 of a 3 x 3 window is the other class; inside, none is. All entropies are equal.
    assert score[2, 2].item() == pytest.approx(entropy_of(1 / 3, 2 / 3) * entropy_of(0.1, 0.9), abs=1e-6)
    assert score[2, 0].item() == 0.0


def test_the_window_is_cut_at_the_border() -> None:
    probs = two_halves()
    probs[:, 0, 0] = torch.tensor([0.2, 0.8])
    scores = alseg_ripu.region_scores(probs.log(), 1)
    # The corner's window has 4 pixels, one of them of class 1 with another entropy.
    assert scores.impurity[0, 0].item() == pytest.approx(entropy_of(1 / 4, 3 / 4), abs=1e-6)
    mean = (entropy_of(0.2, 0.8) + 3 * entropy_of(0.1, 0.9)) / 4
    assert scores.uncertainty[0, 0].item() == pytest.approx(mean, abs=1e-6)


def test_pixels_are_scored_by_their_own_entropy() -> None:
    probs = two_halves()
    probs[:, 2, 2] = torch.tensor([0.6, 0.4])
    score = PixelRipu(radius=1).score(view_of(probs))
    impurity = entropy_of(1 / 3, 2 / 3)
    assert score[2, 2].item() == pytest.approx(impurity * entropy_of(0.6, 0.4), abs=1e-6)
    assert score[1, 2].item() == pytest.approx(impurity * entropy_of(0.1, 0.9), abs=1e-6)


@pytest.mark.parametrize("pixel", [False, True])
def test_the_score_is_the_product_of_its_factors(pixel: bool) -> None:
    scores = (alseg_ripu.pixel_scores if pixel else alseg_ripu.region_scores)(waves(5, 20, 30), 3)
    assert torch.equal(scores.score, scores.impurity * scores.uncertainty)
    assert scores.score.dtype == torch.float32
    assert tuple(scores.score.shape) == (20, 30)


def plain_factors(logits: torch.Tensor, radius: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return impurity, mean entropy and the pixel's entropy, window by window in float64."""
    probs = logits.double().softmax(0)
    entropy = torch.special.entr(probs).sum(0)
    classes = probs.argmax(0)
    impurity, mean = torch.zeros_like(entropy), torch.zeros_like(entropy)
    height, width = entropy.shape
    for y in range(height):
        for x in range(width):
            rows = slice(max(0, y - radius), y + radius + 1)
            columns = slice(max(0, x - radius), x + radius + 1)
            inside = classes[rows, columns].flatten()
            shares = torch.bincount(inside, minlength=len(logits)).double() / len(inside)
            impurity[y, x] = torch.special.entr(shares).sum()
            mean[y, x] = entropy[rows, columns].mean()
    return impurity, mean, entropy


@pytest.mark.parametrize("radius", [1, 3])
def test_either_term_alone_is_that_factor_of_the_window(radius: int) -> None:
    logits = waves(5, 14, 20)
    view = view_of(logits.softmax(0))
    impurity, mean, entropy = plain_factors(logits, radius)
    expected = {
        (build.ripu, "both"): impurity * mean,
        (build.ripu, "impurity"): impurity,
        (build.ripu, "uncertainty"): mean,
        (build.ripu_pixel, "both"): impurity * entropy,
        (build.ripu_pixel, "impurity"): impurity,
        (build.ripu_pixel, "uncertainty"): entropy,
    }
    for (builder, terms), values in expected.items():
        score = builder(radius=radius, terms=terms).score(view)  # type: ignore[arg-type]
        assert score.dtype == torch.float32
        torch.testing.assert_close(score.double(), values, rtol=0, atol=1e-5)


@pytest.mark.parametrize("terms", ["impurity", "uncertainty"])
def test_a_term_alone_refuses_what_both_refuse(terms: str) -> None:
    acquisition = build.ripu(radius=1, terms=terms)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^logits must have at least 2 classes, not 1$"):
        acquisition.score(TargetView("token", torch.zeros(1, 4, 4), torch.Generator()))


def test_regions_of_a_known_map_are_picked_in_a_known_order() -> None:
    scores = alseg_ripu.region_scores(waves(5, 40, 60), 1)
    picks = greedy_select(scores.score, 4, 2)
    assert picks.tolist() == REGION_PICKS
    assert scores.score[tuple(picks.T)].tolist() == pytest.approx(REGION_SCORES, abs=1e-5)


def test_pixels_of_a_known_map_are_picked_in_a_known_order() -> None:
    scores = alseg_ripu.pixel_scores(waves(5, 40, 60), 8)
    picks = greedy_select(scores.score, 4, 8)
    assert picks.tolist() == PIXEL_PICKS
    assert scores.score[tuple(picks.T)].tolist() == pytest.approx(PIXEL_SCORES, abs=1e-5)


@pytest.mark.parametrize("name", ["region_scores", "pixel_scores"])
def test_a_window_of_one_pixel_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^radius must be at least 1, not 0$"):
        getattr(alseg_ripu, name)(torch.zeros(3, 4, 4), 0)


@pytest.mark.parametrize("name", ["region_scores", "pixel_scores"])
def test_a_single_class_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^logits must have at least 2 classes, not 1$"):
        getattr(alseg_ripu, name)(torch.zeros(1, 4, 4), 1)
