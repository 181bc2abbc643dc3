"""What answers cost: clicks, counted from what the annotator had to say."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import AnnotationMode, Answers, RegionAnnotationMode

_OUTLINED: dict[tuple[bytes, tuple[int, ...], float], int] = {}
"""Clicks of label maps outlined in this process: seeds and methods share them, and each takes a while."""


def price_of(answers: Answers, mode: AnnotationMode | RegionAnnotationMode) -> NDArray[np.int64]:
    """Return what an annotation mode takes for answers, in clicks, int64 ``(n,)``.

    Args:
        answers: The answers.
        mode: The annotation mode that was asked with.

    Raises:
        ValueError: If that is no price.
    """
    clicks = np.asarray(mode.clicks(answers))
    if clicks.shape != (answers.count,) or clicks.dtype.kind not in "iu" or (clicks < 1).any():
        raise ValueError(
            f"The annotation mode must return at least 1 click for each of {answers.count} answers, as "
            f"integers; it returned {clicks}."
        )
    return clicks.astype(np.int64)


def clicks_per_class(answers: Answers) -> NDArray[np.int64]:
    """Return one click for each class that an answer holds, int64 ``(n,)``.

    Void is a class here: an annotator who finds nothing of the label space in a window says so with a click.
    So one class for a whole question is one click, a set of three is three, and yes is a click like another
    class.

    Args:
        answers: To ``n`` questions about one image.
    """
    if answers.sets is not None:
        named: NDArray[np.int64] = answers.sets.sum(axis=1, dtype=np.int64)
        return named
    said = np.unique(answers.questions * 256 + answers.classes)
    return np.bincount(said // 256, minlength=answers.count)


def clicks_per_outline(label: NDArray[np.uint8], tolerance: float) -> int:
    """Return how many corners the polygons have that outline everything in a label map.

    Every connected region of one class, void included, is outlined by one closed polygon, which no pixel of
    its border is farther from than the tolerance (Douglas-Peucker; corners are centres of border pixels). A
    hole costs nothing of its own: what fills it has an outline, drawn on top. A region too small or too thin
    for a polygon is a line of two corners or a single one, so every region costs at least one click.

    Args:
        label: uint8 ``(H, W)``, 255 for void.
        tolerance: Pixels, at least 0.
    """
    digest = hashlib.blake2b(label.tobytes(), digest_size=16).digest()
    key = (digest, label.shape, tolerance)
    if key not in _OUTLINED:
        _OUTLINED[key] = _count_corners(label, tolerance)
    return _OUTLINED[key]


def _count_corners(label: NDArray[np.uint8], tolerance: float) -> int:
    import cv2  # takes 0.1 s, and most commands outline nothing

    corners = 0
    for value in np.flatnonzero(np.bincount(label.reshape(-1), minlength=256)):
        region = (label == value).astype(np.uint8)
        borders, hierarchy = cv2.findContours(region, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        for border, (_, _, _, parent) in zip(borders, hierarchy[0], strict=True):
            if parent < 0:  # the others are borders of holes
                corners += len(cv2.approxPolyDP(border, tolerance, closed=True))
    return corners
