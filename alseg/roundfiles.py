"""What a round leaves besides its metrics, as far as those who only read results must know it. No torch."""

from __future__ import annotations

import math
from pathlib import Path

from alseg.errors import AlsegError
from alseg.files import read_json
from alseg.imagewise import refuse_damaged_counts
from alseg.ledger import ARRAY_NAME, Purchase

COUNTS_NAME = "confusion.npz"
METRICS_NAME = "metrics.json"
TIMING_NAME = "timing.json"


def refuse_damaged_round(folder: Path) -> None:
    """Check a round's confusion counts and whether its purchase is whole, as far as they are there.

    Published results come without ledgers, so what is missing is no damage here. Of a purchase only the size
    is checked: no number of a table comes from it, and the ledgers of many runs are gigabytes. Whoever reads
    one compares its checksum.

    Args:
        folder: A round's folder.

    Raises:
        AlsegError: If a file is damaged, or a part of a purchase is missing; names it.
    """
    if (folder / COUNTS_NAME).exists():
        refuse_damaged_counts(folder / COUNTS_NAME)
    # Before a round is committed, another process may be between writing one and the other.
    half = (folder / METRICS_NAME).exists() and (folder / ARRAY_NAME).exists()
    if half or Purchase.committed(folder):
        Purchase.refuse_partial(folder)


def read_timing(folder: Path) -> dict[str, float]:
    """Read how long a round's phases took.

    Args:
        folder: A round's folder.

    Returns:
        Phase to seconds, at least 0.

    Raises:
        AlsegError: If the file is missing or damaged; names it.
    """
    path = folder / TIMING_NAME
    content = read_json(path)
    for phase, seconds in content.items():
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not is_number or not math.isfinite(seconds) or seconds < 0:
            raise AlsegError(f"{path} is damaged: {phase!r} is {seconds!r}, not a time in seconds.")
    return {phase: float(seconds) for phase, seconds in content.items()}
