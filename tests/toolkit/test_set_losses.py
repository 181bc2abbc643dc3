from __future__ import annotations

from math import log

import pytest
import torch

from alseg.toolkit.set_losses import SetPixels, merged_positive_loss, prototypical_loss

PROBS = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.2, 0.2, 0.6]])
"""Of three pixels, a row each."""

LOGITS = PROBS.log().T[None, :, None, :]
REGIONS = torch.tensor([[[0, 0, 1]]])


def sets_of(*regions: list[int], num_classes: int = 3) -> torch.Tensor:
    sets = torch.zeros((1, len(regions), num_classes), dtype=torch.bool)
    for region, classes in enumerate(regions):
        sets[0, region, classes] = True
    return sets


def test_a_pixel_is_to_be_one_of_the_classes_of_its_region() -> None:
    loss = merged_positive_loss(LOGITS, REGIONS, sets_of([0, 1], [2]))
    # 0.7 + 0.2, 0.1 + 0.6 and 0.6 over three pixels and 1.
    torch.testing.assert_close(loss, torch.tensor(-log(0.9 * 0.7 * 0.6) / 4))


def test_each_class_of_a_region_has_its_most_probable_pixel() -> None:
    loss = prototypical_loss(LOGITS, REGIONS, sets_of([0, 1], [2]))
    # 0.7 of the first pixel, 0.6 of the second, 0.6 of the third over three pairs and 1.
    torch.testing.assert_close(loss, torch.tensor(-log(0.7 * 0.6 * 0.6) / 4))


def test_void_is_left_out_where_the_network_has_no_such_class() -> None:
    with_void = sets_of([0, 1, 3], [3], num_classes=4)
    without = sets_of([0, 1], [])
    for loss_of in (merged_positive_loss, prototypical_loss):
        assert torch.equal(loss_of(LOGITS, REGIONS, with_void), loss_of(LOGITS, REGIONS, without))


def test_void_counts_where_the_network_has_the_class() -> None:
    logits = torch.tensor([[0.5, 0.1, 0.4]]).log().T[None, :, None, :]
    loss = merged_positive_loss(logits, torch.tensor([[[0]]]), sets_of([0, 2]))
    torch.testing.assert_close(loss, torch.tensor(-log(0.9) / 2))


def test_unasked_pixels_and_regions_without_classes_have_no_gradient() -> None:
    logits = LOGITS.clone().requires_grad_()
    regions = torch.tensor([[[0, -1, 1]]])
    found = SetPixels.of(logits, regions, sets_of([0, 1], []))
    (found.merged_positive() + found.prototypical()).backward()
    assert logits.grad is not None
    assert logits.grad[0, :, 0, 0].abs().min() > 0
    assert not logits.grad[..., 1:].any()


def test_regions_of_other_images_are_others() -> None:
    logits = torch.cat([LOGITS, LOGITS.flip(3)])
    regions = torch.tensor([[[0, 0, -1]], [[-1, -1, 0]]])
    sets = torch.cat([sets_of([0]), sets_of([1])])
    # 0.7 of class 0 in the first image, 0.2 of class 1 at the last pixel of the second.
    torch.testing.assert_close(prototypical_loss(logits, regions, sets), torch.tensor(-log(0.7 * 0.2) / 3))


def test_temperature_divides_logits() -> None:
    sharp = merged_positive_loss(LOGITS, REGIONS, sets_of([0], []), temperature=0.5)
    # Probabilities squared: 0.49 of 0.54, and 0.01 of 0.46.
    torch.testing.assert_close(sharp, torch.tensor(-(log(0.49 / 0.54) + log(0.01 / 0.46)) / 3))


def test_nothing_asked_is_a_loss_of_zero_that_can_be_differentiated() -> None:
    logits = LOGITS.clone().requires_grad_()
    found = SetPixels.of(logits, torch.full((1, 1, 3), -1), sets_of([]))
    loss = found.merged_positive() + found.prototypical()
    loss.backward()
    assert loss == 0
    assert logits.grad is not None
    assert not logits.grad.any()


@pytest.mark.parametrize(
    ("regions", "num_classes", "temperature", "message"),
    [
        (REGIONS[..., :2], 3, 1.0, "logits are .* regions"),
        (REGIONS, 5, 1.0, "sets have 5 classes, the logits 3"),
        (REGIONS, 3, 0.0, "temperature must be more than 0, not 0.0"),
    ],
)
def test_what_does_not_fit_is_refused(
    regions: torch.Tensor, num_classes: int, temperature: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        merged_positive_loss(LOGITS, regions, sets_of([0], [1], num_classes=num_classes), temperature)
