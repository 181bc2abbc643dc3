"""Text files that say by a checksum in their first line whether they are as written."""

from __future__ import annotations

import hashlib
from pathlib import Path

from alseg.files.atomic import write_text
from alseg.files.records import LARGEST_RECORD
from alseg.system.regular_file import read_regular

_CHECKSUM = "# sha256 of the rest: "


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
