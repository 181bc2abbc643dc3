"""What is laid before people: the network's classes of what is asked about."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alseg import IGNORE_INDEX
from alseg.contracts.annotating import Question
from alseg.contracts.annotation import AnswerKind

_LEAST_SHARE = 0.05
"""Share of a question's pixels below which a predicted class is not proposed for a set of classes."""


def proposed_classes(
    kind: AnswerKind, question: Question, prediction: NDArray[np.uint8] | None, mask: NDArray[np.bool_]
) -> list[int]:
    """Return the classes to propose where an answer names classes; most frequent first.

    Args:
        kind: What is to be said.
        question: Whose ``proposed`` counts where answers are corrections.
        prediction: uint8 ``(H, W)``; without it nothing else is proposed.
        mask: bool ``(H, W)``, the question's pixels.
    """
    if question.proposed is not None:
        return [question.proposed]
    if prediction is None:
        return []
    classes, counts = np.unique(prediction[mask], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    if kind != "classes":
        return [int(classes[order[0]])]
    return [int(classes[place]) for place in order if counts[place] >= _LEAST_SHARE * counts.sum()]


def proposed_areas(
    footprint: NDArray[np.int32], prediction: NDArray[np.uint8]
) -> tuple[list[tuple[int, NDArray[np.bool_]]], list[tuple[int, int, int]]]:
    """Return what to propose where the class of every pixel is asked for.

    Args:
        footprint: int32 ``(H, W)``, the question of each pixel, -1 where none is.
        prediction: uint8 ``(H, W)``.

    Returns:
        For each class its index and mask, bool ``(H, W)``, within the questions; and class, y and x of
        questions about one pixel, which the masks leave out.
    """
    sizes = np.bincount(footprint[footprint >= 0])
    of_one_pixel = np.isin(footprint, np.flatnonzero(sizes == 1))
    in_areas = np.where((footprint >= 0) & ~of_one_pixel, prediction, np.uint8(IGNORE_INDEX))
    classes = np.unique(in_areas[in_areas != IGNORE_INDEX])
    points = [(int(prediction[y, x]), int(y), int(x)) for y, x in np.argwhere(of_one_pixel)]
    return [(int(index), in_areas == index) for index in classes], points
