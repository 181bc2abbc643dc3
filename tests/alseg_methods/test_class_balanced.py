from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from alseg.contracts import PartsView, TargetView
from alseg.testing import observations_of, observe, parts_of_views, view_of
from alseg_methods.acquisitions.class_balanced import ClassBalanced, class_balanced_scores, class_shares

UNCERTAINTY = torch.tensor([0.0, 1.0, 0.5, 1.0])
CLASSES = torch.tensor([0, 0, 0, 1])


def _pool(bought: int | None = None) -> PartsView:
    view = TargetView("image", torch.zeros((2, 1, 100)), torch.Generator(), unit="region")
    # Regions of 1, 1, 1 and 97 pixels.
    view = replace(view, regions=torch.arange(100).clamp(max=3)[None].int())
    return parts_of_views([view], count=1, bought=[] if bought is None else [bought])


KEPT = observations_of([{"uncertainty": UNCERTAINTY, "classes": CLASSES.byte()}])


def test_a_region_of_a_rare_class_comes_first() -> None:
    # Shares 3/4 and 1/4: scores 0, exp(-3/4), exp(-3/4) / 2, exp(-1/4).
    shares = class_shares(CLASSES, 2)
    scores = class_balanced_scores(UNCERTAINTY, CLASSES, shares)
    expected = torch.tensor([0, math.exp(-0.75), math.exp(-0.75) / 2, math.exp(-0.25)], dtype=torch.float64)
    torch.testing.assert_close(scores, expected)
    assert ClassBalanced().rank(KEPT, _pool()).tolist() == [3, 1, 2, 0]


def test_bought_regions_count_but_are_not_ranked() -> None:
    assert ClassBalanced().rank(KEPT, _pool(bought=1)).tolist() == [3, 2, 0]


def test_shares_of_pixels_make_a_class_with_a_large_region_common() -> None:
    # Shares 0.03 and 0.97: exp(-0.97) = 0.38 is less than exp(-0.03) / 2 = 0.49.
    assert ClassBalanced(shares="pixels").rank(KEPT, _pool()).tolist() == [1, 2, 3, 0]


def test_of_equals_the_earlier_comes_first_and_equal_uncertainty_counts_as_one() -> None:
    kept = observations_of([{"uncertainty": torch.full((4,), 0.3), "classes": CLASSES.byte()}])
    assert ClassBalanced().rank(kept, _pool()).tolist() == [3, 0, 1, 2]
    assert class_balanced_scores(torch.ones(2), torch.tensor([0, 1]), torch.zeros(2)).tolist() == [1, 1]


def test_an_empty_pool_has_no_scores() -> None:
    nothing = torch.zeros(0)
    assert class_balanced_scores(nothing, nothing.long(), class_shares(nothing.long(), 3)).tolist() == []


def test_of_each_part_mean_bvsb_and_commonest_class_are_observed() -> None:
    probs = torch.tensor([[[0.8, 0.4, 0.4]], [[0.2, 0.6, 0.6]]])
    regions = torch.tensor([[0, 1, 1]], dtype=torch.int32)
    view = view_of(probs, regions=regions, unit="region")
    seen = observe(ClassBalanced(), [view])[0]
    torch.testing.assert_close(seen["uncertainty"], torch.tensor([0.25, 2 / 3], dtype=torch.float64))
    assert seen["classes"].tolist() == [0, 1]
    whole = observe(ClassBalanced(), [replace(view, unit="image")])[0]
    assert float(whole["uncertainty"]) == pytest.approx((0.25 + 2 / 3 + 2 / 3) / 3)
    assert whole["classes"].tolist() == [1]
