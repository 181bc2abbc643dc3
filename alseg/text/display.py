"""What is printed for people: how wide it may be, where its lines break, and printing itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import IO

import click

from alseg.text.printable import printable_json, printable_lines

WIDTH = 100
"""Columns where there is no terminal to ask, as in a pipe or a file."""
NARROWEST = 30
"""Columns that are used even where a terminal says it has fewer."""
WIDEST_PROSE = 100
"""Columns that sentences use at most: longer lines are hard to read."""


def output_width() -> int:
    """Return how wide tables on standard output may be: as asked for (`asked_width`), else `WIDTH`."""
    return asked_width(sys.stdout) or WIDTH


def asked_width(stream: IO[str]) -> int | None:
    """Return the variable COLUMNS, else the columns of the terminal; None where there is neither.

    Args:
        stream: Where it is printed.
    """
    text = os.environ.get("COLUMNS", "")
    columns = int(text) if text.isdecimal() else 0
    columns = columns or _terminal_width(stream)
    return max(NARROWEST, columns) if columns else None


def _terminal_width(stream: IO[str]) -> int:
    """Return the columns of a terminal; 0 where the stream is none or does not know."""
    try:
        return os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
    except (OSError, ValueError):  # no file, closed, or a terminal without a size
        return 0


def wrap(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Return text in lines, broken at spaces only, so that a word wider than the lines stays whole.

    Args:
        text: One paragraph; runs of spaces become one.
        width: Columns; wide characters take two.
        first: Stands before the first line.
        rest: Stands before all others.

    Returns:
        At least one line.
    """
    lines, line = [], first
    is_empty = True
    for word in text.split():
        if not is_empty and columns_of(line) + 1 + columns_of(word) > width:
            lines.append(line)
            line, is_empty = rest, True
        line += word if is_empty else f" {word}"
        is_empty = False
    return [*lines, line]


def fit(text: str, width: int) -> str:
    """Return text whose lines are broken where they are too wide; what follows is indented by two more.

    Lines that fit stay as they are, so tables may be among them.
    """
    return "\n".join(_fitted(text.split("\n"), width))


def _fitted(lines: Iterable[str], width: int) -> Iterable[str]:
    for line in lines:
        if columns_of(line) <= width:
            yield line
        else:
            indent = line[: len(line) - len(line.lstrip(" "))]
            yield from wrap(line, width, indent, f"{indent}  ")


def say(text: str, *, err: bool = False) -> None:
    """Print text for people, broken where a terminal or COLUMNS says how wide it may be.

    Elsewhere, as in a pipe or a log, a message stays one line, which can be searched for. Characters that
    steer a terminal are escaped: texts hold names from files.

    Args:
        text: One or more lines.
        err: Print to standard error.
    """
    text = printable_lines(text)
    width = asked_width(sys.stderr if err else sys.stdout)
    click.echo(fit(text, width) if width else text, err=err)


def put(text: str, *, err: bool = False) -> None:
    """Print text in which no line is to be broken; what steers a terminal is escaped as in `say`.

    Args:
        text: Lines, of which the last may have an end.
        err: Print to standard error.
    """
    click.echo(printable_lines(text.removesuffix("\n")), err=err)


def say_command(text: str, command: str, *, err: bool = False) -> None:
    """Print a sentence and the command that it gives, which is never broken.

    Args:
        text: Ends with a colon.
        command: Has a line of its own where a terminal or COLUMNS says that both do not fit into one.
        err: Print to standard error.
    """
    width = asked_width(sys.stderr if err else sys.stdout)
    line = f"{text} {command}"
    if width and columns_of(line) > width:
        say(text, err=err)
        line = f"  {command}"
    put(line, err=err)


def put_json(text: str) -> None:
    """Print a JSON document; what steers a terminal becomes an escape of JSON, so the content is the same.

    Args:
        text: Lines, of which the last may have an end.
    """
    click.echo(printable_json(text.removesuffix("\n")))


def columns_of(text: str) -> int:
    """Return how many columns a terminal shows a text in; some characters take two, some none."""
    from rich.cells import cell_len  # commands that print nothing wide need not wait for it

    return cell_len(text)
