"""Opening files of answers, which may come from anybody: bounded, as UTF-8 text, JSON or a zip's member."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

from alseg import AnswerFileError
from alseg_annotators._place import AGAIN, Place, shown

LARGEST = 2**30
"""Most bytes of a file, and of what a zip unfolds to."""
MOST_MEMBERS = 100_000
"""Most members of a zip."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""That tools use; what others unfold to is known too late."""


def read_content(path: Path) -> bytes:
    """Return the bytes of a regular file.

    Raises:
        AnswerFileError: If it is missing, no regular file, cannot be read, is empty or too large.
    """
    place = Place(path)
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise place.error("it is no regular file.", "Name the file that the tool exported.")
            if found.st_size > LARGEST:
                raise place.error(
                    f"it has {found.st_size:,} bytes, more than {LARGEST:,}.", "Export the answers in parts."
                )
            content = file.read(LARGEST)
    except FileNotFoundError as error:
        raise place.error("there is no such file.", "Name the file that the tool exported.") from error
    except OSError as error:
        raise place.error(f"it cannot be read: {error.strerror}.", "Name a readable file.") from error
    if not content:
        raise place.error("it is empty (0 bytes).", AGAIN)
    return content


def as_text(content: bytes, place: Place) -> str:
    """Return UTF-8 text; a byte order mark is left out.

    Raises:
        AnswerFileError: If it is in another encoding or has zero bytes; names the line.
    """
    try:
        text = content.decode("utf-8-sig")
        if "\0" in text:
            raise UnicodeDecodeError("utf-8", content, content.index(b"\0"), len(content), "a zero byte")
        return text
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise place.at(f"line {line}").error("it is not UTF-8 text.", "Save the file as UTF-8.") from error


def as_json(text: str, place: Place) -> Any:
    """Return what JSON text says; numbers that JSON does not know and keys that stand twice are refused.

    Raises:
        AnswerFileError: If it is no JSON; names line and column.
    """
    try:
        return json.loads(text, parse_constant=_no_number, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise place.at(f"line {error.lineno}").error(
            f"it is no JSON at column {error.colno}: {error.msg}.", AGAIN
        ) from error
    except ValueError as error:
        raise place.error(f"it is no JSON: {error}.", AGAIN) from error
    except RecursionError as error:
        raise place.error("its lists are nested too deeply.", AGAIN) from error


def zip_member(content: bytes, name: str, place: Place) -> bytes:
    """Return one member of a zip, found by its file name; nothing is unpacked to disk.

    Raises:
        AnswerFileError: If the zip is damaged or would do harm, or has no such member, or several.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_MEMBERS:
                raise place.error(f"the zip has more than {MOST_MEMBERS:,} members.", AGAIN)
            for entry in entries:
                _check_name(entry.filename, place)
            found = [entry for entry in entries if PurePosixPath(entry.filename).name == name]
            if len(found) != 1:
                raise place.error(
                    f"the zip has {len(found)} files {name}, not one.", "Name the zip that the tool exported."
                )
            is_plain = found[0].compress_type in _METHODS and not found[0].flag_bits & 1
            if found[0].file_size > LARGEST or not is_plain:
                raise place.error(f"{name} in the zip is too large or encrypted.", AGAIN)
            with archive.open(found[0]) as member:
                unfolded = member.read(LARGEST + 1)
            if len(unfolded) > LARGEST:
                raise place.error(f"{name} in the zip is too large or encrypted.", AGAIN)
            return unfolded
    except AnswerFileError:
        raise
    except Exception as error:  # zipfile raises many types for a damaged archive
        raise place.error(f"the zip is damaged: {error}.", "Download it again.") from error


def _check_name(name: str, place: Place) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in (path.parts[0] if path.parts else ""):
        raise place.error(
            f"the zip has a member {shown(name)}, outside its own folder.", "Use no zip of a stranger."
        )


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {shown(twice)} stands twice in one object")
    return members
