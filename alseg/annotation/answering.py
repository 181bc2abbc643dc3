"""What an annotator says of questions about one image, from the classes of its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import IGNORE_INDEX, AnswerKind

_TRIM = 2
"""Pixels from the border of a question that count for no set: borders of regions miss those of objects."""


@dataclass(frozen=True)
class Said:
    """What is known of an image once its questions are answered.

    Attributes:
        footprint: int32 ``(H, W)``: the question that reveals each pixel, -1 where none does.
        label: uint8 ``(H, W)``: the class that the answers give to each pixel; 255 for void, where nothing
            was asked, and where a set leaves several classes possible.
        sets: bool ``(n, C + 1)``: the classes that each answer names, void last; None where every pixel has
            its own class and nobody wants the sets.
    """

    footprint: NDArray[np.int32]
    label: NDArray[np.uint8]
    sets: NDArray[np.bool_] | None


class Seen(NamedTuple):
    """The pixels that questions are about, as an annotator sees them.

    Attributes:
        places: int64 ``(m,)``, ``y * width + x``, increasing.
        questions: int64 ``(m,)``, the question that each belongs to, from 0 to ``n - 1``.
        columns: int64 ``(m,)``, the class of each from 0 to ``C - 1``, and ``C`` for void.
    """

    places: NDArray[np.int64]
    questions: NDArray[np.int64]
    columns: NDArray[np.int64]


def seen_in(footprint: NDArray[np.int32], classes: NDArray[np.uint8], num_classes: int) -> Seen:
    """Return the pixels that questions are about.

    Args:
        footprint: int32 ``(H, W)``: the question that reveals each pixel, -1 where none does.
        classes: uint8 ``(m,)``: the class of each pixel that is not -1, row after row, 255 for void.
        num_classes: Of the label space, ``C``.
    """
    places = np.flatnonzero(footprint >= 0)
    columns = classes.astype(np.int64)
    columns[classes == IGNORE_INDEX] = num_classes
    return Seen(places, footprint.reshape(-1)[places].astype(np.int64), columns)


def answered(
    kind: AnswerKind,
    footprint: NDArray[np.int32],
    seen: Seen,
    spoken: NDArray[np.int64],
    *,
    wants_sets: bool = False,
) -> Said:
    """Return what an annotator says of questions about one image.

    An answer depends on the pixels of its question alone, not on what else is asked.

    Args:
        kind: What is said of a question. ``pixels``: the class of each of its pixels. ``dominant``: the class
            of most of its pixels, void being one and the smaller of equally frequent ones; all its pixels get
            it. ``correction``: the same, since yes to a proposal and another class lead there both.
            ``classes``: the set of classes in it, void being one. Pixels within 2 of the border of the
            question do not count for the set, unless there are no others; the border of the image is none.
            All pixels get the class of a set of one.
        footprint: int32 ``(H, W)``: the question that reveals each pixel, -1 where none does.
        seen: Its pixels.
        spoken: int64 ``(n, C + 1)``: the class that the annotator says of each question in place of each
            class, void last; without errors, that class.
        wants_sets: Whether the sets are wanted of single pixels, too.

    Source:
        Hwang et al., NeurIPS 2023, arXiv:2309.09319, for sets of classes and their trimming.
    """
    count, columns = spoken.shape
    label = np.full(footprint.shape, IGNORE_INDEX, np.uint8)
    if kind == "pixels":
        said = spoken[seen.questions, seen.columns]
        label.reshape(-1)[seen.places] = _as_classes(said, columns - 1)
        return Said(footprint, label, _counted(seen, said, count, columns) > 0 if wants_sets else None)
    counts = _counted(seen, seen.columns, count, columns)
    if kind == "classes":
        meant = _trimmed(footprint, seen, counts)
    else:
        meant = np.zeros(counts.shape, np.bool_)
        asked = np.flatnonzero(counts.any(axis=1))
        meant[asked, counts[asked].argmax(axis=1)] = True
    sets = np.zeros(meant.shape, np.bool_)
    questions, classes = np.nonzero(meant)
    sets[questions, spoken[questions, classes]] = True
    return said_in_sets(footprint, sets)


def said_in_sets(footprint: NDArray[np.int32], sets: NDArray[np.bool_]) -> Said:
    """Return what is known of an image where every answer names a set of classes.

    Args:
        footprint: int32 ``(H, W)``: the question that reveals each pixel, -1 where none does.
        sets: bool ``(n, C + 1)``: the classes that each answer names, void last.
    """
    num_classes = sets.shape[1] - 1
    label = np.full(footprint.shape, IGNORE_INDEX, np.uint8)
    places = np.flatnonzero(footprint >= 0)
    only = np.where(sets.sum(axis=1) == 1, sets.argmax(axis=1), num_classes)
    label.reshape(-1)[places] = _as_classes(only, num_classes)[footprint.reshape(-1)[places]]
    return Said(footprint, label, sets)


def _as_classes(columns: NDArray[np.int64], num_classes: int) -> NDArray[np.uint8]:
    """Return columns as classes, uint8 of the same shape, void as 255."""
    return np.where(columns == num_classes, IGNORE_INDEX, columns).astype(np.uint8)


def _counted(seen: Seen, said: NDArray[np.int64], count: int, columns: int) -> NDArray[np.int64]:
    """Return how many pixels of each question have each class, int64 ``(count, columns)``."""
    return np.bincount(seen.questions * columns + said, minlength=count * columns).reshape(count, columns)


def _trimmed(footprint: NDArray[np.int32], seen: Seen, counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the classes of each question but those at its border only, bool ``(n, C + 1)``."""
    from scipy import ndimage  # most questions want no sets

    lowest, highest = (
        found(footprint, size=2 * _TRIM + 1, mode="nearest")
        for found in (ndimage.minimum_filter, ndimage.maximum_filter)
    )
    inner = (lowest == highest).reshape(-1)[seen.places]
    kept = Seen(seen.places[inner], seen.questions[inner], seen.columns[inner])
    of_inner = _counted(kept, kept.columns, *counts.shape)
    has_inner = of_inner.any(axis=1, keepdims=True)
    trimmed: NDArray[np.bool_] = np.where(has_inner, of_inner, counts) > 0
    return trimmed
