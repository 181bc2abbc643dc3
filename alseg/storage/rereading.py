"""Small files that are looked at again and again, and read only where they have changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from alseg.errors import AlsegError

_Content = TypeVar("_Content")


@dataclass(frozen=True)
class Sighting:
    """What is known of a file since it was last looked at.

    Attributes:
        signature: Time of change, size and number of the file; None where there is none.
        content: What reading it gave; None where it cannot be read.
        written: When it was written, seconds since 1970 by the clock of whoever keeps the file.
        seen: When it was first seen like this, of `time.monotonic`.
        is_first: Whether it was never seen otherwise, so that it may be older than ``seen``.
    """

    signature: tuple[int, int, int] | None
    content: Any
    written: float
    seen: float
    is_first: bool

    @property
    def exists(self) -> bool:
        """Whether there is such a file."""
        return self.signature is not None

    def age(self) -> float:
        """Return for how many seconds, at most, it has been like this.

        Clocks of machines differ: a change that was seen here counts from then on.
        """
        here = time.monotonic() - self.seen
        return max(0.0, time.time() - self.written, here) if self.is_first else here


class Rereader:
    """Looks at files; whatever has not changed is not read again."""

    def __init__(self) -> None:
        self._known: dict[Path, Sighting] = {}

    def look(self, path: Path, read: Callable[[], object]) -> Sighting:
        """Return what a file holds now.

        Args:
            path: The file, or a folder, which changes when entries come or go.
            read: Reads it; an AlsegError or OSError of it means that it cannot be read.
        """
        signature, written = _signature(path)
        before = self._known.get(path)
        if before is not None and before.signature == signature:
            return before
        content = _content(read) if signature is not None else None
        found = Sighting(signature, content, written, time.monotonic(), is_first=before is None)
        self._known[path] = found
        return found


def _signature(path: Path) -> tuple[tuple[int, int, int] | None, float]:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None, 0.0
    return (found.st_mtime_ns, found.st_size, found.st_ino), found.st_mtime


def _content(read: Callable[[], _Content]) -> _Content | None:
    try:
        return read()
    except (AlsegError, OSError):
        return None
