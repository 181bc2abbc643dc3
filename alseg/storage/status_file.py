"""``status.json``: how a run goes, or how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from alseg.storage.layout import STATUS_NAME
from alseg.storage.records import Count, State
from alseg.storage.validation import keys_of, read_known, validated

OUT_OF_MEMORY = "Out of memory"
"""How the error of a run begins that failed for lack of memory only."""


@dataclass(frozen=True)
class StatusFile:
    """``status.json``."""

    state: State
    round: Count | None = None
    error: str | None = None
    reason: str | None = None


_STATUS = TypeAdapter(StatusFile)
_STATUS_KEYS = keys_of(StatusFile)


def read_status(folder: Path) -> StatusFile:
    """Read a run's ``status.json``.

    Raises:
        DamageError: If the file is missing or damaged; names it.
    """
    path = folder / STATUS_NAME
    return validated(path, _STATUS, read_known(path, _STATUS_KEYS))


def telling_line(text: str) -> str:
    """Return the line that says what happened: the last of a traceback, the first of anything else."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    return lines[-1] if lines[0].startswith("Traceback") else lines[0]
