"""From label files to class indices: ids by a table, colours by a table, or one mask for each class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import IGNORE_INDEX, Size
from alseg.errors import DataError
from alseg.toolkit.imaging import image_size, read_image, read_label
from alseg.toolkit.labels import translated

UNDEFINED = 254
"""Marks ids and colours that a data set does not define; no label space has so many classes."""

AS_THEY_COME = "Use the label maps as they come in the archive, or copy the file again."
"""What to do about values that no published label map has."""

_BYTE = 256
_SHORT = 65_536
_MOST_LISTED = 10
_MOST_COLORS = 5

Ids = NDArray[np.uint8] | NDArray[np.uint16]
"""What a label file holds, ``(H, W)``."""


class LabelFiles(Protocol):
    """Reads the label file of an image, or its several files; the object is pickled to worker processes.

    Attributes:
        identity: A text that is another one whenever the same files would mean something else.
    """

    @property
    def identity(self) -> str:
        """See above."""
        ...

    def size(self, files: Sequence[Path | None]) -> Size:
        """Return height and width from the headers.

        Raises:
            DataError: If a file cannot be opened or cannot hold labels of this kind; names it.
        """
        ...

    def read(self, files: Sequence[Path | None]) -> tuple[NDArray[np.uint8], Ids]:
        """Return class indices, uint8 ``(H, W)`` with 255 for void, and what the file holds, ``(H, W)``.

        Raises:
            DataError: If a file cannot be decoded or holds what is not defined; names it.
        """
        ...

    def raw_ids(self) -> NDArray[np.uint8]:
        """Return the ids by which predictions are saved, uint8 ``(256,)`` by class index."""
        ...


def class_table(classes: Mapping[int, int], void: frozenset[int], others: int = UNDEFINED) -> bytes:
    """Return the look-up table from raw ids to class indices.

    Args:
        classes: Raw id, 0-65535, to class index.
        void: Raw ids that mean void.
        others: What all other ids mean: `UNDEFINED`, or 255 for void.

    Returns:
        256 bytes, or 65,536 where an id needs them: class index, 255 for void, ``others`` for all other ids.
    """
    highest = max((*classes, *void), default=0)
    table = bytearray([others]) * (_BYTE if highest < _BYTE else _SHORT)
    for raw_id in void:
        table[raw_id] = IGNORE_INDEX
    for raw_id, index in classes.items():
        table[raw_id] = index
    return bytes(table)


@dataclass(frozen=True)
class IdLabels:
    """One file with a class id a pixel.

    Attributes:
        table: From `class_table`.
        title: The data set's name in messages.
        read_ids: Decodes a file to raw ids, ``(H, W)`` uint8 or uint16.
        content: As what files are read, for `alseg.toolkit.imaging.image_size`; goes with ``read_ids``.
        remedy: What to do about ids that the data set does not define.
        saved_as: Class index, or 255 for void, to the raw id by which it is saved in predictions; the lowest
            id of those that are not here.
    """

    table: bytes
    title: str
    read_ids: Callable[[Path], Ids] = read_label
    content: Literal["label", "label16"] = "label"
    remedy: str = AS_THEY_COME
    saved_as: Mapping[int, int] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """How files are decoded, and the table."""
        return f"{self.read_ids.__name__}\n{self.table.hex()}"

    def size(self, files: Sequence[Path | None]) -> Size:
        """Return height and width from the header."""
        return image_size(_one(files), self.content)

    def read(self, files: Sequence[Path | None]) -> tuple[NDArray[np.uint8], Ids]:
        """Return class indices and raw ids."""
        path = _one(files)
        ids = self.read_ids(path)
        table = np.frombuffer(self.table, np.uint8)
        if (beyond := ids >= len(table)).any():
            if IGNORE_INDEX not in table[:_BYTE] or UNDEFINED in table[:_BYTE]:
                raise self._undefined(path, ids[beyond])
            label = np.full(ids.shape, IGNORE_INDEX, np.uint8)
            label[~beyond] = table[ids[~beyond]]
        elif len(table) == _BYTE:
            label = translated(ids.astype(np.uint8, copy=False), table)
        else:
            label = table[ids]
        undefined = label == UNDEFINED
        if undefined.any():
            raise self._undefined(path, ids[undefined])
        return label, ids

    def raw_ids(self) -> NDArray[np.uint8]:
        """Return the id by which each class is saved; for 255 and what is no class, the lowest of void."""
        table = np.frombuffer(self.table, np.uint8)[:_BYTE]
        void = np.flatnonzero(table == IGNORE_INDEX)
        raw_ids = np.full(256, void[0] if void.size else IGNORE_INDEX, np.uint8)
        for raw_id in np.flatnonzero(table < UNDEFINED)[::-1]:
            raw_ids[table[raw_id]] = raw_id
        for index, raw_id in self.saved_as.items():
            raw_ids[index] = raw_id
        return raw_ids

    def _undefined(self, path: Path, ids: NDArray[np.generic]) -> DataError:
        different = np.unique(ids).tolist()
        more = ", ..." if len(different) > _MOST_LISTED else ""
        listed = ", ".join(map(str, different[:_MOST_LISTED])) + more
        return DataError(f"{path} holds ids that {self.title} does not define: {listed}.", self.remedy)


@dataclass(frozen=True)
class ColorLabels:
    """One file with a colour for each class.

    Attributes:
        colors: Red, green and blue, 0-255 each, and the class index that they mean, or 255 for void.
        title: The data set's name in messages.
        others: What all other colours mean: `UNDEFINED`, or 255 for void.
        remedy: What to do about colours that are not defined.
    """

    colors: tuple[tuple[tuple[int, int, int], int], ...]
    title: str
    others: int = UNDEFINED
    remedy: str = AS_THEY_COME

    @property
    def identity(self) -> str:
        """The table."""
        return f"colors {self.colors} {self.others}"

    def size(self, files: Sequence[Path | None]) -> Size:
        """Return height and width from the header."""
        return image_size(_one(files), "color")

    def read(self, files: Sequence[Path | None]) -> tuple[NDArray[np.uint8], Ids]:
        """Return class indices twice: colours have no ids."""
        path = _one(files)
        image_size(path, "color")
        rgb = read_image(path).astype(np.uint32)
        packed = rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]
        label = _color_table(self.colors, self.others)[packed]
        undefined = label == UNDEFINED
        if undefined.any():
            raise self._undefined(path, packed[undefined])
        return label, label.copy()

    def raw_ids(self) -> NDArray[np.uint8]:
        """Return class indices: a prediction is saved without colours."""
        return np.arange(256, dtype=np.uint8)

    def _undefined(self, path: Path, packed: NDArray[np.uint32]) -> DataError:
        colors, counts = np.unique(packed, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        listed = ", ".join(
            f"[{color >> 16}, {color >> 8 & 255}, {color & 255}] ({count:,} pixels)"
            for color, count in zip(
                colors[order][:_MOST_COLORS].tolist(), counts[order].tolist(), strict=False
            )
        )
        more = f" and {len(colors) - _MOST_COLORS:,} more" if len(colors) > _MOST_COLORS else ""
        return DataError(
            f"{path} holds colours that {self.title} does not define: {listed}{more}.", self.remedy
        )


@dataclass(frozen=True)
class MaskLabels:
    """A file for each class, in which everything but 0 is of the class.

    Where masks overlap, the later class covers the earlier ones. A file that is not there, None, shows
    nothing of its class.

    Attributes:
        classes: Class index of each file, in order.
        background: Class index of pixels in no mask; 255 for void.
    """

    classes: tuple[int, ...]
    background: int = IGNORE_INDEX

    @property
    def identity(self) -> str:
        """The classes of the files."""
        return f"masks {self.classes} {self.background}"

    def size(self, files: Sequence[Path | None]) -> Size:
        """Return height and width from the headers, which must agree."""
        there = [path for path in files if path is not None]
        sizes = [image_size(path, "color") for path in there]
        for path, size in zip(there[1:], sizes[1:], strict=True):
            if size != sizes[0]:
                raise DataError(
                    f"{path} is {size[0]} x {size[1]} pixels (height x width), but {there[0]} is "
                    f"{sizes[0][0]} x {sizes[0][1]}.",
                    "Copy or unpack both again.",
                )
        return sizes[0]

    def read(self, files: Sequence[Path | None]) -> tuple[NDArray[np.uint8], Ids]:
        """Return class indices twice: masks have no ids."""
        label = np.full(self.size(files), self.background, np.uint8)
        for path, index in zip(files, self.classes, strict=True):
            if path is not None:
                label[read_image(path).any(axis=2)] = index
        return label, label.copy()

    def raw_ids(self) -> NDArray[np.uint8]:
        """Return class indices: a prediction is saved in one file."""
        return np.arange(256, dtype=np.uint8)


def _one(files: Sequence[Path | None]) -> Path:
    (path,) = files
    if path is None:
        raise ValueError("the label file of an image is None")
    return path


@lru_cache(maxsize=4)
def _color_table(colors: tuple[tuple[tuple[int, int, int], int], ...], others: int) -> NDArray[np.uint8]:
    """Return what each of the 2^24 colours means: 16 MiB, made once in a process."""
    table = np.full(1 << 24, others, np.uint8)
    for (red, green, blue), index in colors:
        table[red << 16 | green << 8 | blue] = index
    return table
