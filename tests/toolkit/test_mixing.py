from __future__ import annotations

import re

import pytest
import torch

from alseg.toolkit.mixing import class_mask, class_masks, draw_classes, paste

LABELS = torch.tensor([[[0, 0, 1], [2, 255, 1]], [[3, 3, 3], [3, 3, 3]]])


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    # Of n classes, void included, (n + 1) // 2.
    ("labels", "count"),
    [([5], 1), ([5, 7], 1), ([5, 7, 255], 2), ([0, 1, 2, 255], 2), ([], 0)],
)
def test_half_of_the_classes_are_drawn_void_among_them(labels: list[int], count: int) -> None:
    drawn = draw_classes(torch.tensor(labels, dtype=torch.int64), generator()).tolist()
    assert len(drawn) == len(set(drawn)) == count
    assert set(drawn) <= set(labels)


def test_every_class_is_drawn_as_often() -> None:
    labels, random = torch.tensor([0, 0, 0, 0, 0, 9]), generator()
    drawn = [draw_classes(labels, random).item() for _ in range(400)]
    # One of two classes, however many pixels it has: 200 expected, standard deviation 10.
    assert 150 < drawn.count(9) < 250


def test_a_mask_covers_the_pixels_of_its_classes() -> None:
    mask = class_mask(LABELS[0], torch.tensor([255, 0, 17]))
    assert mask.tolist() == [[True, True, False], [False, True, False]]


def test_classes_are_drawn_from_the_image_or_from_the_whole_batch() -> None:
    of_image = [class_masks(LABELS, generator(seed), "image") for seed in range(20)]
    # The second image has one class, which is half of its classes, rounded up.
    assert all(masks[1].all() for masks in of_image)
    # Of four classes of the first image two are drawn.
    assert all(len(LABELS[0][masks[0]].unique()) == 2 for masks in of_image)
    of_batch = [class_masks(LABELS, generator(seed), "batch") for seed in range(20)]
    # Three of the batch's five classes: sometimes that of the second image, sometimes not.
    assert {bool(masks[1].any()) for masks in of_batch} == {True, False}
    assert of_batch[0].shape == LABELS.shape and of_batch[0].dtype == torch.bool


def test_whatever_belongs_to_pixels_moves_along() -> None:
    mask = class_mask(LABELS, torch.tensor([1, 3]))
    pictures = torch.rand((2, 2, 3, 2, 3), generator=generator())
    weights = torch.stack([torch.ones(2, 2, 3), torch.full((2, 2, 3), 0.25)])
    regions = torch.stack([torch.full((2, 2, 3), 7), torch.full((2, 2, 3), -1)])
    images, weight, region = (paste(mask, pasted, under) for pasted, under in (pictures, weights, regions))
    assert torch.equal(images[0, :, 0, 2], pictures[0, 0, :, 0, 2])
    assert torch.equal(images[0, :, 0, 0], pictures[1, 0, :, 0, 0])
    assert torch.equal(images[1], pictures[0, 1])
    assert weight[0].tolist() == [[0.25, 0.25, 1], [0.25, 0.25, 1]]
    assert region[0].tolist() == [[-1, -1, 7], [-1, -1, 7]] and region.dtype == torch.int64


def test_what_does_not_belong_together_is_refused() -> None:
    message = "a mask (2, 2, 3) cannot mix (2, 3, 2, 3) with (2, 3, 2, 4)"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        paste(torch.zeros((2, 2, 3), dtype=torch.bool), torch.zeros(2, 3, 2, 3), torch.zeros(2, 3, 2, 4))
    with pytest.raises(ValueError, match="cannot mix"):
        paste(torch.zeros((1, 2, 3), dtype=torch.bool), torch.zeros(2, 3, 2, 3), torch.zeros(2, 3, 2, 3))
