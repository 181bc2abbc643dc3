"""Makes up experiments in all states that `alseg status --watch` knows, in the documented format."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alseg.storage.live import Live
from alseg.storage.unit_files import DISPATCH_LOCK, DispatchFile, write_dispatch

HERE = socket.gethostname()
ENDED = 2**22 + 1
"""A number that no process has: Linux counts to 2**22."""


def write_live(folder: Path, *, seconds_ago: float = 0.0, **changes: Any) -> None:
    """Write the sign of life of a run or of a shared unit on another machine.

    Args:
        folder: The run's, or the unit's.
        seconds_ago: When it was written.
        changes: Of fields of `Live`.
    """
    known: dict[str, Any] = {
        "unit": folder.name,
        "host": "node7",
        "pid": 4321,
        "phase": "train",
        "done": 5,
        "total": 10,
        "time": "2026-11-26T12:00:00+00:00",
        "rate": 0.5,
    }
    content = Live(**{**known, **changes})
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "live.json"
    file.write_text(json.dumps(vars(content)))
    before = file.stat().st_mtime - seconds_ago
    os.utime(file, (before, before))


def write_holder(lock: Path, pid: int, host: str = HERE) -> None:
    """Write the note of a process that holds a lock."""
    lock.with_name(f"{lock.name}-holder").write_text(f"process {pid} on {host}")


def dispatched(root: Path, content: DispatchFile, *, pid: int | None = None) -> None:
    """Write what a dispatcher has submitted, that is alive unless ``pid`` is that of another process."""
    root.mkdir(parents=True, exist_ok=True)
    write_dispatch(root, content)
    write_holder(root / DISPATCH_LOCK, os.getpid() if pid is None else pid)


def timing(folder: Path, rounds: Mapping[int, Mapping[str, float]]) -> None:
    """Write how long phases of rounds took."""
    for number, seconds in rounds.items():
        (folder / f"rounds/{number:02d}/timing.json").write_text(json.dumps(seconds))
