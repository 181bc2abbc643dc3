"""Maps of a round's images, compressed one by one in one file, with an index.

The index comes last and commits them. A kind of maps says what the files are called and how a map is stored.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Size
from alseg.errors import DamageError
from alseg.files import read_json, refuse_unknown_keys, remove, write_atomically, write_record
from alseg.system.regular_file import naming_damage, open_regular

LARGEST_MAPS = 2**36
"""Bytes of the maps of one round: a million of 64 KiB."""
LARGEST_INDEX = 2**28
_MOST_PIXELS = 2**28
_LEVEL = 1
"""Of compression: maps are runs of equal values, for which the fastest level does."""
_CHUNK = 2**20


@dataclass(frozen=True)
class PackedMaps:
    """The maps of one round; pickled to loader workers, which read what they need.

    Attributes:
        path: The file.
        places: Image id to first byte, the byte after the last, height and width.
        sha256: Of the file.
    """

    path: Path
    places: Mapping[str, tuple[int, int, int, int]]
    sha256: str

    maps_name: ClassVar[str]
    index_name: ClassVar[str]
    dtype: ClassVar[str]
    """Of a stored map, with the order of its bytes."""

    @classmethod
    def stored(cls, values: NDArray[Any]) -> NDArray[Any]:
        """Return a map as it is compressed, of the kind's dtype."""
        return values.astype(cls.dtype)

    @classmethod
    def restored(cls, stored: NDArray[Any]) -> NDArray[Any]:
        """Return the map that `stored` was given."""
        return stored

    @classmethod
    def packed(cls, values: NDArray[Any]) -> bytes:
        """Return a map in as few bytes as it has in the file."""
        return zlib.compress(np.ascontiguousarray(cls.stored(values)).tobytes(), _LEVEL)

    @classmethod
    def unpacked(cls, content: bytes, size: Size) -> NDArray[Any]:
        """Return the map ``(H, W)`` of a size that `packed` was given.

        Raises:
            Exception: Of many types, if it is none.
        """
        length = size[0] * size[1] * np.dtype(cls.dtype).itemsize
        unfolded = zlib.decompressobj().decompress(content, length)
        return cls.restored(np.frombuffer(unfolded, cls.dtype).reshape(size))

    @classmethod
    def write(cls, folder: Path, maps: Iterable[tuple[str, NDArray[Any]]]) -> Self:
        """Write maps one after the other, then the index that commits them.

        Args:
            folder: A round's folder.
            maps: Image ids, each once, and ``(H, W)``.

        Raises:
            WriteError: If the files cannot be written.
        """
        path = (folder / cls.maps_name).absolute()
        places: dict[str, tuple[int, int, int, int]] = {}
        hashed = hashlib.sha256()

        def fill(file: BinaryIO) -> None:
            end = 0
            for image_id, values in _of_maker(maps):
                packed = cls.packed(values)
                file.write(packed)
                hashed.update(packed)
                places[image_id] = (end, end + len(packed), *values.shape)
                end += len(packed)

        try:
            write_atomically(path, fill)
        except _MakerError as error:
            assert error.__cause__ is not None
            raise error.__cause__ from None
        index = {"sha256": hashed.hexdigest(), "images": {name: list(each) for name, each in places.items()}}
        write_record(folder / cls.index_name, index)
        return cls(path, places, hashed.hexdigest())

    @classmethod
    def read(cls, folder: Path, *, verify: bool = True) -> Self:
        """Read a committed index.

        Args:
            folder: A round's folder.
            verify: Whether to compare the checksum of the maps, which reads all of them.

        Raises:
            DamageError: If a file is missing or damaged; names it.
        """
        name, path = cls.index_name, (folder / cls.maps_name).absolute()
        index = read_json(folder / name, LARGEST_INDEX)
        refuse_unknown_keys(folder / name, index, {"sha256", "images"})
        with naming_damage(path, lambda error: f"does not fit {name}."):
            with open_regular(path, LARGEST_MAPS) as file:
                length = file.seek(0, 2)
                if verify and _sha256(file) != index["sha256"]:
                    raise DamageError(f"{path} is damaged: its checksum differs from the one in {name}.")
            places = {str(image): _place(each, length) for image, each in index["images"].items()}
        return cls(path, places, str(index["sha256"]))

    @classmethod
    def committed(cls, folder: Path) -> bool:
        """Return whether a round's folder holds such maps."""
        return (folder / cls.index_name).exists()

    @classmethod
    def forget(cls, folder: Path) -> None:
        """Remove the maps of a round, if there are any."""
        remove(folder / cls.index_name)
        remove(folder / cls.maps_name)

    def size(self, image_id: str) -> Size:
        """Return height and width of an image's map."""
        return self.places[image_id][2:]

    def of_image(self, image_id: str) -> NDArray[Any] | None:
        """Return the map of an image, ``(H, W)``; None where there is none.

        Raises:
            DamageError: If the file is missing or was changed since its checksum was compared; names it.
        """
        place = self.places.get(image_id)
        if place is None:
            return None
        start, stop, *size = place
        with naming_damage(self.path, lambda error: "is damaged: a map in it cannot be unfolded."):
            with open_regular(self.path, LARGEST_MAPS) as file:
                file.seek(start)
                content = file.read(stop - start)
            return self.unpacked(content, (size[0], size[1]))


class _MakerError(Exception):
    """The cause is an error of whoever makes the maps, which is none of the file."""


def _of_maker(maps: Iterable[tuple[str, NDArray[Any]]]) -> Iterator[tuple[str, NDArray[Any]]]:
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


def _sha256(file: BinaryIO) -> str:
    file.seek(0)
    hashed = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        hashed.update(chunk)
    return hashed.hexdigest()


def _place(numbers: list[int], length: int) -> tuple[int, int, int, int]:
    """Return where a map lies and how large it is.

    Raises:
        ValueError: If it cannot be so in a file of this length.
    """
    start, stop, height, width = map(int, numbers)
    if not 0 <= start < stop <= length or min(height, width) < 1 or height * width > _MOST_PIXELS:
        raise ValueError(numbers)
    return start, stop, height, width
