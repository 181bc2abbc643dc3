"""Picks of several images as arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Picks
from alseg.system.archives import names_of

PICK_ARRAYS = ("image_ids", "counts", "positions", "scores", "pixels", "proposed")
"""Names of the arrays."""


def arrays_of(picks: Mapping[str, Picks]) -> dict[str, Any]:
    """Return picks as arrays, by the names of `PICK_ARRAYS`.

    Args:
        picks: Image id to picks; all have proposed classes, or none has.
    """
    every = list(picks.values())
    return {
        "image_ids": np.array(list(picks), np.str_),
        "counts": np.array([len(each) for each in every], np.int64),
        "positions": np.concatenate([np.zeros((0, 2), np.int32), *(each.positions for each in every)]),
        "scores": np.concatenate([np.zeros(0, np.float32), *(each.scores for each in every)]),
        "pixels": np.concatenate([np.zeros(0, np.int64), *(each.pixels for each in every)]),
        "proposed": np.concatenate(
            [np.zeros(0, np.uint8), *(each.proposed for each in every if each.proposed is not None)]
        ),
    }


def picks_of(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Picks]:
    """Return image id to picks.

    Args:
        arrays: As `arrays_of` returns them; others are passed over.

    Raises:
        KeyError: If one is missing.
        ValueError: If they do not fit each other.
    """
    ids, counts = names_of(arrays["image_ids"]), arrays["counts"]
    stops = np.cumsum(counts)[:-1]
    total = int(counts.sum())
    columns: list[NDArray[Any]] = [
        arrays["positions"].astype(np.int32),
        arrays["scores"].astype(np.float32),
        arrays["pixels"].astype(np.int64),
    ]
    if len(arrays["proposed"]):  # empty where nothing was proposed
        columns.append(arrays["proposed"].astype(np.uint8))
    if len(set(ids)) != len(counts) or (counts < 0).any() or any(len(each) != total for each in columns):
        raise ValueError("picks of different lengths")
    if columns[0].shape != (total, 2) or (columns[0] < 0).any():
        raise ValueError("positions that are none")
    split = [np.split(column, stops) for column in columns] if len(counts) else []
    return {image_id: Picks(*each) for image_id, *each in zip(ids, *split, strict=True)} if split else {}
