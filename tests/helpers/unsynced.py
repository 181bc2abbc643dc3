"""Files are written without waiting for the disk, which takes a third of the time of tests with small runs.

Only a power failure tells the difference, and no test makes one: a dead process leaves what it has written.
"""

from __future__ import annotations

import os
from typing import Any


def fsync(file: Any) -> None:
    """Take the place of ``os.fsync``: refuse what is no open file."""
    os.fstat(file if isinstance(file, int) else file.fileno())


def install() -> None:
    """Have this process, and its copies, wait for no disk."""
    os.fsync = fsync
