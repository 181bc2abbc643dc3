"""``live.json``: where a run is being done and what it is at, for people who look from elsewhere.

It is a sign of life, not a result: it is written now and then, not flushed to disk, and removed when the run
stops. What cannot be written is left out.
"""

from __future__ import annotations

import json
import os
import socket
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Le, MaxLen
from pydantic import TypeAdapter

from alseg.errors import AlsegError
from alseg.storage.attempts import now
from alseg.storage.layout import SHARED_UNIT_NAME
from alseg.storage.validation import keys_of, read_known, validated
from alseg.system.kept_folders import moved_folder

LIVE_NAME = "live.json"
"""In a run's folder, or that of a shared unit."""

WRITE_SECONDS = 10.0
"""How often it is written within a phase."""

PHASE_SECONDS = 1.0
"""How long it stays at least when another phase begins."""

MOST_STEPS_PER_SECOND = 1e9
"""More than a rate can be."""

_Text = Annotated[str, MaxLen(300)]
_Number = Annotated[int, Ge(0)]


@dataclass(frozen=True, kw_only=True)
class Live:
    """``live.json``.

    Attributes:
        unit: Key of the unit.
        host: Name of the machine.
        pid: The process there.
        phase: What it is at, such as ``train``.
        done: Steps of the phase that are done.
        total: Steps of the phase.
        time: When this was written, ISO 8601 in UTC.
        started: When the process took up the run, likewise; empty in files from before it was kept.
        rate: Steps per second since the phase began in this process; 0 where nobody knows yet.
    """

    unit: _Text
    host: _Text
    pid: _Number
    phase: _Text
    done: _Number
    total: _Number
    time: _Text
    started: _Text = ""
    rate: Annotated[float, Ge(0), Le(MOST_STEPS_PER_SECOND)] = 0.0

    @property
    def text(self) -> str:
        """The phase in words, such as ``train 34/90``."""
        return f"{self.phase} {self.done}/{self.total}" if self.total else self.phase


_LIVE = TypeAdapter(Live)


def read_live(folder: Path) -> Live | None:
    """Return what a run is at; None where nothing says it.

    Args:
        folder: The run's.
    """
    path = folder / LIVE_NAME
    try:
        return validated(path, _LIVE, read_known(path, keys_of(Live)))
    except AlsegError:
        return None


def forget_live(folder: Path) -> None:
    """Remove what was said of a run: nothing is done any more."""
    with suppress(OSError):
        path = folder / LIVE_NAME
        if moved_folder(path) is None:
            path.unlink(missing_ok=True)


class LiveFile:
    """Writes ``live.json`` of one run, at most every ten seconds.

    Args:
        folder: The run's, or that of a shared unit.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LIVE_NAME
        is_shared = folder.name == SHARED_UNIT_NAME
        self._unit = f"shared-{folder.parent.name}" if is_shared else folder.name
        self._host = socket.gethostname()
        self._started = now()
        self._written = float("-inf")
        self._phase, self._done, self._total = "", 0, 0
        self._begun, self._done_before = time.monotonic(), 0

    def begin(self, phase: str, total: int, done: int) -> None:
        """Say that a phase begins, with the number of its steps and of those that are done."""
        self._phase, self._total, self._done = phase, total, done
        self._begun, self._done_before = time.monotonic(), done
        self._write_if_due(PHASE_SECONDS)

    def advance(self) -> None:
        """Say that one more step is done."""
        self._done += 1
        self._write_if_due(WRITE_SECONDS)

    def _write_if_due(self, seconds: float) -> None:
        if time.monotonic() - self._written < seconds:
            return
        self._written = time.monotonic()
        content = Live(
            unit=self._unit[:300],
            host=self._host[:300],
            pid=os.getpid(),
            phase=self._phase[:300],
            done=self._done,
            total=self._total,
            time=now(),
            started=self._started,
            rate=self._rate(),
        )
        if moved_folder(self._path) is None:
            with suppress(OSError):
                _replace(self._path, json.dumps(asdict(content)))

    def _rate(self) -> float:
        """Return steps per second since the phase began."""
        seconds = time.monotonic() - self._begun
        return round((self._done - self._done_before) / seconds, 6) if seconds > 0 else 0.0


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all, without waiting for the disk."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        with temporary.open("x", encoding="utf-8") as file:  # a new file, never one that a link leads to
            file.write(text)
        os.replace(temporary, path)  # noqa: PTH105
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
