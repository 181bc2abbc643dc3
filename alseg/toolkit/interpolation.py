"""Values of a coarse map at pixels of the map resized, without resizing all of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from alseg.contracts import Size

Window = tuple[slice, slice]
"""Rows and columns of a rectangle, each from a start to a stop."""


@dataclass(frozen=True)
class _Axis:
    """For places on a fine axis the cells before and after them, and how near the latter is, 0 to 1."""

    before: torch.Tensor
    after: torch.Tensor
    share: torch.Tensor

    @classmethod
    def of(cls, places: torch.Tensor, fine: int, coarse: int) -> _Axis:
        position = places.double() * ((coarse - 1) / max(1, fine - 1))
        before = position.long().clamp(max=coarse - 1)
        return cls(before, (before + 1).clamp(max=coarse - 1), (position - before).float())


def values_at(features: torch.Tensor, places: torch.Tensor, size: Size) -> torch.Tensor:
    """Return features at some pixels of the map resized (bilinear, corners aligned).

    Args:
        features: float ``(D, h, w)``.
        places: int64 ``(n, 2)``, pixels ``(y, x)``.
        size: Of the resized map, ``(H, W)``.

    Returns:
        float32 ``(n, D)``.
    """
    rows = _Axis.of(places[:, 0], size[0], features.shape[1])
    columns = _Axis.of(places[:, 1], size[1], features.shape[2])
    upper, lower = (
        features[:, row, columns.before].float().lerp(features[:, row, columns.after].float(), columns.share)
        for row in (rows.before, rows.after)
    )
    return upper.lerp(lower, rows.share).T


def products_in(vectors: torch.Tensor, features: torch.Tensor, window: Window, size: Size) -> torch.Tensor:
    """Return inner products of vectors with the features in a window of the map resized.

    Resizing (bilinear, corners aligned) is linear: products are taken before it, of few cells.

    Args:
        vectors: float32 ``(K, D)``.
        features: float ``(D, h, w)``.
        window: Of the resized map.
        size: Of the resized map, ``(H, W)``.

    Returns:
        float32 ``(K, rows, columns)``.
    """
    rows, columns = (
        _Axis.of(torch.arange(part.start, part.stop, device=features.device), fine, coarse)
        for part, fine, coarse in zip(window, size, features.shape[1:], strict=True)
    )
    top, left = int(rows.before[0]), int(columns.before[0])
    cells = features[:, top : int(rows.after[-1]) + 1, left : int(columns.after[-1]) + 1].float()
    products = torch.einsum("kd,dhw->khw", vectors, cells)
    upper, lower = products[:, rows.before - top], products[:, rows.after - top]
    tall = upper.lerp(lower, rows.share[:, None])
    return tall[..., columns.before - left].lerp(tall[..., columns.after - left], columns.share)
