"""Whether checkpoints fit on the disk, before training begins."""

from __future__ import annotations

import shutil
from pathlib import Path

from alseg.files import WriteError


def require_space(checkpoint: Path, size: int) -> None:
    """Refuse to train where a checkpoint would not fit on the disk.

    Args:
        checkpoint: The file; a new one is written whole before the old one goes.
        size: Bytes it needs at most.

    Raises:
        WriteError: If there is less space; says how much there is.
    """
    needed = size if checkpoint.exists() else 2 * size
    free = shutil.disk_usage(checkpoint.parent).free
    if free < needed:
        raise WriteError(
            f"No space for checkpoints in {checkpoint.parent}: they need {needed / 1e6:,.1f} MB, "
            f"and {free / 1e6:,.1f} MB are free. Free space or choose --results."
        )
