"""How long attempts took, by their records; a clock that was set meanwhile gives no time, not a wrong one."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from typing import Any

MOST_SECONDS = 366 * 24 * 3600.0
"""An attempt that took longer than a year was measured by a clock that was set."""


def attempt_seconds(attempt: Mapping[str, Any], until: datetime.datetime | None = None) -> float | None:
    """Return how long an attempt took, in seconds; None where that is unknown.

    Args:
        attempt: Its record. ``seconds``, by a clock that nobody sets, counts; records from before it was
            kept, and attempts that could not end, have the difference of two times of day.
        until: When it ended, where the record does not say it.
    """
    measured = attempt.get("seconds")
    if isinstance(measured, int | float):
        return _possible(float(measured))
    try:
        start = datetime.datetime.fromisoformat(str(attempt["start"]))
        end = datetime.datetime.fromisoformat(str(attempt["end"])) if attempt.get("end") else until
        return None if end is None else _possible((end - start).total_seconds())
    except (KeyError, TypeError, ValueError):
        return None


def _possible(seconds: float) -> float | None:
    return seconds if math.isfinite(seconds) and 0 <= seconds <= MOST_SECONDS else None
