"""Made-up inputs of a real kind."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from alseg.contracts import IGNORE_INDEX, Size

NUM_CLASSES = 19
_STRIDE = 8


def smooth_logits(size: Size, seed: int = 0) -> torch.Tensor:
    """Return logits as a network gives them: computed at an eighth of the resolution and resized.

    Returns:
        float32 ``(19, H, W)``; some windows hold one class, others several.
    """
    generator = torch.Generator().manual_seed(seed)
    coarse = [max(2, math.ceil(side / _STRIDE)) for side in size]
    # A wide pattern decides on classes, a fine one blurs their borders.
    wide = torch.randn(1, NUM_CLASSES, *(max(2, side // 8) for side in coarse), generator=generator)
    fine = torch.randn(1, NUM_CLASSES, *coarse, generator=generator)
    mixed = 4 * F.interpolate(wide, size=coarse, mode="bilinear", align_corners=True) + fine
    return F.interpolate(mixed, size=size, mode="bilinear", align_corners=True)[0].contiguous()


def sparse_labels(labels: torch.Tensor, step: int = 8) -> torch.Tensor:
    """Return label maps of which one pixel in ``step * step`` is kept, as if bought, and 255 elsewhere.

    Args:
        labels: int64 ``(B, H, W)``.
        step: Pixels from one that is kept to the next.
    """
    sparse = torch.full_like(labels, IGNORE_INDEX)
    sparse[:, ::step, ::step] = labels[:, ::step, ::step]
    return sparse


def regions_per_round(size: Size) -> int:
    """Return the picks of RIPU's region-based acquisition per image and round: 1,026 at 1024 x 2048.

    2.2% of the pixels in five rounds, nine pixels a pick.
    """
    return math.ceil(size[0] * size[1] * 0.022 / 5 / 9)


def pixels_per_round(size: Size) -> int:
    """Return the picks of RIPU's pixel-based acquisition per image and round: 21 at 1024 x 2048.

    40 of 640 x 1280 pixels in five rounds, in proportion.
    """
    return math.ceil(40 / 5 / (640 * 1280) * size[0] * size[1])


def spread_positions(size: Size, count: int, radius: int, seed: int = 0) -> NDArray[np.int32]:
    """Return positions of windows that do not overlap and lie inside the map, int32 ``(count, 2)``.

    Raises:
        ValueError: If there is no room for so many.
    """
    pitch = 2 * radius + 1
    rows, columns = size[0] // pitch, size[1] // pitch
    if count > rows * columns:
        raise ValueError(f"no room for {count} windows of radius {radius} in {size}")
    cells = np.random.default_rng(seed).permutation(rows * columns)[:count]
    return (np.stack(np.divmod(cells, columns), axis=1) * pitch + radius).astype(np.int32)
