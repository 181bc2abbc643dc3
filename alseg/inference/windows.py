"""Sliding windows: large images go through the network in parts that overlap, and the parts are averaged.

Logits of windows are resized to the window and averaged with equal weights, as MMSegmentation's ``slide``
mode does; features and named outputs are averaged on their own grid. The windows of one image go through the
network together and without other images, so that results do not depend on the batch. MONAI's
``sliding_window_inference`` averages logits alike, but would be a dependency far larger than this module.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.nn import functional

from alseg.contracts import Size
from alseg.guard.answers import checked_logits

AT_ONCE = 4
"""Windows in one forward pass; fixed, since sums of convolutions may be ordered by the size of the batch."""


def window_starts(side: int, window: int, overlap: float) -> list[int]:
    """Return where windows begin along one side of an image, in pixels.

    Args:
        side: Length of the side.
        window: Length of a window, at most that of the side.
        overlap: Share of a window that the next one covers, too, at least 0 and below 1. The last window is
            moved back to end with the image.
    """
    step = max(1, round(window * (1 - overlap)))
    count = math.ceil(max(0, side - window) / step) + 1
    return [min(number * step, side - window) for number in range(count)]


class WindowedModel:
    """A network that sees windows of its images; all else it has is the network's own.

    Args:
        model: A `SegmentationModel`, possibly wrapped for a device and precision.
        window: Height and width of the windows in pixels; cut to the image's where that is smaller.
        overlap: As for `window_starts`.
    """

    def __init__(self, model: Any, window: Size, overlap: float) -> None:
        self._model, self._window, self._overlap = model, window, overlap
        self.module = getattr(model, "module", model)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Return averaged logits, float32 ``(B, C, H, W)`` of the images' size."""
        return self._averaged(images, lambda crops: {"logits": self._logits(crops)})["logits"]

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return averaged features, float32 ``(B, D, h, w)``, as fine as those of a window."""
        return self._averaged(images, lambda crops: {"features": self._features(crops)})["features"]

    def logits_and_features(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what calling this and `features` give, from one pass where the network can do that."""

        def both(crops: torch.Tensor) -> dict[str, torch.Tensor]:
            if not hasattr(self._model, "logits_and_features"):
                return {"logits": self._logits(crops), "features": self._features(crops)}
            logits, features = self._model.logits_and_features(crops)
            return {"logits": self._at_window_size(logits, crops), "features": features}

        averaged = self._averaged(images, both)
        return averaged["logits"], averaged["features"]

    def outputs(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return averaged named outputs, float32 ``(B, D, h, w)`` each, as fine as those of a window."""
        return self._averaged(images, self._model.outputs)

    def _logits(self, crops: torch.Tensor) -> torch.Tensor:
        return self._at_window_size(self._model(crops), crops)

    def _features(self, crops: torch.Tensor) -> torch.Tensor:
        return checked_logits(self.module, self._model.features(crops), crops, "features")

    def _at_window_size(self, logits: Any, crops: torch.Tensor) -> torch.Tensor:
        checked = checked_logits(self.module, logits, crops).float()
        return functional.interpolate(checked, size=crops.shape[-2:], mode="bilinear", align_corners=True)

    def _averaged(self, images: torch.Tensor, run: Callable[[torch.Tensor], Any]) -> dict[str, torch.Tensor]:
        """Return the named maps of a batch, averaged over windows, float32 ``(B, D, h, w)`` each."""
        means: dict[str, list[torch.Tensor]] = {}
        for image in images:
            for name, mean in self._averaged_image(image, run).items():
                means.setdefault(name, []).append(mean)
        return {name: torch.stack(of_images) for name, of_images in means.items()}

    def _averaged_image(
        self, image: torch.Tensor, run: Callable[[torch.Tensor], Any]
    ) -> dict[str, torch.Tensor]:
        size = (image.shape[-2], image.shape[-1])
        window = (min(self._window[0], size[0]), min(self._window[1], size[1]))
        sums: dict[str, _MeanMap] = {}
        for places in self._places(size, window):
            crops = torch.stack([image[:, y : y + window[0], x : x + window[1]] for y, x in places])
            for name, maps in run(crops).items():
                mean = sums.setdefault(name, _MeanMap(size, window))
                for place, part in zip(places, maps, strict=True):
                    mean.add(place, part)
        return {name: mean.result() for name, mean in sums.items()}

    def _places(self, size: Size, window: Size) -> Iterator[list[tuple[int, int]]]:
        """Yield the upper left corners of an image's windows, some at a time."""
        rows, columns = (
            window_starts(side, length, self._overlap) for side, length in zip(size, window, strict=True)
        )
        places = [(y, x) for y in rows for x in columns]
        for first in range(0, len(places), AT_ONCE):
            yield places[first : first + AT_ONCE]


def windowed(model: Any, window: Size | None, overlap: float) -> Any:
    """Return a network that sees windows of its images, or the network itself where there is no window."""
    return model if window is None else WindowedModel(model, window, overlap)


class _MeanMap:
    """The mean over windows of maps that may be coarser than the image.

    A window's map lies on the image's grid to the nearest cell, so that it may be off by half a cell.

    Args:
        size: Height and width of the image in pixels.
        window: Of a window.
    """

    def __init__(self, size: Size, window: Size) -> None:
        self._size, self._window = size, window
        self._sum: torch.Tensor | None = None
        self._count = torch.empty(0)

    def add(self, place: tuple[int, int], part: torch.Tensor) -> None:
        """Add the map ``(D, h, w)`` of the window with this upper left corner in pixels."""
        own = (part.shape[-2], part.shape[-1])
        if self._sum is None:
            height, width = (self._cell(axis, self._size[axis], own[axis]) for axis in (0, 1))
            self._sum = part.new_zeros((len(part), height, width), dtype=torch.float32)
            self._count = self._sum.new_zeros((height, width))
        y, x = (
            min(self._cell(axis, place[axis], own[axis]), self._sum.shape[1 + axis] - own[axis])
            for axis in (0, 1)
        )
        self._sum[:, y : y + own[0], x : x + own[1]] += part
        self._count[y : y + own[0], x : x + own[1]] += 1

    def result(self) -> torch.Tensor:
        """Return the mean, float32 ``(D, H, W)`` of the grid."""
        assert self._sum is not None
        return self._sum.div_(self._count)

    def _cell(self, axis: int, pixel: int, cells: int) -> int:
        """Return the nearest cell of a pixel; halves go up, so that neighbours leave no gap."""
        return math.floor(pixel * cells / self._window[axis] + 0.5)
