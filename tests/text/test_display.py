from __future__ import annotations

import fcntl
import io
import os
import struct
import sys
import termios
from collections.abc import Iterator
from typing import TextIO

import pytest
from rich.cells import cell_len

from alseg.text.display import NARROWEST, WIDTH, asked_width, fit, output_width, say, wrap


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    """Yield the end of a pseudo terminal with 72 columns that a program writes to."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 72, 0, 0))
    with os.fdopen(slave, "w") as stream:
        yield stream
    os.close(master)


def test_a_pipe_has_one_hundred_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert output_width() == WIDTH == 100


def test_a_terminal_says_how_wide_it_is(terminal: TextIO) -> None:
    assert asked_width(terminal) == 72


@pytest.mark.parametrize(("columns", "width"), [("61", 61), ("5", NARROWEST), ("0", 72), ("wide", 72)])
def test_columns_win_over_the_terminal_where_they_are_a_number(
    terminal: TextIO, monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert asked_width(terminal) == width


def test_a_terminal_that_does_not_know_its_size_is_like_a_pipe(terminal: TextIO) -> None:
    fcntl.ioctl(terminal.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
    assert asked_width(terminal) is None


def test_lines_break_at_spaces_only() -> None:
    assert wrap("one /a/very/long/path two", 8) == ["one", "/a/very/long/path", "two"]


def test_lines_may_begin_with_a_name_and_go_on_indented() -> None:
    assert wrap("one two three", 12, "  name  ", "  ") == ["  name  one", "  two three"]


def test_wide_characters_take_two_columns() -> None:
    # "主动 学习" takes 4 + 1 + 4 columns.
    assert wrap("主动 学习", 8) == ["主动", "学习"]
    assert wrap("主动 学习", 9) == ["主动 学习"]


def test_no_text_is_one_line() -> None:
    assert wrap("", 10, "> ") == ["> "]


def test_only_lines_that_are_too_wide_are_broken() -> None:
    text = "a   table\n─────────\n  a line that is too wide"
    assert fit(text, 16) == "a   table\n─────────\n  a line that is\n    too wide"
    assert max(map(cell_len, fit(text, 16).split("\n"))) == 16


def test_a_message_is_one_line_in_a_log_and_broken_where_columns_are_known(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    say("word " * 40 + "end", err=True)
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.setenv("COLUMNS", "50")
    say("word " * 40 + "end", err=True)
    # 10 words fit the first line (49 columns), 9 the others, which are indented by two (46 columns).
    assert [len(line) for line in capsys.readouterr().err.splitlines()] == [49, 46, 46, 46, 20]
