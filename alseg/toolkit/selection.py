"""Exact greedy selection: the best pixel, then the best one not too close to it, and so on."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

_CANDIDATES_PER_PICK = 16
_GROWTH = 4
_SAMPLE = 2**15
_TIED_COLUMNS = 64


def greedy_select(
    score: torch.Tensor | NDArray[np.floating],
    count: int,
    radius: int,
    available: torch.Tensor | NDArray[np.bool_] | None = None,
) -> torch.Tensor:
    """Pick the highest available score again and again, each time blocking what is near.

    The result is exactly that of a loop of ``count`` full-map argmaxes, but the map is only read a few times:
    enough of the highest scores are sorted once and walked through in order. A map on a CUDA device stays
    there, unless very many of its scores are equal; only the highest scores are copied to the CPU.

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
    if count < 0 or radius < 0:
        raise ValueError(f"count and radius must be at least 0, not {count} and {radius}")
    wanted = count * min(_CANDIDATES_PER_PICK, (2 * radius + 1) ** 2)
    if isinstance(score, torch.Tensor) and score.device.type == "cuda":
        picks = _select_there(score, count, radius, available, wanted)
        if picks is not None:
            return picks
    values = _as_values(score, available)
    height, width = values.shape
    walk = _Walk(height, width, count, min(radius, max(height, width)))
    while not walk.done:
        lowest = _threshold(values, wanted)
        candidates = np.flatnonzero(values >= lowest)
        if not len(candidates):
            break
        if len(candidates) <= _GROWTH * wanted:
            walk.through(*_sorted(values.reshape(-1)[candidates], candidates, values.shape))
        else:
            # Too many equal values to sort them all.
            above = np.flatnonzero(values > lowest)
            walk.through(*_sorted(values.reshape(-1)[above], above, values.shape))
            _walk_ties(values, lowest, walk)
        values[values >= lowest] = -np.inf
        values[walk.blocked] = -np.inf
        wanted *= _GROWTH
    return walk.as_tensor()


def _select_there(
    score: torch.Tensor,
    count: int,
    radius: int,
    available: torch.Tensor | NDArray[np.bool_] | None,
    wanted: int,
) -> torch.Tensor | None:
    """Do the work of `greedy_select` on the map's own device, but for the walk through the candidates.

    Args:
        score: As of `greedy_select`.
        count: Likewise.
        radius: Likewise.
        available: Likewise.
        wanted: Candidates to begin with.

    Returns:
        The picks, or None where the CPU has to do it: the map is none, holds NaN, which has to be said, or
        more equal values than can be sorted.
    """
    if score.ndim != 2 or not score.dtype.is_floating_point or bool(score.isnan().any()):
        return None
    height, width = score.shape
    values = (
        score.detach() if score.dtype in (torch.float32, torch.float64) else score.detach().float()
    ).clone()
    if available is not None:
        mask = torch.as_tensor(available)
        if mask.shape != score.shape or mask.dtype != torch.bool:
            return None
        values[~mask.to(values.device)] = -torch.inf
    walk = _Walk(height, width, count, min(radius, max(height, width)))
    finite = torch.finfo(values.dtype).min
    while not walk.done:
        flat = values.reshape(-1)
        highest = flat.topk(min(wanted, len(flat)), sorted=False).values
        reach = flat >= highest.amin().clamp(min=finite) if len(highest) else flat > torch.inf
        candidates = reach.nonzero()[:, 0]
        if not len(candidates):
            break
        if len(candidates) > _GROWTH * wanted:
            return None
        walk.through(*_sorted(flat[candidates].cpu().numpy(), candidates.cpu().numpy(), (height, width)))
        if walk.done:
            break
        flat[candidates] = -torch.inf
        values[torch.from_numpy(walk.blocked.copy()).to(values.device)] = -torch.inf
        wanted *= _GROWTH
    return walk.as_tensor()


class _Walk:
    """Goes through candidates in picking order, picks those that are not blocked and blocks around them.

    Attributes:
        picks: ``(y, x)`` so far.
        blocked: bool ``(H, W)``, True where nothing may be picked any more.
    """

    def __init__(self, height: int, width: int, count: int, radius: int) -> None:
        self.picks: list[tuple[int, int]] = []
        self._count = count
        self._radius = radius
        # A margin on all sides, so that blocking never has to be cut at the border.
        self._stride = width + 2 * radius
        self._bytes = bytearray((height + 2 * radius) * self._stride)
        padded = np.frombuffer(self._bytes, dtype=np.bool_).reshape(-1, self._stride)
        self.blocked: NDArray[np.bool_] = padded[radius : radius + height, radius : radius + width]

    @property
    def done(self) -> bool:
        """Whether there are as many picks as were asked for."""
        return len(self.picks) == self._count

    def as_tensor(self) -> torch.Tensor:
        """Return the picks, int64 ``(n, 2)``."""
        return torch.tensor(self.picks, dtype=torch.int64).reshape(-1, 2)

    def through(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> None:
        """Go through candidates in the given order, up to the last pick that is asked for."""
        if self.done:
            return
        blocked, stride = self._bytes, self._stride
        span = 2 * self._radius + 1
        ones = b"\x01" * span
        to_centre = self._radius * stride + self._radius
        corners = (rows * stride + columns).tolist()
        for index, corner in enumerate(corners):
            if blocked[corner + to_centre]:
                continue
            for start in range(corner, corner + span * stride, stride):
                blocked[start : start + span] = ones
            self.picks.append((int(rows[index]), int(columns[index])))
            if self.done:
                return


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


def _threshold(values: NDArray[np.floating], wanted: int) -> float:
    """Return a value that roughly ``wanted`` values reach, judged by a sample; finite if any value is.

    Any threshold gives the right picks; a good one keeps the sorting short.
    """
    finite = np.finfo(values.dtype).min
    flat = values.reshape(-1)
    sample = flat[:: max(1, flat.size // _SAMPLE) | 1]
    above = wanted * len(sample) // max(1, flat.size) + 1
    if above >= len(sample):
        return float(finite)
    return max(float(finite), float(np.partition(sample, len(sample) - above)[len(sample) - above]))


def _sorted(
    values: NDArray[np.floating], candidates: NDArray[np.intp], size: tuple[int, ...]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns of candidates in picking order: by value, then by column, then by row.

    Args:
        values: Of the candidates, ``(n,)``.
        candidates: Their flat indices.
        size: Height and width of the map.
    """
    height, width = size
    rows, columns = np.divmod(candidates, width)
    order = np.argsort(columns * height + rows)
    order = order[np.argsort(-values[order], kind="stable")]
    return rows[order], columns[order]


def _walk_ties(values: NDArray[np.floating], value: float, walk: _Walk) -> None:
    """Walk through all pixels of one value, a strip of columns at a time, while picks are missing."""
    for left in range(0, values.shape[1], _TIED_COLUMNS):
        if walk.done:
            return
        strip = slice(left, left + _TIED_COLUMNS)
        tied = (values[:, strip] == value) & ~walk.blocked[:, strip]
        columns, rows = np.nonzero(tied.T)
        walk.through(rows, columns + left)
