from __future__ import annotations

import math
from typing import Literal

import pytest
import torch

import alseg_ripu

DISTANCES: tuple[Literal["l1", "kl"], ...] = ("l1", "kl")


def gradient(loss: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    (result,) = torch.autograd.grad(loss, logits)
    return result


def test_negative_learning_averages_over_the_classes_that_are_surely_wrong() -> None:
    # Of 0.9, 0.07, 0.02 and 0.01, the last two are below 0.05: -(log 0.98 + log 0.99) / 2.
    logits = torch.tensor([0.9, 0.07, 0.02, 0.01]).log().reshape(1, 4, 1, 1)
    loss = alseg_ripu.negative_learning_loss(logits)
    assert loss.item() == pytest.approx(-(math.log(0.98) + math.log(0.99)) / 2, abs=2e-6)


def test_the_threshold_of_negative_learning_can_be_set() -> None:
    logits = torch.tensor([0.9, 0.07, 0.02, 0.01]).log().reshape(1, 4, 1, 1)
    loss = alseg_ripu.negative_learning_loss(logits, threshold=0.015)
    assert loss.item() == pytest.approx(-math.log(0.99), abs=2e-6)


def test_negative_learning_is_zero_with_zero_gradient_where_no_class_is_surely_wrong() -> None:
    logits = torch.zeros(1, 3, 2, 2, requires_grad=True)
    loss = alseg_ripu.negative_learning_loss(logits)
    assert loss.item() == 0.0
    assert not gradient(loss, logits).any()


def test_negative_learning_pushes_improbable_classes_down() -> None:
    logits = torch.tensor([4.0, 0.0, 0.0]).reshape(1, 3, 1, 1).requires_grad_()
    pushed = gradient(alseg_ripu.negative_learning_loss(logits), logits).flatten()
    assert pushed[0] < 0 < pushed[1]


def checkered() -> tuple[torch.Tensor, torch.Tensor]:
    """One row of three pixels: p = 0.8, 0.8, 0.2 for class 0; labels 0, 0, 1."""
    first = torch.tensor([0.8, 0.8, 0.2])
    logits = torch.stack([first, 1 - first]).log().reshape(1, 2, 1, 3)
    return logits, torch.tensor([[[0, 0, 1]]])


def test_consistency_compares_each_boundary_pixel_with_the_mean_around_it() -> None:
    logits, labels = checkered()
    # With replicated rows and ends, class 0 has means 0.8, 0.6 and 0.4. Boundaries are at the last two pixels
    # (label sums 0, 1 and 1 against 0, 0 and 9), each class differs by 0.2 there: (0.4 + 0.4) / 2.
    loss = alseg_ripu.local_consistency_loss(logits, labels)
    assert loss.item() == pytest.approx(0.4, abs=1e-5)


def test_consistency_can_be_the_kullback_leibler_divergence() -> None:
    logits, labels = checkered()
    second = 0.8 * math.log(0.8 / 0.6) + 0.2 * math.log(0.2 / 0.4)
    third = 0.2 * math.log(0.2 / 0.4) + 0.8 * math.log(0.8 / 0.6)
    loss = alseg_ripu.local_consistency_loss(logits, labels, distance="kl")
    assert loss.item() == pytest.approx((second + third) / 2, abs=1e-5)


def test_consistency_leaves_void_pixels_out() -> None:
    logits, labels = checkered()
    labels[0, 0, 2] = 255
    logits[0, :, 0, 2] = torch.tensor([0.5, 0.5]).log()
    # Only the pixel beside the void is left: 0.8 against (0.8 + 0.8 + 0.5) / 3 = 0.7, in both classes.
    loss = alseg_ripu.local_consistency_loss(logits, labels)
    assert loss.item() == pytest.approx(0.2, abs=1e-5)


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("label", [0, 255])
def test_consistency_is_zero_with_zero_gradient_where_no_pixel_counts(
    distance: Literal["l1", "kl"], label: int
) -> None:
    logits = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = alseg_ripu.local_consistency_loss(logits, torch.full((2, 4, 5), label), distance)
    assert loss.item() == 0.0
    assert not gradient(loss, logits).any()


def test_an_unknown_distance_is_refused() -> None:
    logits, labels = checkered()
    with pytest.raises(ValueError, match=r"^distance must be 'l1' or 'kl', not 'l2'$"):
        alseg_ripu.local_consistency_loss(logits, labels, "l2")  # type: ignore[arg-type]
