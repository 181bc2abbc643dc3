"""Reading a JSON file of a run folder as a record, with the bounds of every value.

Checksums say that a file is what was written, not that it makes sense: folders may come from others.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from alseg.errors import DamageError
from alseg.files import LARGEST_RECORD, read_json, refuse_unknown_keys

_Record = TypeVar("_Record")


def keys_of(record: type) -> frozenset[str]:
    """Return the keys that a file of a record may have."""
    return frozenset(each.name for each in fields(record))


def read_known(path: Path, keys: frozenset[str]) -> dict[str, Any]:
    """Read a JSON object that has no other keys than these.

    Raises:
        DamageError: If the file is missing or damaged, or has another key; names it.
    """
    content = read_json(path, LARGEST_RECORD)
    refuse_unknown_keys(path, content, keys)
    return content


def validated(path: Path, schema: TypeAdapter[_Record], content: object, *start: str) -> _Record:
    """Return the record that a file's content is.

    Args:
        path: The file, for messages.
        schema: Of the record.
        content: What the file holds.
        start: Keys that lead to the content, for messages.

    Raises:
        DamageError: If a value is missing or out of bounds; names file and key.
    """
    try:
        return schema.validate_python(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        keys = _keys_in(content, first["loc"], is_missing=first["type"] == "missing")
        where = _short(".".join((*start, *keys)))
        raise DamageError(f"{path} is damaged: {where}: {_short(first['msg'])}.") from error


def _keys_in(content: Any, loc: tuple[int | str, ...], *, is_missing: bool) -> list[str]:
    """Return the steps of pydantic's place that the file has; the others name branches of unions.

    Args:
        content: What the file holds.
        loc: The place.
        is_missing: Whether the last step is a key that the file lacks.
    """
    keys = []
    for number, step in enumerate(loc, start=1):
        is_key = isinstance(content, dict) and step in content
        is_place = isinstance(content, list) and isinstance(step, int) and step < len(content)
        if is_key or is_place:
            content = content[step]
        elif not (is_missing and number == len(loc)):
            continue
        keys.append(str(step))
    return keys


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:200]}..."
