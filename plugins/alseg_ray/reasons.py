"""Why a unit was lost, in words a user knows, from what Ray says."""

from __future__ import annotations

LONGEST = 300
"""Characters of a reason that is Ray's own."""

_KNOWN = (
    (("low on memory", "memory monitor", "oom"), "killed because its machine ran low on memory"),
    (("preempt",), "its machine was taken back by its owner"),
    (("no module named",), "alseg[ray] is not installed on its machine"),
)
"""What stands in Ray's text, and what it means."""


def why_lost(error: BaseException, *, machine_is_lost: bool) -> str:
    """Return why a unit has no result.

    Args:
        error: What Ray raises in place of the result.
        machine_is_lost: Whether the machine is no longer in the cluster.
    """
    text = str(error).lower()
    for signs, meaning in _KNOWN:
        if any(sign in text for sign in signs):
            return meaning
    if machine_is_lost or "node" in type(error).__name__.lower():
        return "its machine left the cluster"
    return f"its Ray worker was lost: {_cause(error)}"


def first_line(error: BaseException) -> str:
    """Return the first line of what Ray says, as a sentence."""
    said = (isinstance(error, OSError) and error.strerror) or str(error)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    text = (lines[0] if lines else type(error).__name__)[:LONGEST]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _cause(error: BaseException) -> str:
    """Return the line that says most: the first after the indented ones that name the actor."""
    lines = str(error).splitlines()
    indented = [number for number, line in enumerate(lines) if line.startswith("\t")]
    rest = lines[indented[-1] + 1 :] if indented else lines
    return next((line.strip() for line in rest if line.strip()), type(error).__name__)[:LONGEST]
