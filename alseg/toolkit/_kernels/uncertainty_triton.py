"""The statistics of `alseg.toolkit.uncertainty` on a GPU: one kernel reads every logit once, keeps nothing.

Each thread goes through the classes of its pixels with the largest logit so far and sums relative to it. When
a larger one comes, the sums are moved to the new one, which takes no more exponentials than without.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import triton
import triton.language as tl

_BLOCK_PIXELS = 512
_READ_AS_THEY_ARE = {torch.float32, torch.float16, torch.bfloat16}


def fill(logits: torch.Tensor, maps: Mapping[str, torch.Tensor]) -> None:
    """Compute maps of the logits.

    Args:
        logits: float ``(C, H, W)`` with any strides; half precision is converted in registers.
        maps: The maps to fill, contiguous ``(H, W)`` each: float32 ``entropy``, ``confidence`` and
            ``margin``, uint8 ``classes``; any of them.
    """
    if logits.dtype not in _READ_AS_THEY_ARE:
        logits = logits.float()
    num_classes, height, width = logits.shape
    class_stride, row_stride, column_stride = logits.stride()
    if not height * width or not maps:
        return
    if row_stride == width * column_stride:
        height, width = 1, height * width
    with torch.cuda.device_of(logits):
        _fill[(triton.cdiv(width, _BLOCK_PIXELS), height)](
            logits,
            *(maps.get(name) for name in ("entropy", "confidence", "margin", "classes")),
            num_classes,
            width,
            class_stride,
            row_stride,
            column_stride,
            sums=not maps.keys() <= {"classes"},
            block=_BLOCK_PIXELS,
        )


@triton.jit
def _fill(
    logits: tl.tensor,
    entropy: tl.tensor,
    confidence: tl.tensor,
    margin: tl.tensor,
    classes: tl.tensor,
    num_classes: int,
    width: int,
    class_stride: int,
    row_stride: int,
    column_stride: int,
    sums: tl.constexpr,
    block: tl.constexpr,
) -> None:
    """Compute the maps that are not None for a part of a row, see `alseg.toolkit.uncertainty`."""
    row = tl.program_id(1).to(tl.int64)
    column = tl.program_id(0) * block + tl.arange(0, block)
    inside = column < width
    pixel = row * width + column
    places = logits + row * row_stride + column.to(tl.int64) * column_stride
    largest = tl.load(places, mask=inside, other=0.0).to(tl.float32)
    undefined = largest != largest
    second = tl.full((block,), float("-inf"), tl.float32)
    likeliest = tl.zeros((block,), tl.int32)
    total = tl.full((block,), 1.0, tl.float32)
    weighted = tl.zeros((block,), tl.float32)
    for index in range(1, num_classes):
        places += class_stride
        logit = tl.load(places, mask=inside, other=0.0).to(tl.float32)
        undefined |= logit != logit
        is_larger = logit > largest
        if sums:
            # Equal ones have no gap, infinite ones included. A comparison, because a maximum would lose NaN.
            gap = tl.where(logit == largest, 0.0, -tl.abs(logit - largest))
            gap = tl.where(gap < -80.0, -80.0, gap)
            weight = tl.exp(gap)
            moved = (weighted + total * gap) * weight
            weighted = tl.where(is_larger, moved, weighted + gap * weight)
            total = tl.where(is_larger, total * weight + 1.0, total + weight)
        if margin is not None:
            second = tl.where(is_larger, largest, tl.where(logit > second, logit, second))
        likeliest = tl.where(is_larger, index, likeliest)
        largest = tl.where(is_larger, logit, largest)
    undefined |= tl.abs(largest) == float("inf")
    if classes is not None:
        # As on the CPU, where no class of such a pixel is the first.
        likeliest = tl.where(undefined, num_classes - 1, likeliest)
        tl.store(classes + pixel, likeliest.to(tl.uint8), mask=inside)
    if entropy is not None:
        value = tl.log(total) - weighted / total
        tl.store(entropy + pixel, tl.where(undefined, float("nan"), value), mask=inside)
    if confidence is not None:
        tl.store(confidence + pixel, tl.where(undefined, float("nan"), 1.0 / total), mask=inside)
    if margin is not None:
        gap = second - largest
        gap = tl.where(gap < -80.0, -80.0, gap)
        value = (1.0 - tl.exp(gap)) / total
        tl.store(margin + pixel, tl.where(undefined, float("nan"), value), mask=inside)
