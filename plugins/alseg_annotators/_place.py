"""Where something stands in a file of answers, and how a fault there is worded."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alseg import AnswerFileError

AGAIN = "Export the answers again."
"""The remedy for a file that the tool cannot have written so."""

_MOST_SHOWN = 60
"""Characters of a file's text in a message."""

MOST_SECONDS = 1e7
"""Longest time of an answer, about four months."""


@dataclass(frozen=True)
class Place:
    """A file, and the place in it that is read.

    Attributes:
        path: The file.
        where: Such as ``task 12``; empty for the file as a whole.
    """

    path: Path
    where: str = ""

    def at(self, where: str) -> Place:
        """Return a place within this one."""
        return replace(self, where=f"{self.where}, {where}" if self.where else where)

    def error(self, problem: str, remedy: str) -> AnswerFileError:
        """Return the error that names file, place, problem and remedy in one line."""
        start = f"{self.path}, {self.where}" if self.where else f"{self.path}"
        return AnswerFileError(f"{start}: {problem} {remedy}")

    def number(self, value: Any, name: str, low: float, high: float) -> float:
        """Return a finite number within bounds, both included.

        Raises:
            AnswerFileError: If it is none.
        """
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.error(
                f"{name} is {shown(value)}, not a number from {low:g} to {high:g}.",
                AGAIN,
            )
        return float(value)

    def integer(self, value: Any, name: str, low: int, high: int) -> int:
        """Return a whole number within bounds, both included.

        Raises:
            AnswerFileError: If it is none.
        """
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(
                f"{name} is {shown(value)}, not a whole number from {low} to {high}.",
                AGAIN,
            )
        return value

    def decimal(self, text: str | None, name: str, low: float, high: float) -> float:
        """Return a finite number within bounds that is written as text.

        Raises:
            AnswerFileError: If it is none.
        """
        try:
            value = float(text or "")
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise self.error(
                f"{name} is {shown(text)}, not a number from {low:g} to {high:g}.",
                AGAIN,
            )
        return value

    def whole(self, text: str | None, name: str, low: int, high: int) -> int:
        """Return a whole number within bounds that is written as text.

        Raises:
            AnswerFileError: If it is none.
        """
        digits = (text or "").strip()
        if not (digits.isascii() and digits.isdigit() and len(digits) < 16 and low <= int(digits) <= high):
            raise self.error(
                f"{name} is {shown(text)}, not a whole number from {low} to {high}.",
                AGAIN,
            )
        return int(digits)


def shown(value: Any) -> str:
    """Return a value of a file for a message: one line, no control characters, not long."""
    text = ascii(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
