"""Where a random cut of a training image lies, and how one that shows a class is found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from alseg.contracts import Size

NEW_CROPS = 10
"""Times that a cut is drawn again for want of a class."""

Window = tuple[slice, slice]
"""Rows and columns."""


@dataclass(frozen=True)
class Wanted:
    """What a cut should show.

    Attributes:
        label: A class.
        pixels: More than so many pixels of it.
    """

    label: int
    pixels: float

    def shown(self, label: torch.Tensor) -> bool:
        """Return whether a label map, uint8 ``(H, W)``, shows it."""
        return int((label == self.label).sum()) > self.pixels


def draw_cut(
    label: torch.Tensor, frame: Size, random: np.random.Generator, wanted: Wanted | None = None
) -> tuple[Window, Window]:
    """Draw where an image is placed in a frame: cut where it is larger, padded where it is smaller.

    Args:
        label: uint8 ``(H, W)``, the image's label map.
        frame: Height and width of the result.
        random: Draws the place.
        wanted: What the cut should show. Up to `NEW_CROPS` more are drawn until one does; the last is taken
            as it is.

    Returns:
        What is read of the image, and where it is written in the frame.

    Source:
        Hoyer et al., CVPR 2022, arXiv:2111.14887: the released code draws the whole sample again, flip
        included.
    """
    have = (label.shape[0], label.shape[1])
    read, write = _place(have, frame, random)
    for _ in range(NEW_CROPS):
        if wanted is None or wanted.shown(label[read]):
            break
        read, write = _place(have, frame, random)
    return read, write


def _place(have: Size, frame: Size, random: np.random.Generator) -> tuple[Window, Window]:
    spans = []
    for ours, wanted in zip(have, frame, strict=True):
        offset = int(random.integers(0, abs(ours - wanted) + 1))
        extent = min(ours, wanted)
        read, write = (offset, 0) if ours > wanted else (0, offset)
        spans.append((slice(read, read + extent), slice(write, write + extent)))
    (read_y, write_y), (read_x, write_x) = spans
    return (read_y, read_x), (write_y, write_x)
