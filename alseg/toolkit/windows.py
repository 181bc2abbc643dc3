"""Means and class entropies over square windows of a map, in time that hardly depends on the window's size.

A sum over 2m pixels is a sum over m pixels plus the same sum m pixels further on, so a window of any width
takes a handful of additions of whole maps, of single bytes where the sums allow it. Sums of equal values are
equal wherever the window lies, which running sums of floats would not give. On a GPU there are kernels for
the entropies and for means over narrow windows.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from alseg.toolkit._kernels import windows_cpu
from alseg.toolkit._kernels.device_choice import use_triton
from alseg.toolkit._kernels.doubling import sums_along

_VOID = 255


def window_mean(values: torch.Tensor, radius: int) -> torch.Tensor:
    """Return the mean over the window around each pixel.

    Args:
        values: float32 ``(H, W)``.
        radius: Reach of the window to each side, in pixels; it is cut at the border.

    Returns:
        float32 ``(H, W)`` on the same device.
    """
    _check(radius)
    values = values.detach()
    if use_triton(values.device):
        # Imported here, because Triton is not everywhere.
        from alseg.toolkit._kernels import windows_triton

        if radius <= windows_triton.NARROW:
            mean = torch.empty(values.shape, dtype=torch.float32, device=values.device)
            windows_triton.fill_mean(values.contiguous(), radius, mean)
            return mean
    padded, area, window = _prepared(values, radius, 0)
    if values.device.type == "cpu":
        mean = torch.empty_like(area)
        windows_cpu.fill_mean(padded.numpy(), area.numpy(), window, mean.numpy())
        return mean
    return sums_along(sums_along(padded, window[0], 0), window[1], 1) / area


def window_impurity(classes: torch.Tensor, num_classes: int, radius: int) -> torch.Tensor:
    """Return the entropy of the class histogram of the window around each pixel.

    Args:
        classes: uint8 ``(H, W)``, each less than ``num_classes``.
        num_classes: At most 255.
        radius: Reach of the window to each side, in pixels; it is cut at the border.

    Returns:
        float32 ``(H, W)`` in nats on the same device, 0 to log C; exactly 0 where the window holds one class.
    """
    _check(radius)
    if use_triton(classes.device):
        from alseg.toolkit._kernels import windows_triton

        impurity = torch.empty(classes.shape, dtype=torch.float32, device=classes.device)
        windows_triton.fill_impurity(classes.contiguous(), num_classes, radius, impurity)
        return impurity
    padded, area, window = _prepared(classes, radius, _VOID)
    impurity = torch.zeros_like(area)
    if classes.device.type == "cpu":
        windows_cpu.fill_impurity(padded.numpy(), area.numpy(), window, impurity.numpy())
    else:
        _add_impurity(padded, area, num_classes, window, impurity)
    return impurity


def _add_impurity(
    padded: torch.Tensor,
    area: torch.Tensor,
    num_classes: int,
    window: tuple[int, int],
    impurity: torch.Tensor,
) -> None:
    """Add ``-p log p`` of every class's share p of the window.

    All classes are counted, those that do not occur too: to leave them out, one would have to wait for the
    device.
    """
    column_type = torch.uint8 if window[0] < 2**8 else torch.int32
    count_type = torch.int16 if window[0] * window[1] < 2**15 else torch.int32
    smallest = torch.finfo(torch.float32).tiny
    for index in range(num_classes):
        columns = sums_along((padded == index).to(column_type), window[0], 0)
        share = sums_along(columns.to(count_type), window[1], 1).float().div_(area)
        impurity.addcmul_(share, share.clamp(min=smallest).log_(), value=-1)


def _check(radius: int) -> None:
    """Refuse a negative radius.

    Raises:
        ValueError: If the radius is negative.
    """
    if radius < 0:
        raise ValueError(f"radius must be at least 0, not {radius}")


def _prepared(
    values: torch.Tensor, radius: int, border: int
) -> tuple[torch.Tensor, torch.Tensor, tuple[int, int]]:
    """Return the map with a margin, the pixels of each window inside it and the size of a window."""
    # A window that reaches further than the map sees all of it anyway.
    reach = [min(radius, max(length - 1, 0)) for length in values.shape]
    padded = F.pad(values, (reach[1], reach[1], reach[0], reach[0]), value=border)
    inside = []
    for length in values.shape:
        place = torch.arange(length, device=values.device)
        inside.append((place + radius).clamp(max=length - 1) - (place - radius).clamp(min=0) + 1)
    area = (inside[0][:, None] * inside[1]).float()
    return padded, area, (2 * reach[0] + 1, 2 * reach[1] + 1)
