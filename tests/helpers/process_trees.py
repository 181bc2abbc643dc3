"""Processes together with all that they have started."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def kill_at_once(roots: Sequence[int]) -> None:
    """Kill processes and all that they have started, as a power failure does.

    None can do anything about the end of another.

    Args:
        roots: The processes.
    """
    suspended: list[int] = []
    # Again until nothing is new: one may start another before it is suspended itself.
    while found := [each for root in roots for each in tree(root) if each not in suspended]:
        for process in found:
            _send(process, signal.SIGSTOP)
        suspended += found
    for process in suspended:
        _send(process, signal.SIGKILL)


def tree(process: int) -> list[int]:
    """Return a process and all that it has started, in whichever of its threads."""
    found = [process]
    with suppress(OSError):  # it ends meanwhile
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            found += [each for child in children.read_text().split() for each in tree(int(child))]
    return found


def _send(process: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)
