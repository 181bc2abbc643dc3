"""Some images of a split as a data set of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Dataset, Size


class Subset:
    """Some images of a split; it has no labels to give.

    Args:
        dataset: The split.
        indices: The images, in the order wanted.
    """

    def __init__(self, dataset: Dataset, indices: Sequence[int]) -> None:
        self._dataset = dataset
        self._indices = tuple(indices)

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._indices)

    def image_id(self, index: int) -> str:
        """Return the image's name."""
        return self._dataset.image_id(self._indices[index])

    def size(self, index: int) -> Size:
        """Return height and width of the label map."""
        return self._dataset.size(self._indices[index])

    def image(self, index: int) -> NDArray[np.uint8]:
        """Return the RGB image, uint8 ``(H, W, 3)``."""
        return self._dataset.image(self._indices[index])

    def label(self, index: int) -> NDArray[np.uint8]:
        """Refuse: who asks a network about some images needs no labels.

        Raises:
            ValueError: Always.
        """
        raise ValueError(f"a subset has no labels, image {index} was asked for")


def evenly(count: int, wanted: int) -> list[int]:
    """Return at most ``wanted`` of the numbers below ``count``, spread evenly from the first on."""
    wanted = min(count, wanted)
    return [number * count // wanted for number in range(wanted)]
