"""Image files that a user names: found in folders, and decoded one ahead of the network."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from alseg.errors import AlsegError, DataError
from alseg.toolkit.imaging import read_image

_NO_PHOTOGRAPHS = frozenset({"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "PDF", "WMF"})
"""Formats whose names Pillow knows but whose pixels it needs other programs for, or has not."""


class ImageFile(NamedTuple):
    """One image that a user names.

    Attributes:
        path: The file.
        name: What its outputs are called, without an ending: its path in the folder given.
    """

    path: Path
    name: str


def find_images(given: Sequence[Path], output: Path) -> list[ImageFile]:
    """Return all images that files and folders stand for, each once, in the order given, sorted in folders.

    Files whose names differ in the ending only keep it in the names of their outputs.

    Args:
        given: Files, taken whatever their ending; folders, in which files of endings that Pillow reads are
            found at any depth. Hidden ones and links to folders are left out.
        output: A folder that is not searched.

    Raises:
        AlsegError: If something does not exist, no image is found, or two would have outputs of one name.
    """
    images: dict[Path, PurePosixPath] = {}
    for path in given:
        if path.is_dir():
            for file in _files_below(path, output):
                images.setdefault(file, PurePosixPath(file.relative_to(path).as_posix()))
        elif path.exists():
            images.setdefault(path, PurePosixPath(path.name))
        else:
            raise AlsegError(f"There is no file or folder {path}. Correct the path.")
    if not images:
        raise AlsegError(
            f"No image in {', '.join(map(str, given))}: no file there has the ending of an image format."
        )
    stems = Counter(place.with_suffix("") for place in images.values())
    named = [
        ImageFile(path, str(place.with_suffix("") if stems[place.with_suffix("")] == 1 else place))
        for path, place in images.items()
    ]
    _refuse_same_names(named)
    return named


def decoded_images(files: Sequence[ImageFile]) -> Iterator[tuple[ImageFile, NDArray[np.uint8] | DataError]]:
    """Yield each image as uint8 RGB ``(H, W, 3)``, or what is wrong with its file."""
    for file in files:
        try:
            yield file, read_image(file.path)
        except DataError as error:
            yield file, error


def _files_below(folder: Path, output: Path) -> Iterator[Path]:
    endings = _endings()
    own = output.resolve()
    for place, folders, names in os.walk(folder):
        inside = Path(place)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and (inside / name).resolve() != own
        )
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in endings:
                yield inside / name


def _endings() -> frozenset[str]:
    """Return the endings of files that Pillow reads, in lower case with the dot."""
    known = Image.registered_extensions()
    return frozenset(
        ending for ending, kind in known.items() if kind in Image.OPEN and kind not in _NO_PHOTOGRAPHS
    )


def _refuse_same_names(images: Sequence[ImageFile]) -> None:
    first: dict[str, Path] = {}
    for path, name in images:
        other = first.setdefault(name.lower(), path)  # file systems that do not tell cases apart
        if other != path:
            raise AlsegError(
                f"{other} and {path} would have outputs of the same name. "
                "Predict them into folders of their own."
            )
