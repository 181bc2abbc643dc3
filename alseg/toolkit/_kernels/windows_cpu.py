"""The window sums of `alseg.toolkit.windows` on the CPU: the same formulas, in NumPy, strip by strip."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from alseg.toolkit._kernels.doubling import sums_along
from alseg.toolkit._kernels.strips import over_strips

_STRIP_PIXELS = 2**16


def fill_mean(
    padded: NDArray[np.float32], area: NDArray[np.float32], window: tuple[int, int], mean: NDArray[np.float32]
) -> None:
    """Compute the mean over the window around each pixel.

    Args:
        padded: The map with zeros around it, as far as the window reaches.
        area: Pixels of each window that lie inside the map, ``(H, W)``.
        window: Height and width.
        mean: ``(H, W)``, filled here.
    """

    def work(strips: Iterator[slice]) -> None:
        for strip in strips:
            columns = sums_along(padded[strip.start : strip.stop + window[0] - 1], window[0], 0)
            np.divide(sums_along(columns, window[1], 1), area[strip], out=mean[strip])

    over_strips(len(mean), _rows(mean.shape[1], window), work)


def fill_impurity(
    padded: NDArray[np.uint8],
    area: NDArray[np.float32],
    window: tuple[int, int],
    impurity: NDArray[np.float32],
) -> None:
    """Compute the entropy of the class histogram of the window around each pixel.

    Args:
        padded: The class map with 255 around it, as far as the window reaches.
        area: Pixels of each window that lie inside the map, ``(H, W)``.
        window: Height and width.
        impurity: ``(H, W)``, filled here.
    """
    column_type = np.uint8 if window[0] < 2**8 else np.uint32
    count_type = np.uint16 if window[0] * window[1] < 2**16 else np.uint32
    height, width = impurity.shape
    rows = _rows(width, window)

    def work(strips: Iterator[slice]) -> None:
        share = np.empty((min(rows, height), width), np.float32)
        smallest = np.full_like(share, np.finfo(np.float32).tiny)
        logarithm = np.empty_like(share)
        for strip in strips:
            classes = padded[strip.start : strip.stop + window[0] - 1]
            size = strip.stop - strip.start
            p, log_p, entropy = share[:size], logarithm[:size], impurity[strip]
            entropy.fill(0)
            for index in np.flatnonzero(np.bincount(classes.reshape(-1), minlength=256)[:255]):
                is_class = np.equal(classes, np.uint8(index)).view(np.uint8)
                columns = sums_along(is_class.astype(column_type, copy=False), window[0], 0)
                counts = sums_along(columns.astype(count_type), window[1], 1)
                np.divide(counts, area[strip], out=p)
                np.log(np.maximum(p, smallest[:size], out=log_p), out=log_p)
                entropy -= np.multiply(p, log_p, out=log_p)

    over_strips(height, rows, work)


def _rows(width: int, window: tuple[int, int]) -> int:
    """Return the rows of a strip, many against those that it reads beyond: as many as the window is high."""
    return max(1, _STRIP_PIXELS // max(1, width), 2 * window[0])
