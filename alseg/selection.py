"""Exact greedy selection: the best pixel, then the best one not too close to it, and so on."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

_FIRST_CANDIDATES_PER_PICK = 8
_GROWTH = 4


def greedy_select(
    score: torch.Tensor | NDArray[np.floating],
    count: int,
    radius: int,
    available: torch.Tensor | NDArray[np.bool_] | None = None,
) -> torch.Tensor:
    """Pick the highest available score again and again, each time blocking what is near.

    The result is exactly that of a loop of ``count`` full-map argmaxes, but the map is only read a few times:
    enough of the highest scores are sorted once and walked through in order. A map on another device is
    copied to the CPU in one piece.

    Args:
        score: float ``(H, W)`` on any device; higher is picked first, ``-inf`` never.
        count: Most picks to make.
        radius: After a pick, everything within this Chebyshev distance is blocked, in pixels; 0 blocks only
            the pick itself.
        available: bool ``(H, W)``, False where nothing may be picked; None for everywhere.

    Returns:
        int64 ``(n, 2)`` on the CPU, rows ``(y, x)`` in picking order, ``n <= count``. Equal scores are picked
        by smaller ``x`` first, then by smaller ``y``.

    Raises:
        ValueError: If ``score`` holds NaN, is not a map, or ``count``, ``radius`` or ``available`` do not
            fit.
    """
    values = _as_values(score, available)
    if count < 0 or radius < 0:
        raise ValueError(f"count and radius must be at least 0, not {count} and {radius}")
    height, width = values.shape
    radius = min(radius, max(height, width))
    picks: list[tuple[int, int]] = []
    # A margin on all sides, so that blocking never has to be cut at the border.
    stride = width + 2 * radius
    blocked = bytearray((height + 2 * radius) * stride)
    wanted = count * _FIRST_CANDIDATES_PER_PICK
    while len(picks) < count:
        candidates = _highest(values, wanted)
        if not len(candidates):
            break
        rows, columns = np.divmod(candidates, width)
        _walk(rows, columns, count, radius, stride, blocked, picks)
        if len(picks) < count:
            values.reshape(-1)[candidates] = -np.inf
            blocked_map = np.frombuffer(blocked, dtype=np.bool_).reshape(-1, stride)
            values[blocked_map[radius : radius + height, radius : radius + width]] = -np.inf
            wanted *= _GROWTH
    return torch.tensor(picks, dtype=torch.int64).reshape(-1, 2)


def _as_values(
    score: torch.Tensor | NDArray[np.floating], available: torch.Tensor | NDArray[np.bool_] | None
) -> NDArray[np.floating]:
    """Return a copy of the score on the CPU with -inf where nothing may be picked.

    Raises:
        ValueError: If ``score`` holds NaN or is not a floating map, or ``available`` is not a mask of its
            shape.
    """
    if isinstance(score, torch.Tensor):
        score = score.detach()
        score = (score if score.dtype in (torch.float32, torch.float64) else score.float()).cpu().numpy()
    if score.ndim != 2 or not np.issubdtype(score.dtype, np.floating):
        raise ValueError(f"score must be a float map (H, W), not {score.dtype} {tuple(score.shape)}")
    undefined = np.isnan(score)
    if undefined.any():
        y, x = np.unravel_index(int(undefined.argmax()), score.shape)
        raise ValueError(
            f"score is NaN at {int(undefined.sum())} of {score.size} pixels, first at (y, x) = ({y}, {x})"
        )
    if available is None:
        return score.copy(order="C")
    mask = available.cpu().numpy() if isinstance(available, torch.Tensor) else available
    if mask.shape != score.shape or mask.dtype != np.bool_:
        raise ValueError(f"available must be bool {tuple(score.shape)}, not {mask.dtype} {tuple(mask.shape)}")
    return np.where(mask, score, score.dtype.type(-np.inf))


def _highest(values: NDArray[np.floating], wanted: int) -> NDArray[np.intp]:
    """Return flat indices of the ``wanted`` highest values and all that equal the last, in picking order.

    Values of -inf are left out, so that the result is empty where nothing else is left.
    """
    flat = values.reshape(-1)
    height, width = values.shape
    if wanted < flat.size:
        place = flat.size - wanted
        lowest = np.partition(flat, place)[place]
        candidates = np.flatnonzero((flat >= lowest) & (flat > -np.inf))
    else:
        candidates = np.flatnonzero(flat > -np.inf)
    rows, columns = np.divmod(candidates, width)
    candidates = candidates[np.argsort(columns * height + rows)]
    return candidates[np.argsort(-flat[candidates], kind="stable")]


def _walk(
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    count: int,
    radius: int,
    stride: int,
    blocked: bytearray,
    picks: list[tuple[int, int]],
) -> None:
    """Go through candidates in order, add those that are not blocked to ``picks`` and block around them.

    Args:
        rows: Row of each candidate.
        columns: Column of each candidate.
        count: Length of ``picks`` at which to stop.
        radius: Chebyshev distance that a pick blocks.
        stride: Row length of ``blocked``, which has a margin of ``radius`` on all sides.
        blocked: One byte per pixel, 1 where nothing may be picked any more; changed.
        picks: ``(y, x)`` so far; changed.
    """
    span = 2 * radius + 1
    row_of_ones = b"\x01" * span
    corners = (rows * stride + columns).tolist()
    centre = radius * stride + radius
    for index, corner in enumerate(corners):
        if blocked[corner + centre]:
            continue
        for start in range(corner, corner + span * stride, stride):
            blocked[start : start + span] = row_of_ones
        picks.append((int(rows[index]), int(columns[index])))
        if len(picks) == count:
            return
