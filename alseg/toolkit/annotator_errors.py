"""The errors of a simulated annotator: wrong classes and inexact borders.

They depend on the image and the place of the question alone: neither on rounds, nor on the order or the
number of questions, nor on the seed of a run, so that all runs ask the same annotator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray

from alseg.contracts import Share, Size
from alseg.seeding import derive

_CELL = 8
"""Distance between the points at which shifts are drawn, in multiples of the largest shift: between them,
shifts change so slowly that borders bend and do not tear."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class AnnotatorErrors:
    """How an annotator errs.

    Attributes:
        confusion: Share of the classes said that are wrong, 0 to 1, drawn for each question and class. A
            wrong one is any other class of the label space; void is never mistaken.
        boundary: Pixels, at most, by which borders are off along each axis.
    """

    confusion: Share = 0.0
    boundary: Annotated[int, Interval(ge=0, le=64)] = 0

    def looked_at(self, places: NDArray[np.int64], size: Size, image_id: str) -> NDArray[np.int64]:
        """Return the pixels that the annotator takes for those asked about.

        Args:
            places: int64 ``(m,)``, ``y * width + x``.
            size: Height and width of the label map.
            image_id: The image.

        Returns:
            int64 ``(m,)``, places in the label map, at most `boundary` rows and columns off.
        """
        if not self.boundary:
            return places
        cell = _CELL * self.boundary
        points = (2, *(-(-side // cell) + 1 for side in size))
        drawn = np.random.default_rng(derive("annotator-boundary", image_id))
        shifts = drawn.uniform(-self.boundary, self.boundary, points)
        rows, columns = np.divmod(places, size[1])
        down, right = (_between(shift, rows / cell, columns / cell) for shift in shifts)
        rows = np.clip(rows + down, 0, size[0] - 1)
        return rows * size[1] + np.clip(columns + right, 0, size[1] - 1)

    def spoken(self, positions: NDArray[np.int32], num_classes: int, image_id: str) -> NDArray[np.int64]:
        """Return the class that the annotator says of each question in place of each class.

        Args:
            positions: int32 ``(n, 2)`` rows ``(y, x)``.
            num_classes: Of the label space, ``C``.
            image_id: The image.

        Returns:
            int64 ``(n, C + 1)``, void last.
        """
        meant = spoken_without_errors(len(positions), num_classes)
        if not self.confusion or num_classes < 2:
            return meant
        chance, choice = _drawn(positions, num_classes, derive("annotator-confusion", image_id))
        others = 1 + (choice * (num_classes - 1)).astype(np.int64)
        said, right = meant.copy(), meant[:, :-1]
        said[:, :-1] = np.where(chance < self.confusion, (right + others) % num_classes, right)
        return said


def spoken_without_errors(count: int, num_classes: int) -> NDArray[np.int64]:
    """Return the class said of each question in place of each class: that one, int64 ``(n, C + 1)``.

    Args:
        count: Number of questions, n.
        num_classes: C; the last column is that of void.
    """
    return np.broadcast_to(np.arange(num_classes + 1), (count, num_classes + 1))


def _between(
    shift: NDArray[np.float64], rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return shifts between points by bilinear interpolation, rounded, int64 ``(m,)``."""
    top, left = rows.astype(np.int64), columns.astype(np.int64)
    y, x = rows - top, columns - left
    upper = shift[top, left] * (1 - x) + shift[top, left + 1] * x
    lower = shift[top + 1, left] * (1 - x) + shift[top + 1, left + 1] * x
    rounded: NDArray[np.int64] = np.rint(upper * (1 - y) + lower * y).astype(np.int64)
    return rounded


def _drawn(
    positions: NDArray[np.int32], num_classes: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two random numbers, 0 to 1, for each question and class, float64 ``(n, C)`` each."""
    rows, columns = positions.astype(np.uint64).T
    of_question = _mixed(np.uint64(seed) + _GOLDEN * (rows << np.uint64(32) | columns))
    first = _mixed(of_question[:, None] + _GOLDEN * np.arange(1, num_classes + 1, dtype=np.uint64))
    second = _mixed(first + _GOLDEN)
    return _as_share(first), _as_share(second)


def _as_share(bits: NDArray[np.uint64]) -> NDArray[np.float64]:
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return random bits for each state, uint64 of the same shape.

    Source:
        SplitMix64, Steele et al., OOPSLA 2014. NumPy's generators have one state each; here each question has
        its own.
    """
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
