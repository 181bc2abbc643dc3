"""Which calls into plugins are under way, kept where it outlives the process.

A crash in native code, ``os._exit`` and the system's killing of a process leave no time to write anything. So
every call is noted beforehand, in a small file of the run's folder that is mapped into memory: a note takes
half a microsecond, and the system keeps the file whatever becomes of the process.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from alseg.errors import AlsegError
from alseg.system.regular_file import read_regular

NAME = "at-work"
"""The file in a run's folder; it is there while an attempt is at work, and after one that could not end."""

_PLACES = 8
_WIDTH = 240
"""Bytes of one note."""
_EMPTY = b" " * _WIDTH


class AtWork:
    """The notes of this process.

    Args:
        path: The file; made anew.

    Raises:
        OSError: If it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._process = path, os.getpid()
        path.unlink(missing_ok=True)
        # A new file: what stands there in a folder of others may be a link that leads out of it, or a pipe.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        try:
            os.write(handle, _EMPTY * _PLACES)
            self._memory = mmap.mmap(handle, _PLACES * _WIDTH)
            self._identity = os.fstat(handle)
        finally:
            os.close(handle)
        self._free = list(range(_PLACES))

    def begin(self, call: str) -> int | None:
        """Note a call; returns its place for `end`, None in another process or where all are taken."""
        if not self._free or os.getpid() != self._process:
            return None
        place = self._free.pop()
        start = place * _WIDTH
        self._memory[start : start + _WIDTH] = call.encode(errors="replace")[:_WIDTH].ljust(_WIDTH)
        return place

    def end(self, place: int | None) -> None:
        """Remove a note."""
        if place is not None and not self._memory.closed:
            self._memory[place * _WIDTH : (place + 1) * _WIDTH] = _EMPTY
            self._free.append(place)

    def close(self) -> None:
        """Remove the file, unless another process has its own there now."""
        with suppress(FileNotFoundError):
            if os.path.samestat(self._identity, self._path.lstat()):
                self._path.unlink()
        self._memory.close()


@contextmanager
def noting(path: Path) -> Iterator[AtWork | None]:
    """Keep notes in a file for as long as this lasts; None where it cannot be written."""
    notes: AtWork | None = None
    with suppress(OSError):  # a disk that is full stops the run elsewhere
        notes = AtWork(path)
    try:
        yield notes
    finally:
        if notes is not None:
            notes.close()


def left_in(path: Path) -> list[str]:
    """Return the calls that were under way when a process ended that could not say so, in words."""
    try:
        content = read_regular(path, _PLACES * _WIDTH)
    except (OSError, AlsegError):
        return []
    notes = (content[start : start + _WIDTH] for start in range(0, len(content), _WIDTH))
    texts = (note.decode(errors="replace").strip(" \0") for note in notes)
    return list(dict.fromkeys(filter(None, texts)))
