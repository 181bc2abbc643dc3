"""Squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alseg.contracts import Side

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Grid:
    """Squares in rows and columns from the upper left corner.

    Attributes:
        side: Of a square, in pixels of the label map.
    """

    side: Side = 64

    def regions(
        self, image: NDArray[np.uint8], image_id: str, generator: torch.Generator
    ) -> NDArray[np.int32]:
        """Return the square of each pixel, int32 ``(H, W)``, row after row."""
        height, width = image.shape[:2]
        rows, columns = np.arange(height) // self.side, np.arange(width) // self.side
        return (rows[:, None] * (columns[-1] + 1) + columns).astype(np.int32)
