"""``.lock-holder``: which process holds a lock, for people; the lock itself does not say."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

from alseg.errors import AlsegError
from alseg.system.regular_file import read_regular

_LONGEST_NOTE = 1000


def write_note(path: Path) -> None:
    """Note that this process holds a lock; what cannot be written is not missed.

    A new file: what has its name may be a link out of the folder, or a pipe that nobody reads.

    Args:
        path: The lock file.
    """
    with suppress(OSError):  # a full disk is told of by whatever must be written
        _note(path).unlink(missing_ok=True)
        with _note(path).open("x", encoding="utf-8") as file:
            file.write(f"process {os.getpid()} on {socket.gethostname()}")


def read_note(path: Path) -> str:
    """Return which process has noted that it holds a lock, in words.

    Args:
        path: The lock file.
    """
    try:
        return read_regular(_note(path), _LONGEST_NOTE).decode("utf-8", "replace")
    except (OSError, AlsegError):
        return "another process"


def remove_note(path: Path) -> None:
    """Remove the note: this process holds the lock no more.

    Args:
        path: The lock file.
    """
    with suppress(OSError):
        _note(path).unlink(missing_ok=True)


def _note(path: Path) -> Path:
    return path.with_name(path.name + "-holder")
