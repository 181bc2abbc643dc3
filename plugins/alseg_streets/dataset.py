"""The data set: scenes by index, kept in memory while there is room."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alseg import AlsegError, unknown_name
from alseg.contracts import Size
from alseg_streets.scenes import DOMAINS, SPLITS, Split, render_scene
from alseg_streets.statistics import Domain

Pair = tuple[NDArray[np.uint8], NDArray[np.uint8]]

CACHE_BYTES = 2**30
"""Memory for rendered scenes of one data set, in bytes; those used longest ago go first."""

LIMITS = {
    "height": (32, 4096),
    "width": (32, 4096),
    "count": (1, 1_000_000),
    "val_count": (1, 1_000_000),
    "seed": (0, 2**63 - 1),
}
"""Lowest and highest value of each whole-number parameter."""


class StreetsDataset:
    """Procedural street scenes with pixel-exact labels (`alseg.contracts.Dataset`).

    * **Image**: RGB, uint8; a street seen from a car. ``render`` is clean, sunny and colourful; ``camera``
      has other streets, other materials, haze, noise, blur and compression.
    * **Label**: the 19 classes of Cityscapes, train ids; 255 for the own car, blank borders, and clutter.
    * **Splits**: ``train`` and ``val`` have scenes of their own; so do the domains.

    Image and label of an index are rendered together, when first asked for; the same parameters give the same
    bytes on every machine. Rendered scenes stay in memory up to `CACHE_BYTES`, and are left behind when the
    object is pickled for a worker process.
    """

    def __init__(
        self,
        *,
        split: str,
        domain: str = "render",
        height: int = 128,
        width: int = 256,
        count: int = 400,
        val_count: int = 100,
        seed: int = 0,
    ) -> None:
        """Check the parameters; nothing is rendered yet. See `alseg_streets.build_streets`.

        Raises:
            AlsegError: If a parameter is out of range.
        """
        if split not in SPLITS:
            raise AlsegError(unknown_name("split of streets", split, SPLITS))
        if domain not in DOMAINS:
            raise AlsegError(unknown_name("domain of streets", domain, DOMAINS))
        numbers = {"height": height, "width": width, "count": count, "val_count": val_count, "seed": seed}
        for name, value in numbers.items():
            low, high = LIMITS[name]
            if not low <= value <= high:
                raise AlsegError(f"Data set streets: {name} must be {low} to {high}, but is {value}.")
        self._split: Split = split
        self._domain: Domain = domain
        self._size = (height, width)
        self._length = count if split == "train" else val_count
        self._seed = seed
        self._cache: OrderedDict[int, Pair] = OrderedDict()
        self._cached_bytes = 0

    def __len__(self) -> int:
        """Return the number of images."""
        return self._length

    def image_id(self, index: int) -> str:
        """Return the image's name, such as ``camera-train-000012``."""
        return f"{self._domain}-{self._split}-{self._checked(index):06d}"

    def size(self, index: int) -> Size:
        """Return height and width in pixels; all images have the same."""
        self._checked(index)
        return self._size

    def image(self, index: int) -> NDArray[np.uint8]:
        """Return the RGB image, uint8 ``(H, W, 3)``."""
        return self._pair(index)[0].copy()

    def label(self, index: int) -> NDArray[np.uint8]:
        """Return the label map, uint8 ``(H, W)``, 0-18 or 255 for void."""
        return self._pair(index)[1].copy()

    def __getstate__(self) -> dict[str, Any]:
        """Leave rendered scenes behind."""
        return {**self.__dict__, "_cache": OrderedDict(), "_cached_bytes": 0}

    def _checked(self, index: int) -> int:
        if not 0 <= index < self._length:
            raise IndexError(f"index {index} is not within the {self._length} images of this split")
        return index

    def _pair(self, index: int) -> Pair:
        pair = self._cache.get(self._checked(index))
        if pair is not None:
            self._cache.move_to_end(index)
            return pair
        height, width = self._size
        pair = render_scene(
            index, domain=self._domain, split=self._split, height=height, width=width, seed=self._seed
        )
        self._cache[index] = pair
        self._cached_bytes += pair[0].nbytes + pair[1].nbytes
        while self._cached_bytes > CACHE_BYTES and len(self._cache) > 1:
            _, (image, label) = self._cache.popitem(last=False)
            self._cached_bytes -= image.nbytes + label.nbytes
        return pair
