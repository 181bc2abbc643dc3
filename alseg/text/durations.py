"""Durations in words, as exactly as somebody who waits wants to know them."""

from __future__ import annotations

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


def rough(seconds: float) -> str:
    """Return a duration such as ``20 s``, ``45 min``, ``7 h`` or ``3 days``.

    Args:
        seconds: At least 0.
    """
    if seconds < 1.5 * _MINUTE:
        return f"{round(seconds)} s"
    if seconds < 1.5 * _HOUR:
        return f"{round(seconds / _MINUTE)} min"
    if seconds < 2 * _DAY:
        return f"{round(seconds / _HOUR)} h"
    return f"{round(seconds / _DAY):,} days"


def about(seconds: float) -> str:
    """Return an estimate such as ``less than a minute`` or ``about 7 h``.

    Args:
        seconds: At least 0.
    """
    if seconds < 1.5 * _MINUTE:
        return "less than a minute" if seconds < _MINUTE else "about a minute"
    return f"about {rough(seconds)}"
