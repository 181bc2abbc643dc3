"""Tables of noise, made by integer arithmetic once per process."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from alseg_streets.stream import Stream

SIDE = 256
"""Both tables are square with this side and repeat without a seam."""


@lru_cache(maxsize=1)
def grain_table() -> NDArray[np.float32]:
    """Return fine noise for surfaces: float32 ``(256, 256)`` in about [-1, 1], mean about 0."""
    return _table(((256, 3), (128, 3), (64, 2)), stream=1)


@lru_cache(maxsize=1)
def cloud_table() -> NDArray[np.float32]:
    """Return smooth noise for clouds and clumps: float32 ``(256, 256)`` in about [-1, 1], mean about 0."""
    return _table(((8, 6), (16, 5), (32, 3), (64, 2), (128, 1)), stream=2)


def _table(octaves: tuple[tuple[int, int], ...], stream: int) -> NDArray[np.float32]:
    """Add up octaves of value noise, given as (cells per side, weight)."""
    numbers = Stream(71_993, stream)
    total = np.zeros((SIDE, SIDE), np.int64)
    for cells, weight in octaves:
        total += weight * _enlarge(numbers.octets(cells, cells).astype(np.int64) << 12)
    centred = total - int(total.sum()) // total.size
    # The 2nd largest magnitudes of a sum of uniforms are rare: 2/3 of the largest spans nearly all values.
    table = centred.astype(np.float32) / np.float32(int(np.abs(centred).max()) * 2 // 3)
    table.setflags(write=False)
    return table


def _enlarge(grid: NDArray[np.int64]) -> NDArray[np.int64]:
    """Double a grid, blending linearly and around the edges, until its side is 256."""
    while len(grid) < SIDE:
        for axis in (0, 1):
            between = (grid + np.roll(grid, -1, axis)) >> 1
            grid = np.stack((grid, between), axis + 1).reshape(
                [2 * n if a == axis else n for a, n in enumerate(grid.shape)]
            )
    return grid
