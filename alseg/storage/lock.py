"""One writer per folder: a lock that dies with its process."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from alseg.errors import AlsegError
from alseg.files import cannot_write, refuse_moved
from alseg.system.kept_folders import keeping, moved_folder
from alseg.system.processes import is_alive
from alseg.system.regular_file import read_regular

_LONGEST_NOTE = 1000
_LONGEST_PID = 10
"""Digits of a process's number; systems have seven at most."""


class BusyError(AlsegError):
    """Another process is writing to the folder."""


@contextmanager
def exclusive(path: Path, keep_waiting: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """Hold a lock file; the lock dies with the process. Its folder must stay where it is meanwhile.

    Args:
        path: The lock file; its folder is made.
        keep_waiting: Asked about once a second while another process holds the lock.

    Raises:
        BusyError: If another process holds the lock and there is no more waiting; names it where it is known.
        WriteError: If the folder cannot be written, or one above it was moved.
    """
    refuse_moved(path)
    kept = ExitStack()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        while True:
            try:
                lock.acquire(timeout=1 if keep_waiting() else 0)
                break
            except Timeout as error:
                if not keep_waiting():
                    raise BusyError(f"{path.parent} is being written by {_holder(path)}.") from error
        kept.callback(lock.release)
        kept.enter_context(keeping(path.parent))
    except OSError as error:
        kept.close()
        raise cannot_write(path, error) from error
    with kept:
        with suppress(OSError):  # for people only, and a full disk is told of by whatever must be written
            _write_note(_note(path), f"process {os.getpid()} on {socket.gethostname()}")
        try:
            yield
        finally:
            if moved_folder(path) is None:
                with suppress(OSError):
                    _note(path).unlink(missing_ok=True)


def holder_of(path: Path) -> str | None:
    """Return the process that holds a lock file, in words; None where none does, or one cannot tell."""
    if not path.exists():
        return None
    try:
        with FileLock(path).acquire(timeout=0):
            return None
    except Timeout:
        return _holder(path)
    except OSError:
        return None


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


def noted_holder(path: Path) -> Holder | None:
    """Return the process that has noted that it holds a lock; None where none has.

    The lock is not touched. A process that could not end has left its note: see `Holder.has_ended`.

    Args:
        path: The lock file.
    """
    words = _holder(path).split(maxsplit=3)
    if len(words) == 4 and (words[0], words[2]) == ("process", "on") and _is_number(words[1]):
        return Holder(words[3].strip(), int(words[1]))
    return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < _LONGEST_PID


def _note(path: Path) -> Path:
    return path.with_name(path.name + "-holder")


def _holder(path: Path) -> str:
    try:
        return read_regular(_note(path), _LONGEST_NOTE).decode("utf-8", "replace")
    except (OSError, AlsegError):
        return "another process"


def _write_note(path: Path, text: str) -> None:
    """Write a new file: what has its name may be a link out of the folder, or a pipe that nobody reads."""
    path.unlink(missing_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
