"""The statistics of `alseg.toolkit.uncertainty` on the CPU: the same formulas, in NumPy, strip by strip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alseg.toolkit._kernels.strips import over_strips

_STRIP_ELEMENTS = 2**18


def fill(logits: NDArray[np.float32], maps: Mapping[str, NDArray[Any]]) -> None:
    """Compute maps of the logits.

    Args:
        logits: float32 ``(C, H, W)``.
        maps: The maps to fill, ``(H, W)`` each: float32 ``entropy``, ``confidence`` and ``margin``, uint8
            ``classes``; any of them.
    """
    num_classes, height, width = logits.shape
    rows = max(1, _STRIP_ELEMENTS // max(1, num_classes * width))

    def work(strips: Iterator[slice]) -> None:
        scratch = _Scratch(num_classes, min(rows, height), width)
        with np.errstate(invalid="ignore"):
            for strip in strips:
                _fill_strip(logits[:, strip], scratch, {name: values[strip] for name, values in maps.items()})

    over_strips(height, rows, work)


class _Scratch:
    """Working memory of one thread.

    Attributes:
        distance: float32 ``(C, rows, W)``.
        weight: float32 ``(C, rows, W)``.
        is_first: bool ``(C, rows, W)``.
        floor: float32 ``(rows, W)``, filled with the lowest logit distance that counts. A map, because NumPy
            does not vectorise the maximum with a scalar.
        rank: uint8 ``(C, 1, 1)``, from C for the first class down to 1.
    """

    def __init__(self, num_classes: int, rows: int, width: int) -> None:
        self.distance, self.weight = np.empty((2, num_classes, rows, width), np.float32)
        self.is_first = np.empty((num_classes, rows, width), np.bool_)
        self.floor = np.full((rows, width), -80, np.float32)
        self.rank = np.arange(num_classes, 0, -1, dtype=np.uint8)[:, None, None]


def _fill_strip(logits: NDArray[np.float32], scratch: _Scratch, maps: Mapping[str, NDArray[Any]]) -> None:
    """Compute the maps of one strip; the formulas and their reasons are in `alseg.toolkit.uncertainty`."""
    num_classes, rows = logits.shape[:2]
    distance, weight = scratch.distance[:, :rows], scratch.weight[:, :rows]
    is_first = scratch.is_first[:, :rows]
    np.subtract(logits, logits.max(axis=0), out=distance)
    if "classes" in maps:
        np.equal(distance, 0, out=is_first)
        ranks = is_first.view(np.uint8)
        np.multiply(ranks, scratch.rank, out=ranks)
        np.subtract(num_classes, np.maximum(ranks.max(axis=0), 1), out=maps["classes"], casting="unsafe")
    if maps.keys() <= {"classes"}:
        return
    np.maximum(distance, scratch.floor[:rows], out=distance)
    np.exp(distance, out=weight)
    total = weight.sum(axis=0)
    if "confidence" in maps:
        np.reciprocal(total, out=maps["confidence"])
    if "entropy" in maps:
        np.multiply(distance, weight, out=distance)
        np.subtract(np.log(total), distance.sum(axis=0) / total, out=maps["entropy"])
    if "margin" in maps:
        np.equal(weight, 1, out=is_first)
        np.subtract(weight, is_first, out=weight)
        second = weight.max(axis=0)
        second[is_first.sum(axis=0, dtype=np.uint8) > 1] = 1
        np.divide(1 - second, total, out=maps["margin"])
