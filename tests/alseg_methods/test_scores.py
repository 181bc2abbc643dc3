from __future__ import annotations

import math

import torch

from alseg.testing import view_of
from alseg_methods.acquisitions.bvsb import Bvsb
from alseg_methods.acquisitions.entropy_window import EntropyWindow
from alseg_methods.acquisitions.impurity import Impurity
from alseg_methods.acquisitions.rarity import Rarity

PROBS = torch.tensor([[[0.7, 0.25, 0.6, 0.9]], [[0.2, 0.5, 0.3, 0.1]], [[0.1, 0.25, 0.1, 0.0]]])
"""Classes 0, 1, 0 and 0."""


def test_bvsb_is_the_ratio_of_the_two_likeliest() -> None:
    torch.testing.assert_close(Bvsb().score(view_of(PROBS)), torch.tensor([[2 / 7, 0.5, 0.5, 1 / 9]]))
    torch.testing.assert_close(
        Bvsb(temperature=0.5).score(view_of(PROBS)), torch.tensor([[4 / 49, 0.25, 0.25, 1 / 81]])
    )


def test_the_window_of_entropies_is_cut_at_the_border() -> None:
    entropy = torch.special.entr(PROBS).sum(0)[0]
    score = EntropyWindow(radius=1).score(view_of(PROBS))[0]
    expected = torch.stack([entropy[:2].mean(), entropy[:3].mean(), entropy[1:].mean(), entropy[2:].mean()])
    torch.testing.assert_close(score, expected)


def test_impurity_is_the_entropy_of_classes_around() -> None:
    # Windows hold classes 0 1, 0 1 0, 1 0 0, 0 0.
    third = math.log(3) - 2 / 3 * math.log(2)
    expected = torch.tensor([[math.log(2), third, third, 0]])
    torch.testing.assert_close(Impurity(radius=1).score(view_of(PROBS)), expected)


def test_rarity_favours_the_class_that_the_image_has_less_of() -> None:
    # Class 0 has 3/4 of the image, class 1 the rest; pixels 1 and 2 are equally uncertain.
    common, rare = math.exp(-0.75), math.exp(-0.25)
    expected = torch.tensor([[2 / 7 * common, 0.5 * rare, 0.5 * common, common / 9]])
    torch.testing.assert_close(Rarity().score(view_of(PROBS)), expected)
