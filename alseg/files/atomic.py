"""Writing files so that a reader sees the old content or the new, never a part."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from alseg.files.write_errors import WriteError, cannot_write, refuse_moved

_APPENDING = (
    os.O_WRONLY
    | os.O_APPEND
    | os.O_CREAT
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
)

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
)


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Fill a temporary file beside ``path``, flush it to disk and rename it.

    Args:
        path: The file to create or replace; its folder is created. A link is replaced, not followed: it may
            have come with a folder of somebody else. `named_file` follows links that a user names.
        write: Fills the open binary file.

    Raises:
        WriteError: If the disk is full, the folder cannot be written, was moved or taken over, or something
            stands there that is neither a file nor a link; names the file.
    """
    refuse_moved(path)
    temporary: str | None = None
    try:
        _refuse_special(path, follow_links=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        # Filling may take long. What takes the folder over after this look removes the temporary file first.
        refuse_moved(path)
        Path(temporary).replace(path)
        temporary = None
        _sync_folder(path.parent)
    except (OSError, RuntimeError) as error:
        cause = _system_error(error)
        if cause is None:
            raise
        raise cannot_write(path, cause) from error
    finally:
        if temporary is not None:
            with suppress(OSError):  # the first error is the one to tell
                Path(temporary).unlink(missing_ok=True)


def named_file(path: Path) -> Path:
    """Return where to write what a user wants in a file: the file itself, or that which a link leads to.

    Raises:
        WriteError: If it is a folder, a device or a pipe, or a link that leads nowhere; names it.
    """
    try:
        folder = Path(os.path.realpath(path.parent))
        if folder == Path("/dev") or folder.is_relative_to("/proc"):
            raise _special(path, "a device")  # such as /dev/stdout, a link to what a shell has opened
        _refuse_special(path, follow_links=True)
        target = Path(os.path.realpath(path)) if path.is_symlink() else path
    except OSError as error:  # links in a circle, and folders that are files or forbidden
        raise cannot_write(path, error) from error
    return target


def _refuse_special(path: Path, *, follow_links: bool) -> None:
    try:
        mode = path.stat(follow_symlinks=follow_links).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISREG(mode) or stat.S_ISLNK(mode):
        return
    kind = next((word for is_it, word in _KINDS if is_it(mode)), "no file")
    raise _special(path, kind)


def _special(path: Path, kind: str) -> WriteError:
    return WriteError(f"Cannot write {path}: it is {kind}. Name a file, or one that does not exist yet.")


def append_line(path: Path, line: str) -> None:
    """Append a line of UTF-8 text; for logs, which nothing reads back.

    Raises:
        WriteError: If the disk is full, or the folder cannot be written, was moved or taken over; names the
            file.
    """
    refuse_moved(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A link may lead out of the folder, and a named pipe waits for who reads it.
        handle = os.open(path, _APPENDING, 0o666)
        with os.fdopen(handle, "a", encoding="utf-8", errors="replace") as file:
            file.write(line + "\n")
    except OSError as error:
        raise cannot_write(path, error) from error


def remove(path: Path) -> None:
    """Remove a file, if it is there.

    Raises:
        WriteError: If it cannot be removed, or the folder was moved or taken over; names the file.
    """
    refuse_moved(path)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def remove_unfinished(find: Callable[[str], Iterable[Path]], *, idle_seconds: float = 0) -> None:
    """Remove what a killed process left half-written; the caller holds the folder's lock.

    Folders are left alone: none is made half-written.

    Args:
        find: ``glob`` or ``rglob`` of the folder.
        idle_seconds: For folders without a lock: files that changed since are left, for somebody may be
            writing them.
    """
    for path in list(find(".*.tmp")):
        if path.is_symlink() or not path.is_dir():
            if idle_seconds and not _is_idle(path, idle_seconds):
                continue
            remove(path)


def _is_idle(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.lstat().st_mtime > seconds
    except OSError:  # it is gone
        return False


def free_name(path: Path) -> Path:
    """Return ``NAME-N`` with the first N from 1 that no file or folder has."""
    number = 1
    while (free := path.with_name(f"{path.name}-{number}")).exists():
        number += 1
    return free


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_atomically(path, lambda file: file.write(text.encode()))


def _system_error(error: BaseException | None) -> OSError | None:
    """Return the error of the system behind an exception; torch wraps it in one of its own."""
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__ or error.__context__
    return error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
