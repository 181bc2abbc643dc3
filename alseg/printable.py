"""Text from files and plugins, made safe to print: one line, and no character that steers a terminal."""

from __future__ import annotations

import unicodedata

_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Format characters that scripts and emoji need."""


def printable(text: str) -> str:
    """Return text on one line, with characters that steer a terminal as escapes such as ``\\x1b``.

    Line ends, tabs and runs of spaces become one space each. Escaped are control characters, lone surrogates
    and format characters, such as those that turn the direction of writing.
    """
    return "".join(_escaped(c) if _steers(c) else c for c in " ".join(text.split()))


def printable_lines(text: str) -> str:
    """Return text whose line ends and spaces are kept and all else is as `printable` has it."""
    return "".join(_escaped(c) if _steers(c) and c != "\n" else c for c in text)


def _steers(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs") and character not in _JOINERS


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
