"""What a file system says when it is asked by a write, not from what this host remembers of it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def touched(folder: Path) -> float:
    """Make a file and remove it again; return when that was, by the clock of who keeps the files.

    A host that remembers for seconds what a folder of a network's file system holds, as NFS lets it, asks
    again after its own write.

    Args:
        folder: There now.

    Returns:
        Seconds since 1970.

    Raises:
        OSError: If the folder cannot be written.
    """
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".now.", suffix=".tmp") as file:
        return os.fstat(file.fileno()).st_mtime
