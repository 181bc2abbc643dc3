"""All files of a folder, by name only."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from alseg.errors import DataError

_LISTS = frozenset({".txt", ".lst", ".csv", ".tsv"})
_DOCUMENTS = frozenset({".pdf", ".ps", ".eps", ".mpg", ".mpeg", ".h5", ".hdf"})


@dataclass(frozen=True)
class Listing:
    """The files of a folder.

    Attributes:
        root: The folder.
        images: Paths of image files below it, with ``/``, sorted.
        lists: Likewise of text files and tables that may be lists.
        others: Number of files with other suffixes, by suffix.
        unreadable: Folders that could not be listed.
    """

    root: Path
    images: tuple[str, ...]
    lists: tuple[str, ...]
    others: Counter[str]
    unreadable: tuple[str, ...]


def list_files(root: Path) -> Listing:
    """List a folder and all folders in it; hidden ones are left out, links are followed once.

    Raises:
        DataError: If it is no folder, or holds no image file.
    """
    if not root.is_dir():
        raise DataError(f"There is no folder {root}.", "Name the folder that holds your images.")
    suffixes = frozenset(Image.registered_extensions()) - _DOCUMENTS
    images, lists, others, unreadable = [], [], Counter[str](), []
    seen: set[str] = set()
    for place, folders, names in os.walk(
        root, followlinks=True, onerror=lambda e: unreadable.append(e.filename)
    ):
        real = os.path.realpath(place)
        folders[:] = [] if real in seen else sorted(one for one in folders if not one.startswith("."))
        if real in seen:
            continue
        seen.add(real)
        below = Path(place).relative_to(root)
        for name in names:
            path, suffix = (below / name).as_posix(), Path(name).suffix.lower()
            if name.startswith("."):
                continue
            if suffix in suffixes:
                images.append(path)
            elif suffix in _LISTS:
                lists.append(path)
            else:
                others[suffix or "without suffix"] += 1
    if not images:
        found = ", ".join(f"{count:,} {suffix}" for suffix, count in others.most_common(3))
        raise DataError(
            f"{root} holds no image file{f' ({found})' if found else ''}.",
            "Name the folder that holds your images.",
        )
    return Listing(root, tuple(sorted(images)), tuple(sorted(lists)), others, tuple(map(str, unreadable)))
