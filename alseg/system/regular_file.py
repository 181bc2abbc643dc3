"""Opening files that may come from others: regular files of an expected size, and nothing else.

A named pipe would make a reader wait for ever, and a link to ``/dev/zero`` never ends.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from alseg.errors import AlsegError, DamageError, UnreadableError
from alseg.system.limits import exceeded_limit

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
"""Without waiting: opening a named pipe waits for who writes to it."""

_NOT_NOW = (
    errno.EACCES,
    errno.EBUSY,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.EPERM,
    errno.ESTALE,
    errno.ETIMEDOUT,
)
"""What the system says where a file may be whole, but this process cannot have it."""


def open_regular(path: Path, largest: int) -> BinaryIO:
    """Open a file for reading, bytes.

    Args:
        path: The file, or a link to it.
        largest: Bytes it may have at most.

    Raises:
        FileNotFoundError: If there is no such file.
        UnreadableError: If the system does not let this process read it now; names it.
        DamageError: If it is no regular file, larger, or cannot be read; names it.
    """
    try:
        handle = os.open(path, _FLAGS)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _cannot_read(path, error) from error
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise DamageError(f"{path} is damaged: it is no regular file.")
        if found.st_size > largest:
            raise DamageError(f"{path} is damaged: it has {found.st_size:,} bytes, more than {largest:,}.")
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
        UnreadableError: If the system does not let this process read it now; names it.
        DamageError: If it is no regular file, larger, or cannot be read; names it.
    """
    try:
        with open_regular(path, largest) as file:
            # Never more, even of a file that grows while it is read.
            return file.read(largest)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _cannot_read(path, error) from error


@contextmanager
def naming_damage(path: Path, describe: Callable[[Exception], str], kind: str = "") -> Iterator[None]:
    """Name the file that is read meanwhile in whatever is raised for its content.

    Args:
        path: The file.
        describe: Says, after the file's name, what an exception of a library tells about its content.
        kind: What file it is, before its name, such as ``Checkpoint``.

    Raises:
        DamageError: If it is missing, or reading it raised anything else.
        UnreadableError: If the system does not let this process read it now; names it.
    """
    name = f"{kind} {path}".lstrip()
    try:
        yield
    except DamageError as error:
        if not kind:
            raise
        raise DamageError(f"{kind} {error}") from error
    except AlsegError:
        raise
    except FileNotFoundError as error:
        raise DamageError(f"{name} is missing.") from error
    except Exception as error:  # libraries raise many types for a damaged file
        if isinstance(error, OSError) and error.errno in _NOT_NOW:
            raise _cannot_read(path, error) from error
        raise DamageError(f"{name} {describe(error)}") from error


def _cannot_read(path: Path, error: OSError) -> AlsegError:
    kind = UnreadableError if error.errno in _NOT_NOW else DamageError
    return kind(f"Cannot read {path}: {exceeded_limit(error) or f'{error.strerror or error}.'}")
