"""Sums over square windows of a map, in time that hardly depends on the window.

A sum over 2m pixels is a sum over m pixels plus the same sum m pixels further on, so a window of any width
takes a handful of additions of whole maps, of single bytes where the sums allow it. Sums of equal values are
equal wherever the window lies, which running sums of floats would not give.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

_TILE_PIXELS_CPU = 2**18
_VOID = 255


def window_mean(values: torch.Tensor, radius: int) -> torch.Tensor:
    """Return the mean over the window around each pixel.

    Args:
        values: float32 ``(H, W)``.
        radius: Reach of the window to each side, in pixels; it is cut at the border.

    Returns:
        float32 ``(H, W)`` on the same device.
    """
    reach_y, reach_x = _reach(values, radius)
    padded = F.pad(values, (reach_x, reach_x, reach_y, reach_y))
    total = _sums_along(_sums_along(padded, 2 * reach_y + 1, 0), 2 * reach_x + 1, 1)
    return total.div_(_area(values, radius))


def window_impurity(classes: torch.Tensor, num_classes: int, radius: int) -> torch.Tensor:
    """Return the entropy of the class histogram of the window around each pixel.

    Args:
        classes: uint8 ``(H, W)``, each less than ``num_classes``.
        num_classes: At most 255.
        radius: Reach of the window to each side, in pixels; it is cut at the border.

    Returns:
        float32 ``(H, W)`` in nats on the same device, 0 to log C; exactly 0 where the window holds one class.
    """
    height, width = classes.shape
    reach_y, reach_x = _reach(classes, radius)
    padded = F.pad(classes, (reach_x, reach_x, reach_y, reach_y), value=_VOID)
    area = _area(classes, radius)
    impurity = torch.zeros((height, width), device=classes.device)
    rows = height
    if classes.device.type == "cpu":
        # Each tile reads 2 * reach rows more than it fills, so it should be high against that.
        rows = max(_TILE_PIXELS_CPU // max(1, width), 4 * reach_y, 1)
    for top in range(0, height, rows):
        tile = slice(top, min(top + rows, height))
        _add_impurity(
            padded[tile.start : tile.stop + 2 * reach_y],
            area[tile],
            num_classes,
            (2 * reach_y + 1, 2 * reach_x + 1),
            impurity[tile],
        )
    return impurity


def _add_impurity(
    padded: torch.Tensor,
    area: torch.Tensor,
    num_classes: int,
    window: tuple[int, int],
    impurity: torch.Tensor,
) -> None:
    """Add ``-p log p`` of every class's share p of the window.

    Args:
        padded: uint8 class map with the window's reach around the tile.
        area: float32, pixels in each window.
        num_classes: Number of classes.
        window: Height and width.
        impurity: float32, changed.
    """
    column_type = torch.uint8 if window[0] <= 255 else torch.int32
    count_type = torch.int16 if window[0] * window[1] < 2**15 else torch.int32
    smallest = torch.finfo(torch.float32).tiny
    is_class = torch.empty_like(padded)
    for index in _present(padded, num_classes):
        # Into uint8, because comparing into bool is not vectorised.
        torch.eq(padded, index, out=is_class)
        columns = _sums_along(is_class.to(column_type), window[0], 0)
        counts = _sums_along(columns.to(count_type), window[1], 1)
        share = counts.float().div_(area)
        impurity.addcmul_(share, share.clamp(min=smallest).log_(), value=-1)


def _present(classes: torch.Tensor, num_classes: int) -> list[int]:
    """Return the classes to count: on the CPU those that occur; elsewhere all, so as not to wait for it."""
    if classes.device.type != "cpu":
        return list(range(num_classes))
    occurrences = torch.bincount(classes.reshape(-1), minlength=num_classes)
    return occurrences[:num_classes].nonzero().reshape(-1).tolist()


def _sums_along(values: torch.Tensor, length: int, dim: int) -> torch.Tensor:
    """Return sums of ``length`` neighbours along a dimension, which gets shorter by ``length - 1``."""
    kept = values.shape[dim] - length + 1
    total: torch.Tensor | None = None
    done, span, span_sums = 0, 1, values
    while True:
        if length & span:
            part = span_sums.narrow(dim, done, kept)
            total = part.clone() if total is None else total.add_(part)
            done += span
        if done == length:
            assert total is not None
            return total
        shorter = span_sums.shape[dim] - span
        span_sums = span_sums.narrow(dim, 0, shorter) + span_sums.narrow(dim, span, shorter)
        span *= 2


def _reach(values: torch.Tensor, radius: int) -> tuple[int, int]:
    """Return the radius cut to what can reach anything, vertically and horizontally."""
    height, width = values.shape
    return min(radius, max(height - 1, 0)), min(radius, max(width - 1, 0))


def _area(values: torch.Tensor, radius: int) -> torch.Tensor:
    """Return the number of pixels in the window around each pixel, float32 ``(H, W)``."""
    reached = []
    for length in values.shape:
        place = torch.arange(length, device=values.device)
        reached.append((place + radius).clamp(max=length - 1) - (place - radius).clamp(min=0) + 1)
    return (reached[0][:, None] * reached[1]).float()
