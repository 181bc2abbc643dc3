"""What a user is told when a file cannot be written."""

from __future__ import annotations

import errno
from pathlib import Path

from alseg.errors import AlsegError
from alseg.system.kept_folders import moved_folder, taken_folder
from alseg.system.limits import exceeded_limit


class WriteError(AlsegError):
    """A file cannot be written: the disk is full, or writing is forbidden."""


class MovedError(WriteError):
    """The folder that a file belongs into is not where it was.

    Attributes:
        folder: Where it was.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} was moved, deleted or replaced while alseg wrote to it; nothing is written to what is "
            "there now. Put it back if you can, then give the same command again."
        )
        self.folder = folder


class TakenOverError(WriteError):
    """Another process has taken over the folder that a file belongs into.

    Attributes:
        folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} was taken over by another process: this one was suspended or cut off for too long, or "
            "its lock file was removed. It writes nothing more there. The other process goes on from the "
            "last checkpoint."
        )
        self.folder = folder


def refuse_moved(path: Path) -> None:
    """Refuse to write to ``path`` where a folder above it, or at it, was moved or taken over.

    Raises:
        MovedError: If one of those that `alseg.system.kept_folders.keeping` remembers is not the one that it
            was; names it.
        TakenOverError: If another process has taken over the lock of one; names it.
    """
    error = _lost_folder(path)
    if error is not None:
        raise error


def cannot_write(path: Path, error: OSError) -> WriteError:
    """Return what the user is told when ``path`` cannot be written."""
    lost = _lost_folder(path)
    if lost is not None:
        return lost
    limit = exceeded_limit(error)
    if limit is not None:
        return WriteError(f"Cannot write {path}: {limit}")
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = "Free space or choose another place." if full else "Make it writable or choose another folder."
    return WriteError(f"Cannot write {path}: {error.strerror or error}. {remedy}")


def _lost_folder(path: Path) -> MovedError | TakenOverError | None:
    moved = moved_folder(path)
    if moved is not None:
        return MovedError(moved)
    taken = taken_folder(path)
    return TakenOverError(taken) if taken is not None else None
