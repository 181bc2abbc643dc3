"""Text from files and plugins, made safe to print: one line, and no character that steers a terminal."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Format characters that scripts and emoji need."""

_FORMULA = ("=", "+", "-", "@")


def printable(text: str) -> str:
    """Return text on one line, with characters that steer a terminal as escapes such as ``\\x1b``.

    Line ends, tabs and runs of spaces become one space each. Escaped are control characters, lone surrogates
    and format characters, such as those that turn the direction of writing.
    """
    return "".join(_escaped(c) if _steers(c) else c for c in " ".join(text.split()))


def printable_lines(text: str) -> str:
    """Return text whose line ends and spaces are kept and all else is as `printable` has it."""
    return "".join(_escaped(c) if _steers(c) and c != "\n" else c for c in text)


def printable_json(text: str) -> str:
    """Return the text of a JSON document with the same content and without characters that steer a terminal.

    They can stand in strings alone, where an escape is the same to whoever reads it.
    """
    return "".join(_json_escaped(c) if _steers(c) and c != "\n" else c for c in text)


def printable_content(content: Any) -> Any:
    """Return mappings, lists and texts, however deep, with every text as `printable_lines` has it."""
    if isinstance(content, str):
        return content if content.isascii() and content.isprintable() else printable_lines(content)
    if isinstance(content, Mapping):
        return {printable_content(key): printable_content(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [printable_content(each) for each in content]
    return content


def csv_cell(value: Any) -> Any:
    """Return a value for a CSV file: text as `printable_lines` has it, which no spreadsheet computes.

    Spreadsheets take text that begins with ``=``, ``+``, ``-`` or ``@`` for a formula, which may read files
    or open addresses. Such text gets an apostrophe in front; numbers and all other text stay as they are.
    """
    if not isinstance(value, str):
        return value
    return f"'{printable_lines(value)}" if value.startswith(_FORMULA) else printable_lines(value)


def _steers(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs") and character not in _JOINERS


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _json_escaped(character: str) -> str:
    return json.dumps(character)[1:-1] if ord(character) != 0x7F else "\\u007f"
