"""Folders that must stay where they are, and in the hands of this process, while it writes into them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, eq=False)
class _Kept:
    """A folder with a descriptor, which also keeps its number from being given to another one."""

    folder: Path
    descriptor: int
    is_ours: Callable[[], bool] | None

    @property
    def is_in_place(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self.descriptor), self.folder.stat())
        except OSError:
            return False


_kept: list[_Kept] = []


@contextmanager
def keeping(folder: Path, is_ours: Callable[[], bool] | None = None) -> Iterator[None]:
    """Remember which folder a path leads to, so that `moved_folder` tells when it leads elsewhere.

    Args:
        folder: There now.
        is_ours: Asked before every write into the folder whether this process still holds its lock; None
            where it holds none.

    Raises:
        OSError: If it cannot be opened.
    """
    entry = _Kept(folder, os.open(folder, os.O_RDONLY), is_ours)
    _kept.append(entry)
    try:
        yield
    finally:
        _kept.remove(entry)
        os.close(entry.descriptor)


def moved_folder(path: Path) -> Path | None:
    """Return the outermost kept folder above a path, or at it, that its own path does not lead to any more.

    It was moved, deleted, replaced by another one, or its file system was unmounted. None where all are in
    their places.
    """
    return next((entry.folder for entry in _above(path) if not entry.is_in_place), None)


def taken_folder(path: Path) -> Path | None:
    """Return the outermost kept folder above a path, or at it, whose lock another process has taken over.

    None where this process still holds all that it took.
    """
    for entry in _above(path):
        if entry.is_ours is not None and not entry.is_ours():
            return entry.folder
    return None


def may_write(path: Path) -> bool:
    """Whether all kept folders above a path, or at it, are in their places and in this process's hands."""
    return moved_folder(path) is None and taken_folder(path) is None


def _above(path: Path) -> Iterator[_Kept]:
    return (entry for entry in _kept if path.is_relative_to(entry.folder))
