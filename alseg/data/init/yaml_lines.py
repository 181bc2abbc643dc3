"""Lines of YAML with comments, for files that people go on editing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alseg.text.display import wrap

_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9_./ -]*[A-Za-z0-9_./])?")
_RESERVED = frozenset(["null", "true", "false", "yes", "no", "on", "off", "y", "n"])
_WIDTH = 110


def scalar(value: object) -> str:
    """Return a text, number or None as YAML 1.2 has it."""
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and value.lower() not in _RESERVED
        return value if is_plain else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


def flow(value: Any) -> str:
    """Return a value on one line: mappings in braces, lists and tuples in brackets."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def comment(text: str, indent: int) -> list[str]:
    """Return a comment, wrapped."""
    lead = " " * indent + "# "
    safe = " ".join("".join(letter if letter.isprintable() else "?" for letter in text).split())
    return wrap(safe, _WIDTH, lead, lead)


def entry(key: str, value: Any, indent: int, comments: Iterable[str] = ()) -> list[str]:
    """Return ``key: value`` below its comments."""
    lines = [line for text in comments for line in comment(text, indent)]
    return [*lines, f"{' ' * indent}{scalar(key)}: {flow(value)}"]


def noted(line: str, note: str) -> str:
    """Return a line with a comment behind it."""
    safe = "".join(letter if letter.isprintable() else "?" for letter in note)
    return f"{line}  # {safe}" if note else line
