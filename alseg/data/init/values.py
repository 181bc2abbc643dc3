"""Ids and colours in label maps, and how much of them there is: from some files, evenly drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from alseg.data.init.probing import spread
from alseg.errors import DataError
from alseg.toolkit.imaging import read_image, read_label

Color = tuple[int, int, int]
Value = int | Color
Encoding = Literal["ids", "colors", "masks"]

MOST_LOOKED = 48
"""So many label maps are decoded."""

_MOST_PIXELS = 200_000_000
_AREA_SHARE = 0.05
"""Of the pixels of a real colour, at least so many lie inside areas of it; edges have hardly any."""
_SMALL_SHARE = 1e-5
_MOST_REAL = 254


@dataclass
class Values:
    """What label maps hold.

    Attributes:
        encoding: Ids, colours, or a mask for each class; of masks, values are their places.
        pixels: Pixels by value.
        showing: Label maps that show it.
        inside: Pixels of a value whose neighbours have the same value, too.
        largest: By value, images with the most of it: pixels and path.
        palette: Colours of the ids in palette files.
        looked: Label maps decoded.
        total: Label maps there are.
        bits: Of ids.
        faults: Problem by image whose label map cannot be decoded.
    """

    encoding: Encoding
    total: int
    pixels: Counter[Value] = field(default_factory=Counter)
    showing: Counter[Value] = field(default_factory=Counter)
    inside: Counter[Value] = field(default_factory=Counter)
    largest: dict[Value, list[tuple[int, str]]] = field(default_factory=dict)
    palette: dict[int, Color] = field(default_factory=dict)
    looked: int = 0
    bits: int = 8
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def real(self) -> list[Value]:
        """Values that are areas, most pixels first; without those seen at edges only, as smoothing makes."""
        total = max(1, sum(self.pixels.values()))
        found = [
            value
            for value, count in self.pixels.most_common()
            if self.inside[value] >= _AREA_SHARE * count and count >= _SMALL_SHARE * total
        ]
        # Few values, each seen often, are classes even where all are thin.
        few = len(self.pixels) <= len(found) + 3 or len(self.pixels) <= 16
        return [value for value, _ in self.pixels.most_common()] if few else found[:_MOST_REAL]

    def share(self, value: Value) -> float:
        """Return the share of all pixels, 0-1."""
        return self.pixels[value] / max(1, sum(self.pixels.values()))


def read_values(root: Path, labels: Mapping[str, tuple[str | None, ...]]) -> Values:
    """Decode some label maps.

    Args:
        root: The folder.
        labels: Label files by image path; several where each class has one.
    """
    images = spread(sorted(labels), MOST_LOOKED)
    is_masks = any(len(files) > 1 for files in labels.values())
    first = labels[images[0]][0]
    encoding: Encoding = "masks" if is_masks else _encoding(root / first if first else None)
    values, done = Values(encoding, len(labels)), 0
    for image in images:
        try:
            label = decoded(root, labels[image], encoding)
        except DataError as error:
            values.faults[image] = str(error)
            continue
        _add(values, label, image)
        done += label.size
        if done > _MOST_PIXELS:
            break
    if encoding == "ids" and first is not None:
        values.palette = _palette(root / first)
    return values


def decoded(root: Path, files: Sequence[str | None], encoding: Encoding) -> NDArray[np.uint32]:
    """Return ids, colours as red << 16 | green << 8 | blue, or places of masks from 1 on, 0 where none is.

    Returns:
        uint32 ``(H, W)``.

    Raises:
        DataError: If a file cannot be decoded.
    """
    if encoding == "masks":
        there = [(place, read_image(root / file).any(axis=2)) for place, file in enumerate(files, 1) if file]
        label = np.zeros(there[0][1].shape, np.uint32)
        for place, mask in there:
            if mask.shape != label.shape:
                raise DataError(f"{root / str(files[place - 1])} is of another size than other masks.")
            label[mask] = place
        return label
    (file,) = files
    path = root / str(file)
    if encoding == "ids":
        return read_label(path).astype(np.uint32)
    rgb = read_image(path).astype(np.uint32)
    return (rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]).astype(np.uint32, copy=False)


def unpacked(number: int) -> Color:
    """Return red, green and blue of a number from `decoded`."""
    return number >> 16, number >> 8 & 255, number & 255


def packed(value: Value) -> int:
    """Return the number that `decoded` has for a value."""
    return value if isinstance(value, int) else value[0] << 16 | value[1] << 8 | value[2]


def _add(values: Values, label: NDArray[np.uint32], image: str) -> None:
    values.looked += 1
    numbers, counts = np.unique(label, return_counts=True)
    inner = label[1:-1, 1:-1]
    is_inside = np.ones(inner.shape, bool)
    for rows, columns in ((0, 1), (2, 1), (1, 0), (1, 2)):
        height, width = inner.shape
        is_inside &= inner == label[rows : rows + height, columns : columns + width]
    inside = dict(
        zip(*(part.tolist() for part in np.unique(inner[is_inside], return_counts=True)), strict=True)
    )
    for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
        value: Value = unpacked(number) if values.encoding == "colors" else number
        values.pixels[value] += count
        values.showing[value] += 1
        values.inside[value] += inside.get(number, 0)
        values.bits = 16 if values.encoding == "ids" and number > 255 else values.bits
        largest = sorted([*values.largest.get(value, []), (count, image)], key=lambda one: (-one[0], one[1]))
        values.largest[value] = largest[:3]


def _encoding(path: Path | None) -> Encoding:
    if path is None:
        return "ids"
    try:
        read_label(path)
    except DataError:
        return "colors"
    return "ids"


def _palette(path: Path) -> dict[int, Color]:
    with Image.open(path) as image:
        if image.mode != "P":
            return {}
        channels = image.getpalette("RGB") or []
    return {
        index: (channels[3 * index], channels[3 * index + 1], channels[3 * index + 2])
        for index in range(len(channels) // 3)
    }
