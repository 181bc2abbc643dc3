from __future__ import annotations

from math import sqrt

import torch

from alseg.contracts import TargetView
from alseg.testing import view_of
from alseg.toolkit.merging import mean_entropies
from alseg_methods.acquisitions.gao import Gao, domain_differences

PROBS = torch.tensor([[[1.0, 1.0, 1.0, 0.5, 0.8, 0.0]], [[0.0, 0.0, 0.0, 0.5, 0.2, 1.0]]])
REGIONS = torch.tensor([[0, 1, 1, 2, 3, 4]], dtype=torch.int32)


def view(previous: torch.Tensor | None = None) -> TargetView:
    return view_of(PROBS, regions=REGIONS, unit="region", previous=previous)


def test_entropy_is_in_units_of_the_largest() -> None:
    entropies = mean_entropies(PROBS.clamp(min=1e-30).log(), REGIONS)
    # 0.8 and 0.2 have 0.722 bits.
    expected = torch.tensor([0, 0, 1, 0.7219281, 0], dtype=torch.float64)
    torch.testing.assert_close(entropies, expected, rtol=0, atol=1e-6)


def test_the_difference_is_one_less_the_cosine_of_mean_predictions() -> None:
    one = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]]).mul(100)
    other = torch.tensor([[[1.0, 1.0]], [[0.0, 0.0]]]).mul(100)
    # Over both pixels (1/2, 1/2) and (1, 0).
    found = domain_differences(one, other, torch.zeros((1, 2), dtype=torch.int64))
    torch.testing.assert_close(found, torch.tensor([1 - 1 / sqrt(2)], dtype=torch.float64))
    assert domain_differences(one, one, torch.tensor([[0, 1]])).tolist() == [0, 0]


def test_at_first_sure_regions_come_first_and_the_largest_foremost() -> None:
    score = Gao().score(view())[0]
    # Regions 0, 1 and 4 are sure: 1, 2 and 1 of 6 pixels.
    expected = torch.tensor([1 + 1 / 6, 1 + 2 / 6, 1 + 2 / 6, 1.0, 0.7219281, 1 + 1 / 6])
    torch.testing.assert_close(score, expected, rtol=0, atol=1e-6)


def test_then_regions_whose_prediction_has_changed_are() -> None:
    before = PROBS.flip(0).clamp(min=1e-30).log()
    score = Gao().score(view(before))[0]
    # (0.8, 0.2) and (0.2, 0.8) have the cosine 0.32 / 0.68; sure regions, of cosine 0, lose 1.
    expected = torch.tensor([0, 0, 0, 0, 1 - 0.32 / 0.68, 0])
    torch.testing.assert_close(score, expected, rtol=0, atol=1e-6)


def test_a_threshold_decides_what_is_sure() -> None:
    score = Gao(sure=0.8).score(view())[0]
    torch.testing.assert_close(score, torch.tensor([7 / 6, 8 / 6, 8 / 6, 1, 7 / 6, 7 / 6]))
