"""Squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alseg.contracts import Side, Size

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
        return self.squares((image.shape[0], image.shape[1]))

    def squares(self, size: Size) -> NDArray[np.int32]:
        """Return the square of each pixel of a map of a size, int32 ``(H, W)``, row after row."""
        rows, columns = np.arange(size[0]) // self.side, np.arange(size[1]) // self.side
        squares: NDArray[np.int32] = (rows[:, None] * (columns[-1] + 1) + columns).astype(np.int32)
        return squares
