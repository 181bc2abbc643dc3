"""Writing files so that a reader sees the old content or the new, never a part."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from alseg.errors import AlsegError


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Fill a temporary file beside ``path``, flush it to disk and rename it.

    Args:
        path: The file to create or replace; its folder is created.
        write: Fills the open binary file.

    Raises:
        AlsegError: If the disk is full or the folder cannot be written; names the file.
    """
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
        temporary = None
        _sync_folder(path.parent)
    except OSError as error:
        raise AlsegError(
            f"Cannot write {path}: {error.strerror or error}. Free space or choose --results."
        ) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_atomically(path, lambda file: file.write(text.encode()))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON atomically, keys in the order given, non-finite numbers refused.

    Raises:
        ValueError: If ``content`` holds NaN or an infinity.
    """
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        AlsegError: If the file is missing, damaged or holds something else; names it.
    """
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise AlsegError(f"{path} is missing.") from error
    except OSError as error:
        raise AlsegError(f"Cannot read {path}: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise AlsegError(f"{path} is damaged: {error}.") from error
    if not isinstance(content, dict):
        raise AlsegError(f"{path} is damaged: it holds {type(content).__name__}, not an object.")
    return content


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_hash(content: object) -> str:
    """Return the SHA-256 of a JSON-able object's canonical text, in hexadecimal."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
