"""Reading text files that people write, such as lists of images."""

from __future__ import annotations

import codecs
from pathlib import Path

from alseg.errors import DataError

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_lines(path: Path) -> list[str]:
    """Return the lines of a UTF-8 file without their ends; a byte order mark is left out.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: If there is no such file.
        DataError: If it cannot be read or is in another encoding; names it.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror}.", "Name a readable text file.") from error
    if content.startswith(_UTF_16) or b"\0" in content:
        raise DataError(f"{path} is not UTF-8 text but looks like UTF-16.", "Save it as UTF-8.")
    try:
        return content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(f"{path}:{line}: not UTF-8 text.", "Save the file as UTF-8.") from error
