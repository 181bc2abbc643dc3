"""The window sums of `alseg.toolkit.windows` on a GPU.

Narrow windows are read pixel by pixel. For wide ones, rows of running counts are made for a few classes at a
time; two of their values give the count in a row of the window, and going down the map adds one row and
takes one away. Counts are integers, so equal histograms have equal entropies wherever they are.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

NARROW = 1
"""The largest radius for which windows are read pixel by pixel."""

_BLOCK_PIXELS = 512
_CLASSES_AT_A_TIME = 8
_COLUMNS = 128
_ROWS = 32


def fill_mean(values: torch.Tensor, radius: int, mean: torch.Tensor) -> None:
    """Compute the mean over the window around each pixel, reading windows pixel by pixel.

    Args:
        values: Contiguous float32 ``(H, W)``.
        radius: Reach of the window; its square is what this costs.
        mean: Contiguous float32 ``(H, W)``, filled here.
    """
    height, width = values.shape
    if not values.numel():
        return
    with torch.cuda.device_of(values):
        _fill_mean[(triton.cdiv(width, _BLOCK_PIXELS), height)](
            values, mean, height, width, radius, block=_BLOCK_PIXELS
        )


def fill_impurity(classes: torch.Tensor, num_classes: int, radius: int, impurity: torch.Tensor) -> None:
    """Compute the entropy of the class histogram of the window around each pixel.

    Wide windows take 16 bytes of working memory per pixel (32 in maps of 32,768 columns and more).

    Args:
        classes: Contiguous uint8 ``(H, W)``.
        num_classes: At most 255.
        radius: Reach of the window.
        impurity: Contiguous float32 ``(H, W)``, filled here.
    """
    height, width = classes.shape
    if not classes.numel():
        return
    radius = min(radius, max(height, width) - 1)
    with torch.cuda.device_of(classes):
        if radius <= NARROW:
            _fill_narrow_impurity[(triton.cdiv(width, _BLOCK_PIXELS), height)](
                classes, impurity, num_classes, height, width, radius, block=_BLOCK_PIXELS
            )
            return
        count_type = torch.int16 if width < 2**15 else torch.int32
        counts = torch.empty((_CLASSES_AT_A_TIME, height, width), dtype=count_type, device=classes.device)
        impurity.zero_()
        for first in range(0, num_classes, _CLASSES_AT_A_TIME):
            some = min(_CLASSES_AT_A_TIME, num_classes - first)
            _count_along_rows[(height, some)](classes, counts, first, height, width, block=_BLOCK_PIXELS)
            _add_impurity[(triton.cdiv(width, _COLUMNS), triton.cdiv(height, _ROWS))](
                counts,
                impurity,
                some,
                height,
                width,
                radius,
                classes_at_a_time=_CLASSES_AT_A_TIME,
                columns=_COLUMNS,
                rows=_ROWS,
            )


@triton.jit
def _extent(place: tl.tensor, length: int, radius: int) -> tl.tensor:
    """Return how many places within ``radius`` of each are within ``length``."""
    return tl.minimum(place + radius, length - 1) - tl.maximum(place - radius, 0) + 1


@triton.jit
def _fill_mean(
    values: tl.tensor, mean: tl.tensor, height: int, width: int, radius: int, block: tl.constexpr
) -> None:
    """Compute the means of a part of a row."""
    row = tl.program_id(1)
    column = tl.program_id(0) * block + tl.arange(0, block)
    total = tl.zeros((block,), tl.float32)
    for y in range(row - radius, row + radius + 1):
        line = values + y * width
        for reach in range(-radius, radius + 1):
            x = column + reach
            inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
            total += tl.load(line + x, mask=inside, other=0.0)
    area = _extent(row, height, radius) * _extent(column, width, radius)
    tl.store(mean + row * width + column, total / area.to(tl.float32), mask=column < width)


@triton.jit
def _fill_narrow_impurity(
    classes: tl.tensor,
    impurity: tl.tensor,
    num_classes: int,
    height: int,
    width: int,
    radius: int,
    block: tl.constexpr,
) -> None:
    """Compute the entropies of a part of a row, with a look at the whole window for each class."""
    row = tl.program_id(1)
    column = tl.program_id(0) * block + tl.arange(0, block)
    area = _extent(row, height, radius) * _extent(column, width, radius)
    log_area = tl.log(area.to(tl.float32))
    total = tl.zeros((block,), tl.float32)
    for index in range(num_classes):
        count = tl.zeros((block,), tl.int32)
        for y in range(row - radius, row + radius + 1):
            line = classes + y * width
            for reach in range(-radius, radius + 1):
                x = column + reach
                inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
                count += (tl.load(line + x, mask=inside, other=255) == index).to(tl.int32)
        # A difference of logarithms is exactly 0 where the window holds one class; that of a quotient is not.
        total += count * (log_area - tl.log(tl.maximum(count, 1).to(tl.float32)))
    entropy = total / area.to(tl.float32)
    tl.store(impurity + row * width + column, entropy, mask=column < width)


@triton.jit
def _count_along_rows(
    classes: tl.tensor, counts: tl.tensor, first: int, height: int, width: int, block: tl.constexpr
) -> None:
    """Write, for one row and class, how often the class occurs up to and including each column."""
    row = tl.program_id(0).to(tl.int64)
    index = tl.program_id(1)
    line = classes + row * width
    target = counts + (index.to(tl.int64) * height + row) * width
    so_far = 0
    for left in range(0, width, block):
        column = left + tl.arange(0, block)
        inside = column < width
        is_class = tl.load(line + column, mask=inside, other=255) == first + index
        ones = is_class.to(tl.int32)
        tl.store(target + column, (tl.cumsum(ones, 0) + so_far).to(counts.dtype.element_ty), mask=inside)
        so_far += tl.sum(ones, 0)


@triton.jit
def _row_counts(
    lines: tl.tensor,
    y: tl.tensor,
    before: tl.tensor,
    upto: tl.tensor,
    valid: tl.tensor,
    height: int,
    width: int,
) -> tl.tensor:
    """Return how often each class occurs in one row of each window; 0 for rows outside the map."""
    inside = valid & (y >= 0) & (y < height)
    line = lines + y * width
    counts = tl.load(line + upto[None, :], mask=inside, other=0).to(tl.int32)
    return counts - tl.load(line + before[None, :], mask=inside & (before >= 0)[None, :], other=0).to(
        tl.int32
    )


@triton.jit
def _add_impurity(
    counts: tl.tensor,
    impurity: tl.tensor,
    num_classes: int,
    height: int,
    width: int,
    radius: int,
    classes_at_a_time: tl.constexpr,
    columns: tl.constexpr,
    rows: tl.constexpr,
) -> None:
    """Add ``-p log p`` of some classes in a part of the map, going down its rows."""
    column = tl.program_id(0) * columns + tl.arange(0, columns)
    top = tl.program_id(1) * rows
    index = tl.arange(0, classes_at_a_time)
    valid = (index < num_classes)[:, None] & (column < width)[None, :]
    lines = counts + (index.to(tl.int64) * height)[:, None] * width
    before = column - radius - 1
    upto = tl.minimum(column + radius, width - 1)
    in_columns = _extent(column, width, radius)
    window = tl.zeros((classes_at_a_time, columns), tl.int32)
    for y in range(tl.maximum(top - radius, 0), tl.minimum(top + radius, height)):
        window += _row_counts(lines, y, before, upto, valid, height, width)
    for row in range(top, tl.minimum(top + rows, height)):
        window += _row_counts(lines, row + radius, before, upto, valid, height, width)
        area = (_extent(row, height, radius) * in_columns).to(tl.float32)
        log_area = tl.log(area)[None, :]
        terms = window * (log_area - tl.log(tl.maximum(window, 1).to(tl.float32)))
        place = impurity + row * width + column
        entropy = tl.load(place, mask=column < width, other=0.0) + tl.sum(terms, 0) / area
        tl.store(place, entropy, mask=column < width)
        window -= _row_counts(lines, row - radius, before, upto, valid, height, width)
