"""Standard output and standard error that may be closed, full, gone or too narrow for a character.

Standard error is for people: what cannot be written there is lost, and the work goes on. Standard output
holds results: the first text that cannot be written there ends the command with one line and an exit code.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import select
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

import click

from alseg.system.limits import exceeded_limit

OUTPUT, ERRORS = 1, 2
"""File descriptors of standard output and standard error."""

_REMEDIES = {
    errno.EPIPE: "The program that reads it has ended; write to a file to keep everything.",
    errno.ENOSPC: "Free space, or write to another disk.",
    errno.EDQUOT: "Free space, or write to another disk.",
}
_PLAIN = {"\N{BOX DRAWINGS LIGHT HORIZONTAL}": "-", "\N{MINUS SIGN}": "-", "\N{EN DASH}": "-"}
"""What stands for signs of our own tables where an encoding lacks them."""

_ESCAPING = "alseg-escaping"
"""Name of `_escape` among the ways of Python to encode what an encoding lacks."""

_CLOSED = "It is closed. Leave it open, or send it to a file."


class OutputError(click.ClickException):
    """A result cannot be written to standard output; said on standard error, with the code of wrong input."""

    exit_code = 2

    def __init__(self, reason: str) -> None:
        super().__init__(f"Cannot write to standard output: {reason}")


def guard_streams() -> None:
    """Put guarded streams in the place of the two that Python has opened; others, as in tests, stay.

    Descriptors that are closed are opened to nowhere, or the next file would get their numbers and with it
    whatever is written to them.
    """
    if os.name == "nt":  # whose consoles take no bytes
        return
    is_open = {descriptor: _is_open(descriptor) for descriptor in (0, OUTPUT, ERRORS)}
    for descriptor in (0, OUTPUT, ERRORS):  # the lowest free number is the next one given
        if not _is_open(descriptor):
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is sys.__stdout__:
        sys.stdout = _guarded(sys.stdout, OUTPUT, _fail if is_open[OUTPUT] else _fail_closed)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _guarded(sys.stderr, ERRORS, _ignore)


class _Guard(io.FileIO):
    """A descriptor; after the first error of a write, everything else that is written there is lost.

    Args:
        descriptor: Stays open.
        on_error: Called with the first error.
        is_lost: Whether the first write is an error.
    """

    def __init__(self, descriptor: int, on_error: Callable[[OSError], None], *, is_lost: bool) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._on_error, self._must_tell, self._is_lost = on_error, True, is_lost

    def write(self, data: object) -> int:
        """Write all or some of the bytes and return how many; all where they are lost."""
        size = len(memoryview(data).cast("B"))  # type: ignore[arg-type]
        error: OSError | None = OSError(errno.EBADF, "closed")
        while not self._is_lost:
            try:
                written = super().write(data)  # type: ignore[arg-type]
            except OSError as caught:
                self._is_lost, error = True, caught
            else:
                if written is not None:
                    return written
                select.select((), (self,), ())  # a descriptor that does not block: wait
        if self._must_tell and error is not None:
            self._must_tell = False
            self._on_error(error)
        return size


def _guarded(stream: TextIO | None, descriptor: int, on_error: Callable[[OSError], None]) -> TextIO:
    """Return a guarded stream in the encoding of another; characters that it lacks become escapes."""
    if stream is not None:
        with suppress(OSError, ValueError):
            stream.flush()
    encoding = getattr(stream, "encoding", None) or "utf-8"
    if encoding.lower() in ("ascii", "us-ascii", "ansi_x3.4-1968", "646"):
        encoding = "utf-8"  # as click has it: where a locale says ASCII, nobody has chosen one
    guard = _Guard(descriptor, on_error, is_lost=stream is None)
    return io.TextIOWrapper(
        io.BufferedWriter(guard), encoding, errors=_ESCAPING, line_buffering=guard.isatty()
    )


def _escape(error: UnicodeError) -> tuple[str | bytes, int]:
    """Replace one character that an encoding lacks."""
    if isinstance(error, UnicodeEncodeError) and (plain := _PLAIN.get(error.object[error.start])):
        return plain, error.start + 1
    return codecs.backslashreplace_errors(error)


codecs.register_error(_ESCAPING, _escape)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _fail(error: OSError) -> None:
    reason = exceeded_limit(error)
    if reason is None:
        remedy = _REMEDIES.get(error.errno or 0, "Send it to a file.")
        reason = f"{error.strerror or error}. {remedy}"
    raise OutputError(reason) from error


def _fail_closed(error: OSError) -> None:
    raise OutputError(_CLOSED) from error


def _ignore(_: OSError) -> None:
    """Lose what people would have read: nothing is left to say it on."""
