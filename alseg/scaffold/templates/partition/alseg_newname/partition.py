"""Regions around random points. Torch is imported when regions are computed, not when plugins are listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
from alseg.contracts import Interval
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class NewnamePartition:
    """Each pixel belongs to the nearest of some points of the image.

    Attributes:
        cells: Points, at most as many as the image has pixels.
    """

    cells: Annotated[int, Interval(ge=1, le=1_000_000)] = 100

    def regions(
        self, image: NDArray[np.uint8], image_id: str, generator: torch.Generator
    ) -> NDArray[np.int32]:
        """Return the cell of each pixel.

        Args:
            image: uint8 RGB ``(H, W, 3)`` at label size; only its size is looked at.
            image_id: The data set's name for the image, for regions that are read from files.
            generator: Seeded for the image, so that the same image gives the same regions.

        Returns:
            int32 ``(H, W)``, ids 0 to R - 1, each of them used.
        """
        import torch
        from scipy.spatial import cKDTree

        height, width = image.shape[:2]
        count = min(self.cells, height * width)
        places = torch.randperm(height * width, generator=generator)[:count].numpy()
        points = np.stack(np.divmod(places, width), axis=1)
        pixels = np.indices((height, width)).reshape(2, -1).T
        _, nearest = cKDTree(points).query(pixels)
        return np.asarray(nearest, np.int32).reshape(height, width)
