"""JSON files, with a checksum of their own where they are records."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from alseg.errors import DamageError
from alseg.files.atomic import write_text
from alseg.files.hashes import content_hash
from alseg.system.regular_file import read_regular

LARGEST_RECORD = 2**24
"""Bytes that a JSON file of a run may have; each has some thousands."""

_LONGEST_NUMBER = 100
"""Digits of a whole number in a JSON file: longer ones are no floating-point numbers."""
_DEEPEST = 50
"""Levels of nesting of a JSON file; a run's specification has less than ten."""

SEAL = "seal"
"""Key of a JSON file's own checksum: `content_hash` of all other keys."""


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
        DamageError: If the file is missing, damaged or holds something else; names it.
        UnreadableError: If the system does not let this process read it now; names it.
    """
    try:
        text = read_regular(path, largest).decode("utf-8")
        content = json.loads(text, parse_constant=_refuse_constant, parse_int=_whole_number)
        _refuse_depth(content)
        # An escape can stand for half a character, and 1e999 for infinity: neither could be written again.
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except FileNotFoundError as error:
        raise DamageError(f"{path} is missing.") from error
    except (ValueError, RecursionError) as error:
        raise DamageError(f"{path} is damaged: {error}.") from error
    if not isinstance(content, dict):
        raise DamageError(f"{path} is damaged: it holds {type(content).__name__}, not an object.")
    seal = content.pop(SEAL, None)
    if seal is not None and seal != content_hash(content):
        raise DamageError(f"{path} is damaged: its checksum does not fit its content.")
    return content


def refuse_unknown_keys(path: Path, content: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse a file with keys that nobody wrote: the checksum's own key may be what is damaged.

    Raises:
        DamageError: If there is such a key; names the file.
    """
    unknown = sorted(set(content).difference(known))
    if unknown:
        raise DamageError(f"{path} is damaged: it has an unknown key {unknown[0]!r}.")


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
