"""Folders that must stay where they are while something is written into them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_kept: list[tuple[Path, int]] = []
"""Each folder with a descriptor, which also keeps its number from being given to another one."""


@contextmanager
def keeping(folder: Path) -> Iterator[None]:
    """Remember which folder a path leads to, so that `moved_folder` tells when it leads elsewhere.

    Args:
        folder: There now.

    Raises:
        OSError: If it cannot be opened.
    """
    entry = (folder, os.open(folder, os.O_RDONLY))
    _kept.append(entry)
    try:
        yield
    finally:
        _kept.remove(entry)
        os.close(entry[1])


def moved_folder(path: Path) -> Path | None:
    """Return the outermost kept folder above a path, or at it, that its own path does not lead to any more.

    It was moved, deleted, replaced by another one, or its file system was unmounted. None where all are in
    their places.
    """
    for folder, descriptor in _kept:
        if path.is_relative_to(folder):
            try:
                same = os.path.samestat(os.fstat(descriptor), folder.stat())
            except OSError:
                same = False
            if not same:
                return folder
    return None
