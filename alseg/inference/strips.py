"""Predictions of images too large for one map of scores: strips of rows, from the top to the bottom.

A map of scores of a photograph of 100 megapixels would take 7.6 GB with 19 classes. Here an image goes
through the network in the same windows as in `alseg.inference.windows`, in the same order, and rows are given
away as soon as no window to come covers them. Where the network's input has a size of its own, the enlarging
is done in strips.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from alseg.contracts import Size
from alseg.data.loading import normalise
from alseg.guard.answers import checked_logits
from alseg.guard.calls import guarded
from alseg.inference.predict import InferenceOptions, average_softmax
from alseg.inference.windows import AT_ONCE, window_starts, windowed
from alseg.toolkit.imaging import resize_image

LARGE = 2**23
"""Pixels of the largest image whose scores are kept in one map; a frame of 2160 x 3840 has fewer."""

_STRIP_VALUES = 2**24
"""Scores in a strip of an enlarged map, float32: 64 MB."""


@torch.inference_mode()
def strips_of(
    model: Any, image: np.ndarray[Any, np.dtype[np.uint8]], options: InferenceOptions
) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield the scores of one image in strips, from the first row to the last.

    Args:
        model: A `SegmentationModel` in evaluation mode, possibly wrapped for a device and precision.
        image: uint8 RGB ``(H, W, 3)``.
        options: How; an input size or windows are needed for memory to stay bounded. Features, outputs and
            passes are not given.

    Yields:
        The strip's first row; logits, float32 ``(C, n, W)``, or averaged probabilities with mirroring.
    """
    size = (image.shape[0], image.shape[1])
    planes = torch.from_numpy(resize_image(image, options.size or size))
    whole = _windows if options.size is None and options.window is not None else _enlarged
    plain = whole(model, planes, size, options)
    if not options.flip:
        yield from plain
        return
    for (row, scores), (_, mirrored) in zip(plain, whole(model, planes.flip(-1), size, options), strict=True):
        average_softmax(scores, mirrored)
        yield row, scores


def _enlarged(
    model: Any, planes: torch.Tensor, size: Size, options: InferenceOptions
) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield the logits of an image that goes through the network at once, uint8 ``(3, h, w)``."""
    network = windowed(model, options.window, options.window_overlap)
    with guarded(getattr(model, "module", model), "predictions"):
        inputs = normalise(planes[None].to(options.device), model.mean, model.std)
        logits = checked_logits(getattr(model, "module", model), network(inputs), inputs)[0].float()
    count = max(1, _STRIP_VALUES // (len(logits) * size[1]))
    for first in range(0, size[0], count):
        yield first, rows_of_resized(logits, size, first, min(count, size[0] - first))


def rows_of_resized(logits: torch.Tensor, size: Size, first: int, count: int) -> torch.Tensor:
    """Return some rows of what `alseg.inference.predict.resize_logits` makes of one image.

    Args:
        logits: float32 ``(C, h, w)``.
        size: Height and width of the whole result.
        first: The first row wanted.
        count: How many rows are wanted.

    Returns:
        float32 ``(C, count, W)``, equal but for rounding.
    """
    last = logits.shape[-2] - 1
    step = last / (size[0] - 1) if size[0] > 1 else 0.0
    places = (torch.arange(first, first + count, device=logits.device) * step).clamp(max=last)
    above = places.long()
    below = (above + 1).clamp(max=last)
    share = (places - above)[:, None]
    rows = logits[:, above] * (1 - share) + logits[:, below] * share
    return functional.interpolate(rows[None], size=(count, size[1]), mode="bilinear", align_corners=True)[0]


def _windows(
    model: Any, planes: torch.Tensor, size: Size, options: InferenceOptions
) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield the averaged logits of an image, uint8 ``(3, H, W)``, as soon as no window over them is left."""
    assert options.window is not None
    height, width = min(options.window[0], size[0]), min(options.window[1], size[1])
    places = [
        (y, x)
        for y in window_starts(size[0], height, options.window_overlap)
        for x in window_starts(size[1], width, options.window_overlap)
    ]
    total, counts, top = torch.empty(0), torch.empty(0), 0
    for at in range(0, len(places), AT_ONCE):
        group = places[at : at + AT_ONCE]
        parts = _logits_of_windows(model, planes, group, (height, width), options)
        if not len(total):
            total, counts = parts.new_zeros((parts.shape[1], 0, size[1])), parts.new_zeros((0, size[1]))
        missing = group[-1][0] + height - top - total.shape[1]
        total = functional.pad(total, (0, 0, 0, max(0, missing)))
        counts = functional.pad(counts, (0, 0, 0, max(0, missing)))
        for (y, x), part in zip(group, parts, strict=True):
            total[:, y - top : y - top + height, x : x + width] += part
            counts[y - top : y - top + height, x : x + width] += 1
        following = places[at + AT_ONCE][0] if at + AT_ONCE < len(places) else size[0]
        if done := following - top:
            yield top, total[:, :done] / counts[:done]
            total, counts, top = total[:, done:].clone(), counts[done:].clone(), following


def _logits_of_windows(
    model: Any, planes: torch.Tensor, places: list[tuple[int, int]], window: Size, options: InferenceOptions
) -> torch.Tensor:
    """Return the logits of some windows at their own size, float32 ``(n, C, h, w)``."""
    crops = torch.stack([planes[:, y : y + window[0], x : x + window[1]] for y, x in places])
    with guarded(getattr(model, "module", model), "predictions"):
        inputs = normalise(crops.to(options.device), model.mean, model.std)
        logits = checked_logits(getattr(model, "module", model), model(inputs), inputs).float()
    return functional.interpolate(logits, size=window, mode="bilinear", align_corners=True)
