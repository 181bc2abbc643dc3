"""Masks of CVAT: lengths of runs in a box, row after row, that of pixels outside the mask first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alseg_annotators._place import AGAIN, Place

_MOST_DIGITS = 10


def encode_runs(mask: NDArray[np.bool_]) -> str:
    """Return a mask as CVAT writes it, such as ``0, 3, 5`` for three pixels of eight."""
    values = np.concatenate([[False], mask.ravel()])
    edges = np.flatnonzero(values[1:] != values[:-1])
    runs = np.diff(np.concatenate([[0], edges, [mask.size]]))
    return ", ".join(map(str, runs))


def decode_runs(text: str, height: int, width: int, place: Place) -> NDArray[np.bool_]:
    """Return the mask, bool ``(height, width)``.

    Raises:
        AnswerFileError: If the runs are no numbers, or fewer or more than the box has pixels.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) <= _MOST_DIGITS for part in parts):
        raise place.error("the runs of the mask are no whole numbers.", AGAIN)
    runs = np.array([int(part) for part in parts], np.int64)
    total = sum(int(part) for part in parts)
    if total != height * width:
        raise place.error(
            f"the mask has {total:,} pixels, not the {height * width:,} of its box.",
            AGAIN,
        )
    inside = np.arange(len(runs)) % 2 == 1
    return np.repeat(inside, runs).reshape(height, width)
