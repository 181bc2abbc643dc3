"""Marks what was picked on a photograph, at the size in which it is shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from alseg.contracts import Size
from alseg.inspection.pictures import grown


def resized(photograph: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """Return a photograph, uint8 RGB ``(H, W, 3)``, at another size."""
    picture = Image.fromarray(photograph)
    return np.array(picture.resize((size[1], size[0]), Image.Resampling.LANCZOS, reducing_gap=2.0))


def at_size(mask: NDArray[np.bool_], size: Size) -> NDArray[np.bool_]:
    """Return a mask, bool ``(H, W)``, at another size; what would be hard to see has become larger.

    Where it shrinks, no True is lost. Dots and lines of one or two pixels become wider by one to each side.
    """
    result = np.zeros(size, np.bool_)
    rows, columns = np.nonzero(mask)
    if size[0] > mask.shape[0]:
        result = mask[np.arange(size[0]) * mask.shape[0] // size[0]][
            :, np.arange(size[1]) * mask.shape[1] // size[1]
        ]
    else:
        result[rows * size[0] // mask.shape[0], columns * size[1] // mask.shape[1]] = True
    thick = grown(~grown(~result, 1), 1)
    return result | grown(result & ~thick, 1)


def dimmed_with(
    photograph: NDArray[np.uint8], layers: Sequence[tuple[NDArray[np.bool_], tuple[float, float, float]]]
) -> NDArray[np.uint8]:
    """Return a grey, dim photograph with masks in colours on it.

    Args:
        photograph: uint8 RGB ``(H, W, 3)``.
        layers: Masks, bool ``(H, W)``, each with its colour, RGB in 0-1; later ones cover earlier ones.
    """
    picture = np.repeat(photograph.mean(axis=2, keepdims=True) * 0.55 + 10, 3, axis=2)
    for mask, color in layers:
        picture[mask] = 255 * np.array(color)
    return picture.round().clip(0, 255).astype(np.uint8)
