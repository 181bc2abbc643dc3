"""``attempts/N.json``: what an attempt at a run ran on, when it began and how it ended."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from alseg.errors import DamageError
from alseg.files import read_json


class Attempt(NamedTuple):
    """An attempt at a run that is under way.

    Attributes:
        path: Its record.
        content: What the record holds.
        started: When it began, on the monotonic clock.
    """

    path: Path
    content: dict[str, Any]
    started: float


def read_attempt(path: Path) -> dict[str, Any]:
    """Read one attempt: what it ran on, its start, its end and how it ended.

    Raises:
        DamageError: If the file is missing or damaged; names it.
    """
    content = read_json(path)
    for key in ("start", "end"):
        text = content.get(key)
        if text is not None and not _is_time(text):
            raise DamageError(f"{path} is damaged: {key} is no time of day.")
    return content


def devices_of(attempts: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return what attempts ran on, in order, each once."""
    return tuple(dict.fromkeys(str(each["device"]) for each in attempts if each.get("device")))


def now() -> str:
    """Return the time in UTC, ISO 8601, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _is_time(text: object) -> bool:
    """Whether a value is a time of day as `now` returns it, in an era of computers."""
    try:
        time = datetime.datetime.fromisoformat(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return time.tzinfo is not None and 1970 < time.year < 3000
