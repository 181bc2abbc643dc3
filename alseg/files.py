"""Writing files so that a reader sees the old content or the new, never a part."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from alseg.errors import AlsegError
from alseg.system.kept_folders import moved_folder
from alseg.system.limits import exceeded_limit
from alseg.system.regular_file import read_regular

LARGEST_RECORD = 2**24
"""Bytes that a JSON file of a run may have; each has some thousands."""

_LONGEST_NUMBER = 100
"""Digits of a whole number in a JSON file: longer ones are no floating-point numbers."""
_DEEPEST = 50
"""Levels of nesting of a JSON file; a run's specification has less than ten."""

SEAL = "seal"
"""Key of a JSON file's own checksum: `content_hash` of all other keys."""

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

_CHECKSUM = "# sha256 of the rest: "


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


def refuse_moved(path: Path) -> None:
    """Refuse to write to ``path`` where a folder above it, or at it, is not the one that it was.

    Raises:
        MovedError: If one of those that `alseg.system.kept_folders.keeping` remembers is not; names it.
    """
    folder = moved_folder(path)
    if folder is not None:
        raise MovedError(folder)


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Fill a temporary file beside ``path``, flush it to disk and rename it.

    Args:
        path: The file to create or replace; its folder is created. A link is replaced, not followed: it may
            have come with a folder of somebody else. `named_file` follows links that a user names.
        write: Fills the open binary file.

    Raises:
        WriteError: If the disk is full, the folder cannot be written or was moved, or something stands there
            that is neither a file nor a link; names the file.
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


def cannot_write(path: Path, error: OSError) -> WriteError:
    """Return what the user is told when ``path`` cannot be written."""
    folder = moved_folder(path)
    if folder is not None:
        return MovedError(folder)
    limit = exceeded_limit(error)
    if limit is not None:
        return WriteError(f"Cannot write {path}: {limit}")
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = "Free space or choose --results." if full else "Make it writable or choose another folder."
    return WriteError(f"Cannot write {path}: {error.strerror or error}. {remedy}")


def append_line(path: Path, line: str) -> None:
    """Append a line of UTF-8 text; for logs, which nothing reads back.

    Raises:
        WriteError: If the disk is full, or the folder cannot be written or was moved; names the file.
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
        WriteError: If it cannot be removed, or the folder was moved; names the file.
    """
    refuse_moved(path)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def remove_unfinished(find: Callable[[str], Iterable[Path]]) -> None:
    """Remove what a killed process left half-written; the caller holds the folder's lock.

    Folders are left alone: none is made half-written.

    Args:
        find: ``glob`` or ``rglob`` of the folder.
    """
    for path in list(find(".*.tmp")):
        if path.is_symlink() or not path.is_dir():
            remove(path)


def free_name(path: Path) -> Path:
    """Return ``NAME-N`` with the first N from 1 that no file or folder has."""
    number = 1
    while (free := path.with_name(f"{path.name}-{number}")).exists():
        number += 1
    return free


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_atomically(path, lambda file: file.write(text.encode()))


def write_checked_text(path: Path, text: str) -> None:
    """Write a text file that takes ``#`` for a comment, with the checksum of the rest in its first line."""
    write_text(path, f"{_CHECKSUM}{hashlib.sha256(text.encode()).hexdigest()}\n{text}")


def is_as_written(path: Path) -> bool:
    """Return whether a text file fits the checksum in its first line; one without a checksum does.

    Raises:
        FileNotFoundError: If there is no such file.
        AlsegError: If it cannot be read, is no regular file or too large; names it.
    """
    first, _, rest = read_regular(path, LARGEST_RECORD).partition(b"\n")
    checksum = first.removeprefix(_CHECKSUM.encode())
    return checksum == first or checksum.decode(errors="replace") == hashlib.sha256(rest).hexdigest()


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON atomically, keys in the order given, non-finite numbers refused.

    Raises:
        ValueError: If ``content`` holds NaN or an infinity.
    """
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def write_record(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON with its own checksum, by which `read_json` tells whether a file is what was written."""
    write_json(path, {**content, SEAL: content_hash(content)})


def read_json(path: Path, largest: int = LARGEST_RECORD) -> dict[str, Any]:
    """Read a JSON object; where it has a checksum, that is compared and left out.

    Files from before there were checksums have none; `refuse_unknown_keys` tells them from damaged ones.

    Args:
        path: The file.
        largest: Bytes it may have at most.

    Raises:
        AlsegError: If the file is missing, damaged or holds something else; names it.
    """
    try:
        text = read_regular(path, largest).decode("utf-8")
        content = json.loads(text, parse_constant=_refuse_constant, parse_int=_whole_number)
        _refuse_depth(content)
        # An escape can stand for half a character, and 1e999 for infinity: neither could be written again.
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except FileNotFoundError as error:
        raise AlsegError(f"{path} is missing.") from error
    except (ValueError, RecursionError) as error:
        raise AlsegError(f"{path} is damaged: {error}.") from error
    if not isinstance(content, dict):
        raise AlsegError(f"{path} is damaged: it holds {type(content).__name__}, not an object.")
    seal = content.pop(SEAL, None)
    if seal is not None and seal != content_hash(content):
        raise AlsegError(f"{path} is damaged: its checksum does not fit its content.")
    return content


def refuse_unknown_keys(path: Path, content: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse a file with keys that nobody wrote: the checksum's own key may be what is damaged.

    Raises:
        AlsegError: If there is such a key; names the file.
    """
    unknown = sorted(set(content).difference(known))
    if unknown:
        raise AlsegError(f"{path} is damaged: it has an unknown key {unknown[0]!r}.")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_hash(content: object) -> str:
    """Return the SHA-256 of a JSON-able object's canonical text, in hexadecimal."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _whole_number(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError(f"a number has {len(digits):,} digits")
    return int(digits)


def _refuse_depth(content: object) -> None:
    level = [content]
    for _ in range(_DEEPEST):
        level = [inner for each in level if isinstance(each, dict | list) for inner in _inner(each)]
        if not level:
            return
    raise ValueError(f"it is nested more than {_DEEPEST} levels deep")


def _inner(content: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return content.values() if isinstance(content, dict) else content


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
