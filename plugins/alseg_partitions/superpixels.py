"""Superpixels as OpenCV computes them: the same on any number of threads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from alseg import AlsegError
from alseg.contracts import Interval
from alseg_partitions.grid import Grid

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

Segments = Annotated[int, Interval(ge=1, le=65_536)]
Rounds = Annotated[int, Interval(ge=1, le=1_000)]

_SMALLEST = 16
"""Side of an image below which OpenCV's superpixels fail, in pixels."""


@dataclass(frozen=True)
class Slic:
    """k-means of colour (CIELAB) and place, begun on a grid; small fragments join their neighbours.

    Where the image has fewer than two regions a side, they are squares.

    Attributes:
        segments: Regions to begin with; there may be fewer or more at the end.
        compactness: Weight of place against colour; large values give squares.
        iterations: Of k-means.

    Source:
        Achanta et al., PAMI 2012. D2ADA has 40 segments and compactness 10 from another implementation, whose
        regions are not these.
    """

    segments: Segments = 40
    compactness: Annotated[float, Interval(gt=0, le=1_000)] = 10.0
    iterations: Rounds = 10

    def regions(
        self, image: NDArray[np.uint8], image_id: str, generator: torch.Generator
    ) -> NDArray[np.int32]:
        """Return the superpixel of each pixel, int32 ``(H, W)``."""
        cv2, side = _opencv(), _side(image, self.segments)
        if not _has_room(image, side):
            return _grid(image, side)
        lab = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2LAB)
        superpixels = cv2.ximgproc.createSuperpixelSLIC(lab, cv2.ximgproc.SLIC, side, self.compactness)
        superpixels.iterate(self.iterations)
        superpixels.enforceLabelConnectivity()
        return numbered(superpixels.getLabels())


@dataclass(frozen=True)
class Seeds:
    """Blocks whose borders move while that makes their colour histograms purer.

    Where regions have a side of less than 4 pixels, or the image has fewer than two a side, they are squares.

    Attributes:
        segments: Regions to begin with; there may be fewer at the end.
        levels: Sizes of blocks that move, from coarse to fine; fewer where regions are small.
        prior: Smoothness of borders, 0 to 5.
        bins: Of a colour histogram, for each of three channels: memory grows with their cube.
        iterations: Over the pixels, at the end.

    Source:
        Van den Bergh et al., ECCV 2012. The defaults are those of Cai et al., CVPR 2021, for Cityscapes, with
        equalised brightness in HSV.
    """

    segments: Segments = 2048
    levels: Annotated[int, Interval(ge=2, le=16)] = 5
    prior: Annotated[int, Interval(ge=0, le=5)] = 3
    bins: Annotated[int, Interval(ge=2, le=16)] = 10
    iterations: Rounds = 10

    def regions(
        self, image: NDArray[np.uint8], image_id: str, generator: torch.Generator
    ) -> NDArray[np.int32]:
        """Return the superpixel of each pixel, int32 ``(H, W)``."""
        cv2, side = _opencv(), _side(image, self.segments)
        levels = min(self.levels, int(math.log2(side)))
        if levels < 2 or not _has_room(image, side):
            return _grid(image, side)
        height, width = image.shape[:2]
        # OpenCV crashes where blocks do not fit the image.
        block = 2**levels
        padding = ((0, -height % block), (0, -width % block), (0, 0))
        hsv = cv2.cvtColor(np.pad(image, padding, "edge"), cv2.COLOR_RGB2HSV)
        hsv[..., 2] = cv2.equalizeHist(np.ascontiguousarray(hsv[..., 2]))
        superpixels = cv2.ximgproc.createSuperpixelSEEDS(
            hsv.shape[1], hsv.shape[0], 3, self.segments, levels, self.prior, self.bins, True
        )
        superpixels.iterate(hsv, self.iterations)
        return numbered(superpixels.getLabels()[:height, :width])


def numbered(ids: NDArray[Any]) -> NDArray[np.int32]:
    """Return ids 0 to R - 1 in the place of any ids, in their order, int32 ``(H, W)``."""
    _, places = np.unique(ids, return_inverse=True)
    return places.reshape(ids.shape).astype(np.int32)


def _side(image: NDArray[np.uint8], segments: int) -> int:
    """Return the side of squares of which an image has so many, in pixels."""
    return max(1, round(math.sqrt(image.shape[0] * image.shape[1] / segments)))


def _has_room(image: NDArray[np.uint8], side: int) -> bool:
    """Whether an image is large enough for superpixels that begin as squares of a side."""
    return bool(min(image.shape[:2]) >= max(_SMALLEST, 2 * side))


def _grid(image: NDArray[np.uint8], side: int) -> NDArray[np.int32]:
    """Return squares: of an image too small for superpixels."""
    return Grid(side).squares(image.shape[:2])


def _opencv() -> Any:
    """Return OpenCV with superpixels.

    Raises:
        AlsegError: If the installed OpenCV lacks them.
    """
    import cv2

    if not hasattr(cv2, "ximgproc"):
        raise AlsegError(
            "The installed OpenCV has no superpixels: another package has put opencv-python in the place of "
            "opencv-contrib-python-headless. Uninstall opencv-python and opencv-python-headless, then run: "
            "pip install --force-reinstall opencv-contrib-python-headless"
        )
    return cv2
