from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from alseg.contracts import TargetView
from alseg.testing import observe, parts_of_views
from alseg_methods.acquisitions.random_boundary import RandomBoundary, at_boundaries
from alseg_methods.acquisitions.random_stratified import RandomStratified, stratum_weights
from alseg_methods.draws import exponential

HEIGHT, WIDTH = 40, 100


def _view(classes: torch.Tensor, num_classes: int, seed: int = 0) -> TargetView:
    logits = torch.nn.functional.one_hot(classes, num_classes).permute(2, 0, 1).float()
    return TargetView("image", logits, torch.Generator().manual_seed(seed))


def _top(score: torch.Tensor, count: int) -> torch.Tensor:
    chosen = torch.zeros(score.numel(), dtype=torch.bool)
    chosen[score.flatten().argsort(descending=True)[:count]] = True
    return chosen.reshape(score.shape)


RARE = torch.zeros((HEIGHT, WIDTH), dtype=torch.int64)
RARE[:, 95:] = 1
"""Class 1 has a twentieth of the pixels."""


def test_weights_of_classes_are_even_in_sum() -> None:
    # Shares 0.9 and 0.1 of two classes that occur: 1 / (2 * 0.9) and 1 / (2 * 0.1).
    torch.testing.assert_close(
        stratum_weights(torch.tensor([90, 10, 0]), 1), torch.tensor([1 / 1.8, 5, 1], dtype=torch.float64)
    )
    torch.testing.assert_close(
        stratum_weights(torch.tensor([90, 10]), 0), torch.tensor([1.0, 1.0], dtype=torch.float64)
    )


@pytest.mark.parametrize(("share", "least", "most"), [(1, 35, 65), (0, 0, 14)])
def test_pixels_are_drawn_from_all_predicted_classes_alike(share: float, least: int, most: int) -> None:
    acquisition = RandomStratified(share=share)
    view = _view(RARE, 3)
    weights = acquisition.prepare(observe(acquisition, [view]), parts_of_views([view], count=1))
    drawn = _top(acquisition.score(replace(view, statistics=weights)), 100)
    # Of 100, class 1 has 50 in the mean, or 5.
    assert least <= int(drawn[:, 95:].sum()) <= most


def test_regions_are_drawn_by_their_class_and_have_one_number_each() -> None:
    # 500 regions of 2 x 4 pixels, 20 of them with class 1.
    rows, columns = torch.arange(HEIGHT)[:, None] // 2, torch.arange(WIDTH) // 4
    regions = rows * 25 + columns
    acquisition = RandomStratified()
    classes = torch.zeros((HEIGHT, WIDTH), dtype=torch.int64)
    classes[:, 96:] = 1
    view = replace(_view(classes, 2), unit="region", regions=regions.int())
    weights = acquisition.prepare(observe(acquisition, [view]), parts_of_views([view], count=1))
    torch.testing.assert_close(weights, torch.tensor([1 / 1.92, 1 / 0.08], dtype=torch.float64))
    score = acquisition.score(replace(view, statistics=weights))
    assert score.unique().numel() == 500
    firsts = score[::2, ::4]
    assert torch.equal(firsts.repeat_interleave(2, 0).repeat_interleave(4, 1), score)
    assert 4 <= int(_top(firsts, 20)[:, 24].sum()) <= 16


def test_pixels_are_at_a_boundary_up_to_the_radius() -> None:
    classes = torch.tensor([[0, 0, 0, 1, 1, 1]])
    assert at_boundaries(_view(classes, 2).logits, 1).tolist() == [[False, False, True, True, False, False]]
    assert at_boundaries(_view(classes, 2).logits, 2).tolist() == [[False, True, True, True, True, False]]


@pytest.mark.parametrize(("share", "least", "most"), [(0, 0, 8), (0.66, 50, 82), (1, 80, 80)])
def test_a_share_of_the_draw_is_at_boundaries(share: float, least: int, most: int) -> None:
    score = RandomBoundary(share=share).score(_view(RARE, 2))
    # The boundary has 2 of 100 columns, 80 pixels; of 100 drawn, 66 + 34 / 50 are there in the mean, fewer as
    # they run out.
    assert least <= int(_top(score, 100)[:, 94:96].sum()) <= most


def test_without_a_boundary_the_draw_is_uniform() -> None:
    view = _view(torch.zeros((HEIGHT, WIDTH), dtype=torch.int64), 2)
    expected = -exponential((HEIGHT, WIDTH), torch.Generator().manual_seed(0)).float()
    assert torch.equal(RandomBoundary().score(view), expected)


def test_a_region_is_at_a_boundary_where_one_of_its_pixels_is() -> None:
    # Regions of whole columns: 94 and 95 hold the boundary, and with share 1 they come first.
    regions = torch.arange(WIDTH, dtype=torch.int32).expand(HEIGHT, WIDTH)
    view = replace(_view(RARE, 2), unit="region", regions=regions)
    score = RandomBoundary(share=1).score(view)
    assert sorted(score[0].argsort(descending=True)[:2].tolist()) == [94, 95]
    assert torch.equal(score, score[:1].expand(HEIGHT, WIDTH))
