"""Other processes of this machine: whether they live, which files they have open, and asking them to stop."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")


def is_alive(pid: int) -> bool:
    """Whether this machine has a process of this number, whoever owns it.

    Args:
        pid: At least 0.
    """
    if (
        pid == 0 or os.name == "nt"
    ):  # 0 would be this process's own group; Windows kills whom it is asked about
        return pid != 0
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # it belongs to somebody else
        return True
    return True


def ask_holder_to_stop(pid: int, file: Path) -> bool:
    """Send SIGTERM to a process that has a file open, and to no other.

    A number may meanwhile belong to another process. So the process is pinned first (a pidfd), then its open
    files are looked at, and the signal goes to what was pinned.

    Args:
        pid: Number of the process.
        file: The file.

    Returns:
        Whether it was sent; False where there is no such process, it has not opened the file, or this system
        does not tell.
    """
    if not hasattr(os, "pidfd_open") or not hasattr(signal, "pidfd_send_signal"):
        return False
    try:
        pinned = os.pidfd_open(pid)
    except (OSError, OverflowError, ValueError):
        return False
    try:
        if not _has_open(pid, file):
            return False
        signal.pidfd_send_signal(pinned, signal.SIGTERM)
    except OSError:
        return False
    finally:
        os.close(pinned)
    return True


def _has_open(pid: int, file: Path) -> bool:
    """Whether a process has a file open, as far as this process may know."""
    wanted = file.stat()
    for entry in (_PROCESSES / str(pid) / "fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            if os.path.samestat(entry.stat(), wanted):
                return True
    return False
