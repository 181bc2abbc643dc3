"""A first look into some files of a kind: photographs or label maps?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from alseg.errors import DataError
from alseg.toolkit.image_file import opened

_T = TypeVar("_T")
_LOOKS = 3
_FEW_VALUES = 64


@dataclass(frozen=True)
class Probe:
    """What some files of a kind hold.

    Attributes:
        values: Most different ids or colours in one file; 0 where no file can be read.
        is_lossy: JPEG, whose values are not exact.
        is_color: Several channels.
        is_mask: Nothing but 0 and one other value in each file.
        channels: As Pillow names them, such as ``RGBA``.
    """

    values: int
    is_lossy: bool
    is_color: bool
    is_mask: bool
    channels: str

    @property
    def looks_like_labels(self) -> bool:
        """Few different values, stored exactly."""
        return 0 < self.values <= _FEW_VALUES and not self.is_lossy


def spread(items: Sequence[_T], count: int) -> list[_T]:
    """Return at most ``count`` items, evenly drawn in order, the first among them."""
    if len(items) <= count:
        return list(items)
    return [items[index * len(items) // count] for index in range(count)]


def probe(root: Path, paths: Sequence[str]) -> Probe:
    """Decode some files, evenly drawn; those that cannot be read count as nothing.

    Args:
        root: The folder that ``paths`` count from.
        paths: Files of one kind.
    """
    values, is_lossy, is_color, is_mask, channels = 0, False, False, True, ""
    for path in spread(paths, _LOOKS):
        try:
            with opened(root / path) as image:
                is_lossy |= image.format in ("JPEG", "MPO")
                channels = image.mode
                pixels = np.array(image)
        except DataError:
            continue
        is_color |= pixels.ndim == 3
        flat = pixels.reshape(-1, pixels.shape[2] if pixels.ndim == 3 else 1)[:, :3].astype(np.uint32)
        packed = flat @ np.array([1, 1 << 8, 1 << 16][: flat.shape[1]], np.uint32)
        different = np.unique(packed)
        values = max(values, len(different))
        is_mask &= len(different) <= 2 and (len(different) < 2 or different[0] == 0)
    return Probe(values, is_lossy, is_color, is_mask and values > 0, channels)
