from __future__ import annotations

import math

import pytest
import torch

from alseg.testing import view_of
from alseg_methods.acquisitions.aada import Aada, importance

# Two pixels in doubt, and one that is sure.
PROBS = torch.tensor([[[0.5, 0.5, 1.0]], [[0.5, 0.5, 0.0]]])
REGIONS = torch.tensor([[0, 0, 1]], dtype=torch.int32)
# Probabilities of the source of 0.25, 0.5 and 0.25.
DOMAIN = torch.tensor([[[math.log(3), 0.0, math.log(3)]]])


def test_importance_is_the_odds_of_the_target_and_finite() -> None:
    assert importance(torch.tensor([1.0, 0.5, 0.2, 0.0])).tolist() == pytest.approx([0, 1, 4, 1e6], rel=1e-5)


def test_doubt_counts_more_where_the_target_is_seen() -> None:
    score = Aada().score(view_of(PROBS, outputs={"domain": DOMAIN}))
    torch.testing.assert_close(score, torch.tensor([[3 * math.log(2), math.log(2), 0.0]]))


def test_a_region_has_one_importance_and_one_entropy() -> None:
    view = view_of(PROBS, outputs={"domain": DOMAIN}, regions=REGIONS, unit="region")
    # The mean probability of the source is 0.375 in the first: odds of 5 to 3.
    expected = torch.tensor([[5 / 3 * math.log(2)] * 2 + [0.0]])
    torch.testing.assert_close(Aada().score(view), expected)


def test_an_image_has_one_importance_and_one_entropy() -> None:
    # Probabilities 0.25, 0.5 and 0.25 are 1/3 in the mean, odds 2; two of three pixels have ln 2.
    score = Aada().score(view_of(PROBS, outputs={"domain": DOMAIN}, unit="image"))
    torch.testing.assert_close(score, torch.full((1, 3), 2 * 2 / 3 * math.log(2)))


def test_a_coarse_answer_is_resized() -> None:
    coarse = torch.tensor([[[math.log(3), 0.0]]])
    doubtful = torch.full((2, 1, 3), 0.5)
    score = Aada().score(view_of(doubtful, outputs={"domain": coarse}))
    # Between 0.25 and 0.5 lies 0.375.
    torch.testing.assert_close(score, torch.tensor([[3.0, 5 / 3, 1.0]]) * math.log(2))
