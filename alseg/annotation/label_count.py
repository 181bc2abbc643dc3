"""Label maps counted: what training can use of them, and what outlining all of them would have cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import IGNORE_INDEX, Cost, Size
from alseg.toolkit.clicks import clicks_per_outline
from alseg.toolkit.imaging import resize_label_nearest, resize_label_points


@dataclass(frozen=True)
class LabelCount:
    """Pixels of a label map.

    Attributes:
        trained: Labelled pixels that remain at the size of training.
        classes: int64 ``(255,)``, pixels of each class at native size, without void.
    """

    trained: int
    classes: NDArray[np.int64]


@dataclass(frozen=True)
class TrainingResize:
    """How label maps are resized for training.

    Attributes:
        size: Height and width; None for the native size.
        keeps_points: Whether a resize keeps every labelled pixel (`resize_label_points`) or samples a grid.
    """

    size: Size | None
    keeps_points: bool

    def resized(self, label: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
        """Return a label map, uint8 ``(H, W)``, at another size, uint8 of ``size``; 255 is void."""
        return (resize_label_points if self.keeps_points else resize_label_nearest)(label, size)

    def count(self, label: NDArray[np.uint8]) -> LabelCount:
        """Return what training can use of a label map, uint8 ``(H, W)``; 255 is void."""
        trained = self.resized(label, self.size or (label.shape[0], label.shape[1]))
        histogram = np.bincount(label.reshape(-1), minlength=IGNORE_INDEX + 1)[:IGNORE_INDEX]
        return LabelCount(int(np.count_nonzero(trained != IGNORE_INDEX)), histogram.astype(np.int64))


@dataclass(frozen=True)
class FullCount:
    """All label maps of a data set.

    Attributes:
        cost: Their price: clicks are the corners of outlines.
        classes: int64 ``(255,)``, pixels of each class, without void.
    """

    cost: Cost
    classes: NDArray[np.int64]


def count_everything(
    labels: Iterable[tuple[NDArray[np.uint8], bool]], resize: TrainingResize, outline_tolerance: float
) -> FullCount:
    """Count all label maps of a data set.

    Args:
        labels: uint8 ``(H, W)`` each, 255 for void, and whether training sees it.
        resize: How label maps are resized for training.
        outline_tolerance: Pixels by which outlines may miss the label maps.
    """
    pixels = valid = trained = clicks = images = 0
    classes = np.zeros(IGNORE_INDEX, np.int64)
    for label, is_trained in labels:
        count = resize.count(label)
        pixels += label.size
        valid += int(np.count_nonzero(label != IGNORE_INDEX))
        trained += count.trained if is_trained else 0
        clicks += clicks_per_outline(label, outline_tolerance)
        classes += count.classes
        images += 1
    cost = Cost(pixels=pixels, valid_pixels=valid, trained_pixels=trained, clicks=clicks, images=images)
    return FullCount(cost, classes)
