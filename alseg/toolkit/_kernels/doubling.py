"""Sums of neighbours by doubling, for arrays of both NumPy and torch."""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from numpy.typing import NDArray

Map = TypeVar("Map", torch.Tensor, NDArray[Any])


def sums_along(values: Map, length: int, axis: int) -> Map:
    """Return sums of ``length`` neighbours along an axis of a map, which gets shorter by ``length - 1``.

    A sum over 2m neighbours is a sum over m neighbours plus the same sum m places further on, so that any
    length takes about ``2 log2(length)`` additions of maps. Equal neighbours give equal sums, whatever lies
    around them.

    Args:
        values: ``(H, W)``, of a dtype that holds the sums.
        length: At least 1 and at most the map's length along the axis.
        axis: 0 or 1.
    """
    kept = values.shape[axis] - length + 1
    total: Map | None = None
    done, span, span_sums = 0, 1, values
    while True:
        if length & span:
            part = _cut(span_sums, done, done + kept, axis)
            total = part if total is None else total + part
            done += span
        if done == length:
            assert total is not None
            return total
        shorter = span_sums.shape[axis] - span
        span_sums = _cut(span_sums, 0, shorter, axis) + _cut(span_sums, span, span + shorter, axis)
        span *= 2


def _cut(values: Map, start: int, stop: int, axis: int) -> Map:
    return values[start:stop] if axis == 0 else values[:, start:stop]
