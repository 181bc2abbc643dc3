"""Reading NumPy's files that may come from others: what they unfold to is known before memory is taken."""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from alseg.system.regular_file import open_regular

MOST_ARRAYS = 1000
"""Most arrays of one archive."""

_ENDING = ".npy"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Of others, a few bytes unfold to any number before the first can be read."""

_CHUNK = 2**20


class Header(NamedTuple):
    """What the head of an array's file says.

    Attributes:
        shape: Of the array.
        dtype: Of its values; never of objects.
        start: Bytes before the values.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    start: int


def read_header(file: BinaryIO, size: int) -> Header:
    """Read the head of an array and compare it with the size of the file.

    Args:
        file: At its start; afterwards, at the values.
        size: Bytes of the whole file.

    Raises:
        ValueError: If it is no array, or one of objects, in Fortran's order or of another size.
    """
    version = npy.read_magic(file)
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"an array of format {version}")
    shape, fortran, dtype = readers[version](file)
    start = file.tell()
    if dtype.hasobject or (fortran and len(shape) > 1) or any(side < 0 for side in shape):
        raise ValueError(f"an array of {dtype} {shape}")
    count = math.prod(shape)
    if start + count * dtype.itemsize != size or (count and not dtype.itemsize):
        raise ValueError(f"an array of {dtype} {shape} in {size:,} bytes")
    return Header(tuple(shape), dtype, start)


def check_archive(path: Path, largest: int, required: Collection[str] = ()) -> dict[str, Header]:
    """Compare all checksums of an archive and read the heads of its arrays; no array is made.

    Args:
        path: The file.
        largest: Bytes that all arrays may have together.
        required: Names of arrays that must be there.

    Returns:
        Name to head, of those required that are arrays.

    Raises:
        FileNotFoundError: If there is no such file.
        KeyError: If a required array is missing.
        Exception: NumPy and zipfile raise many types for a damaged archive.
    """
    heads = {}
    with open_regular(path, largest) as file, zipfile.ZipFile(file) as archive:
        entries = _entries(archive, largest)
        for name in required:
            if name not in entries:
                raise KeyError(name)
        for entry in archive.infolist():
            with archive.open(entry) as member:
                if entry.filename.removesuffix(_ENDING) in required:
                    name = entry.filename.removesuffix(_ENDING)
                    with suppress(ValueError):
                        heads[name] = read_header(member, entry.file_size)  # type: ignore[arg-type]
                while member.read(_CHUNK):
                    pass  # the checksum is compared at the end
    return heads


def read_arrays(path: Path, largest: int, wanted: Collection[str] | None = None) -> dict[str, NDArray[Any]]:
    """Read arrays of an archive.

    Args:
        path: The file.
        largest: Bytes that all arrays of the archive may have together.
        wanted: Names of those to read, as far as they are there; None for all.

    Returns:
        Name to array.

    Raises:
        FileNotFoundError: If there is no such file.
        Exception: NumPy and zipfile raise many types for a damaged archive.
    """
    arrays = {}
    with open_regular(path, largest) as file, zipfile.ZipFile(file) as archive:
        for name, entry in _entries(archive, largest).items():
            if wanted is not None and name not in wanted:
                continue
            with archive.open(entry) as member:
                head = read_header(member, entry.file_size)  # type: ignore[arg-type]
                content = member.read()  # less than the head says is refused by its checksum
                values = np.frombuffer(content, head.dtype) if content else np.zeros(head.shape, head.dtype)
                arrays[name] = values.reshape(head.shape)
    return arrays


def refuse_compressed(file: BinaryIO) -> int:
    """Refuse a compressed archive: torch writes none, and a few bytes of it could fill the memory.

    Args:
        file: A file of torch or any other, at its start; afterwards there again.

    Returns:
        Bytes of the file.

    Raises:
        ValueError: If it is one.
    """
    size = file.seek(0, os.SEEK_END)
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                raise ValueError("it is compressed")
    file.seek(0)
    return size


def names_of(values: NDArray[Any]) -> tuple[str, ...]:
    """Return an array of names as text.

    Raises:
        ValueError: If it is no list, or a name cannot be written as UTF-8.
    """
    if values.ndim != 1:
        raise ValueError(f"names of shape {values.shape}")
    names = tuple(str(name) for name in values)
    for name in names:
        name.encode("utf-8")
    return names


def _entries(archive: zipfile.ZipFile, largest: int) -> dict[str, zipfile.ZipInfo]:
    """Return the members of an archive by the names of their arrays.

    Raises:
        ValueError: If there are too many, or they would unfold to too much.
    """
    entries = archive.infolist()
    if len(entries) > MOST_ARRAYS:
        raise ValueError(f"{len(entries):,} arrays, more than {MOST_ARRAYS:,}")
    if any(entry.compress_type not in _METHODS for entry in entries):
        raise ValueError("it is compressed by another method than NumPy's")
    unfolded = sum(entry.file_size for entry in entries)
    if unfolded > largest:
        raise ValueError(f"it unfolds to {unfolded:,} bytes, more than {largest:,}")
    return {entry.filename.removesuffix(_ENDING): entry for entry in entries}
