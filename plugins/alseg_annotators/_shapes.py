"""What people draw, as pixels: polygons, points and masks, painted in the order given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alseg import IGNORE_INDEX
from alseg.contracts.types import Size

REACH = 8
"""Pixels by which a point may miss a question of few pixels."""
FEW_PIXELS = 25
"""Most pixels of a question that a point in its neighbourhood answers."""


@dataclass(frozen=True)
class Patch:
    """An area of one class.

    Attributes:
        index: The class, 255 for void.
        top: First row.
        left: First column.
        mask: bool ``(h, w)``, within the image.
    """

    index: int
    top: int
    left: int
    mask: NDArray[np.bool_]


@dataclass(frozen=True)
class Point:
    """A point of one class: it answers the question that it lies in, or one of few pixels near by.

    Attributes:
        index: The class, 255 for void.
        y: Row.
        x: Column.
    """

    index: int
    y: int
    x: int


def polygon_patch(index: int, corners: NDArray[np.float64], size: Size) -> Patch:
    """Return the pixels whose centres lie within a polygon, by the even-odd rule.

    Args:
        index: The class.
        corners: float64 ``(n, 2)``, rows ``(x, y)`` in pixels, the image's corner at 0, 0.
        size: Height and width of the image.
    """
    height, width = size
    left = int(np.clip(np.floor(corners[:, 0].min()), 0, width))
    top = int(np.clip(np.floor(corners[:, 1].min()), 0, height))
    right = int(np.clip(np.ceil(corners[:, 0].max()), left, width))
    bottom = int(np.clip(np.ceil(corners[:, 1].max()), top, height))
    # Where an edge crosses the middle of a row, all pixels to its right change sides.
    flips = np.zeros((bottom - top, right - left + 1), np.uint8)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        low, high = min(y0, y1), max(y0, y1)
        rows = np.arange(max(top, int(np.ceil(low - 0.5))), min(bottom, int(np.ceil(high - 0.5))))
        if len(rows):
            crossing = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
            columns = np.clip(np.ceil(crossing - 0.5).astype(int) - left, 0, right - left)
            np.bitwise_xor.at(flips, (rows - top, columns), 1)
    mask = np.bitwise_xor.accumulate(flips, axis=1)[:, :-1].astype(bool)
    return Patch(index, top, left, mask)


def paint(
    shapes: Iterable[Patch | Point], footprint: NDArray[np.int32]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Paint shapes one after the other, the later over the earlier.

    Args:
        shapes: What one person has drawn.
        footprint: int32 ``(H, W)``, the question of each pixel, -1 where none is.

    Returns:
        uint8 ``(H, W)``, the classes, 255 where nothing is drawn; and bool ``(H, W)``, where something is.
    """
    label = np.full(footprint.shape, IGNORE_INDEX, np.uint8)
    drawn = np.zeros(footprint.shape, bool)
    sizes = np.bincount(footprint[footprint >= 0]) if (footprint >= 0).any() else np.zeros(0, int)
    for shape in shapes:
        if isinstance(shape, Patch):
            height, width = shape.mask.shape
            box = np.s_[shape.top : shape.top + height, shape.left : shape.left + width]
            label[box][shape.mask] = shape.index
            drawn[box][shape.mask] = True
        else:
            question = _question_at(shape, footprint, sizes)
            if question is not None:
                label[footprint == question] = shape.index
                drawn[footprint == question] = True
    return label, drawn


def _question_at(point: Point, footprint: NDArray[np.int32], sizes: NDArray[np.int_]) -> int | None:
    """Return the question that a point lies in, else the nearest of few pixels within reach."""
    if footprint[point.y, point.x] >= 0:
        return int(footprint[point.y, point.x])
    top, left = max(0, point.y - REACH), max(0, point.x - REACH)
    near = footprint[top : point.y + REACH + 1, left : point.x + REACH + 1]
    rows, columns = np.nonzero(near >= 0)
    best = None
    for row, column in zip(rows, columns, strict=True):
        question = int(near[row, column])
        distance = (int(row) + top - point.y) ** 2 + (int(column) + left - point.x) ** 2
        if (
            sizes[question] <= FEW_PIXELS
            and distance <= REACH**2
            and (best is None or (distance, question) < best)
        ):
            best = (distance, question)
    return None if best is None else best[1]
