"""Label maps that a recipe has derived in a round: compressed one by one in one file, with an index.

They are kept as long as training needs them: until their round is committed. The index comes last and
commits them.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Size
from alseg.errors import DamageError
from alseg.files import read_json, refuse_unknown_keys, remove, write_atomically, write_record
from alseg.system.regular_file import naming_damage, open_regular

MAPS_NAME = "derived.bin"
INDEX_NAME = "derived.json"

LARGEST_MAPS = 2**36
"""Bytes of the maps of one round: a million of 64 KiB."""
LARGEST_INDEX = 2**28
_MOST_PIXELS = 2**28
_LEVEL = 1
"""Of compression: label maps are runs of equal values, for which the fastest level does."""
_CHUNK = 2**20


@dataclass(frozen=True)
class DerivedMaps:
    """The derived label maps of one round; pickled to loader workers, which read what they need.

    Attributes:
        path: The file.
        places: Image id to first byte, the byte after the last, height and width.
    """

    path: Path
    places: Mapping[str, tuple[int, int, int, int]]

    @classmethod
    def write(cls, folder: Path, maps: Iterable[tuple[str, NDArray[np.uint8]]]) -> DerivedMaps:
        """Write maps one after the other, then the index that commits them.

        Args:
            folder: A round's folder.
            maps: Image ids, each once, and uint8 ``(H, W)``.

        Raises:
            WriteError: If the files cannot be written.
        """
        path = (folder / MAPS_NAME).absolute()
        places: dict[str, tuple[int, int, int, int]] = {}
        hashed = hashlib.sha256()

        def fill(file: BinaryIO) -> None:
            end = 0
            for image_id, label in _of_maker(maps):
                packed = zlib.compress(np.ascontiguousarray(label).tobytes(), _LEVEL)
                file.write(packed)
                hashed.update(packed)
                places[image_id] = (end, end + len(packed), *label.shape)
                end += len(packed)

        try:
            write_atomically(path, fill)
        except _MakerError as error:
            assert error.__cause__ is not None
            raise error.__cause__ from None
        index = {"sha256": hashed.hexdigest(), "images": {name: list(each) for name, each in places.items()}}
        write_record(folder / INDEX_NAME, index)
        return cls(path, places)

    @classmethod
    def read(cls, folder: Path) -> DerivedMaps:
        """Read a committed index and compare the checksum of the maps.

        Raises:
            DamageError: If a file is missing or damaged; names it.
        """
        index, path = read_json(folder / INDEX_NAME, LARGEST_INDEX), (folder / MAPS_NAME).absolute()
        refuse_unknown_keys(folder / INDEX_NAME, index, {"sha256", "images"})
        with naming_damage(path, lambda error: f"does not fit {INDEX_NAME}."):
            with open_regular(path, LARGEST_MAPS) as file:
                hashed = hashlib.sha256()
                while chunk := file.read(_CHUNK):
                    hashed.update(chunk)
                length = file.tell()
            if hashed.hexdigest() != index["sha256"]:
                raise DamageError(f"{path} is damaged: its checksum differs from the one in {INDEX_NAME}.")
            places = {str(name): _place(each, length) for name, each in index["images"].items()}
        return cls(path, places)

    @staticmethod
    def committed(folder: Path) -> bool:
        """Return whether a round's folder holds derived maps."""
        return (folder / INDEX_NAME).exists()

    @staticmethod
    def forget(folder: Path) -> None:
        """Remove the derived maps of a round, if there are any."""
        remove(folder / INDEX_NAME)
        remove(folder / MAPS_NAME)

    def size(self, image_id: str) -> Size:
        """Return height and width of an image's map."""
        return self.places[image_id][2:]

    def label(self, image_id: str) -> NDArray[np.uint8] | None:
        """Return the label map of an image, uint8 ``(H, W)``; None where none was derived.

        Raises:
            DamageError: If the file is missing or was changed since its checksum was compared; names it.
        """
        place = self.places.get(image_id)
        if place is None:
            return None
        start, stop, height, width = place
        with naming_damage(self.path, lambda error: "is damaged: a label map in it cannot be unfolded."):
            with open_regular(self.path, LARGEST_MAPS) as file:
                file.seek(start)
                packed = file.read(stop - start)
            unfolded = zlib.decompressobj().decompress(packed, height * width)
            return np.frombuffer(unfolded, np.uint8).reshape(height, width)


class _MakerError(Exception):
    """The cause is an error of whoever makes the maps, which is none of the file."""


def _of_maker(maps: Iterable[tuple[str, NDArray[np.uint8]]]) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Yield maps; what fails there must not look as if the file could not be written."""
    iterator = iter(maps)
    while True:
        try:
            made = next(iterator, None)
        except Exception as error:
            raise _MakerError from error
        if made is None:
            return
        yield made


def _place(numbers: list[int], length: int) -> tuple[int, int, int, int]:
    """Return where a map lies and how large it is.

    Raises:
        ValueError: If it cannot be so in a file of this length.
    """
    start, stop, height, width = map(int, numbers)
    if not 0 <= start < stop <= length or min(height, width) < 1 or height * width > _MOST_PIXELS:
        raise ValueError(numbers)
    return start, stop, height, width
