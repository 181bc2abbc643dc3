"""Opening files that may come from others: regular files of an expected size, and nothing else.

A named pipe would make a reader wait for ever, and a link to ``/dev/zero`` never ends.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from alseg.errors import AlsegError

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
"""Without waiting: opening a named pipe waits for who writes to it."""


def open_regular(path: Path, largest: int) -> BinaryIO:
    """Open a file for reading, bytes.

    Args:
        path: The file, or a link to it.
        largest: Bytes it may have at most.

    Raises:
        FileNotFoundError: If there is no such file.
        AlsegError: If it is no regular file, larger, or cannot be read; names it.
    """
    try:
        handle = os.open(path, _FLAGS)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise AlsegError(f"Cannot read {path}: {error.strerror or error}.") from error
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise AlsegError(f"{path} is damaged: it is no regular file.")
        if found.st_size > largest:
            raise AlsegError(f"{path} is damaged: it has {found.st_size:,} bytes, more than {largest:,}.")
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_regular(path: Path, largest: int) -> bytes:
    """Return a file's content.

    Args:
        path: The file, or a link to it.
        largest: Bytes it may have at most.

    Raises:
        FileNotFoundError: If there is no such file.
        AlsegError: If it is no regular file, larger, or cannot be read; names it.
    """
    try:
        with open_regular(path, largest) as file:
            # Never more, even of a file that grows while it is read.
            return file.read(largest)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise AlsegError(f"Cannot read {path}: {error.strerror or error}.") from error
