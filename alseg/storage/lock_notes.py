"""``.lock-holder``: which process holds a lock, for people; the lock itself does not say."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from alseg.errors import AlsegError
from alseg.system.processes import is_alive
from alseg.system.regular_file import read_regular

_LONGEST_NOTE = 1000
_LONGEST_PID = 10
"""Digits of a process's number; systems have seven at most."""


class Holder(NamedTuple):
    """The process that holds a lock, as it has noted it.

    Attributes:
        host: Name of its machine.
        pid: Its number there.
    """

    host: str
    pid: int

    @property
    def text(self) -> str:
        """The process in words, such as ``process 123 on node1``."""
        return f"process {self.pid} on {self.host}"

    @property
    def has_ended(self) -> bool:
        """Whether it is known to have ended: it was a process of this machine, and there is none."""
        return self.host == socket.gethostname() and not is_alive(self.pid)


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


def noted_holder(path: Path) -> Holder | None:
    """Return the process that has noted that it holds a lock; None where none has.

    The lock is not touched. A process that could not end has left its note: see `Holder.has_ended`.

    Args:
        path: The lock file.
    """
    words = read_note(path).split(maxsplit=3)
    if len(words) == 4 and (words[0], words[2]) == ("process", "on") and _is_number(words[1]):
        return Holder(words[3].strip(), int(words[1]))
    return None


def remove_note(path: Path) -> None:
    """Remove the note: this process holds the lock no more.

    Args:
        path: The lock file.
    """
    with suppress(OSError):
        _note(path).unlink(missing_ok=True)


def _note(path: Path) -> Path:
    return path.with_name(path.name + "-holder")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < _LONGEST_PID
