from __future__ import annotations

import math

import pytest
import torch

from alseg.testing import view_of
from alseg_methods.acquisitions.labor import Labor, LaborPoints, disagreement, representative_ranks

# The first classifier is sure of class 0, doubts, and is sure of class 0.
FIRST = torch.tensor([[[1.0, 0.75, 1.0]], [[0.0, 0.25, 0.0]]])
# The second is sure of class 0, of class 1, and of class 1.
SECOND = torch.tensor([[[200.0, -200.0, -200.0]], [[-200.0, 200.0, 200.0]]])
DOUBT = (0.75 * math.log(4 / 3) + 0.25 * math.log(4)) / math.log(2) / 2


def test_pixels_in_dispute_come_first_and_the_most_uncertain_of_them_before_others() -> None:
    score = Labor().score(view_of(FIRST, outputs={"second": SECOND}))
    torch.testing.assert_close(score, torch.tensor([[0.0, 1 + DOUBT, 1.0]]))


def test_the_second_classifier_is_resized_before_it_decides() -> None:
    coarse = torch.tensor([[[4.0, -2.0]], [[0.0, 0.0]]])
    # In the middle lies a logit of 1 for class 0: both agree but at the right.
    differs, doubt = disagreement(FIRST.clamp(min=1e-30).log(), coarse)
    assert differs.tolist() == [[False, False, True]]
    assert float(doubt[0, 0]) == pytest.approx(
        float(torch.special.entr(torch.tensor([4.0, 0.0]).softmax(0)).sum()) / math.log(2) / 2, rel=1e-5
    )


def test_pixels_are_ranked_within_their_class_by_likeness_to_its_mean() -> None:
    probs = torch.tensor([[[0.9, 0.6, 0.7, 0.2, 0.6]], [[0.1, 0.4, 0.3, 0.8, 0.4]]])
    asked = torch.tensor([[True, True, True, True, False]])
    # The mean of the first three is (0.733, 0.267): angles to it of 13.6, 13.7 and 3.2 degrees.
    assert representative_ranks(probs, asked).tolist() == [[1, 2, 0, 0, -1]]
    assert representative_ranks(probs, torch.zeros_like(asked)).tolist() == [[-1] * 5]


def test_the_first_of_every_class_in_dispute_are_asked_about_first() -> None:
    probs = torch.tensor([[[0.9, 0.6, 0.7, 0.2, 0.5]], [[0.1, 0.4, 0.3, 0.8, 0.5]]])
    second = torch.tensor([[[-9.0, -9.0, -9.0, 9.0, 200.0]], [[9.0, 9.0, 9.0, -9.0, -200.0]]])
    score = LaborPoints().score(view_of(probs, outputs={"second": second}))
    # The last pixel is not in dispute: half of its uncertainty of 1 and 0.
    torch.testing.assert_close(score, torch.tensor([[1.5, 1 + 1 / 3, 2.0, 2.0, 0.5]]))
