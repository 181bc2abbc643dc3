"""What a round leaves besides its metrics, as far as those who only read results must know it. No torch."""

from __future__ import annotations

from pathlib import Path

from alseg.imagewise import refuse_damaged_counts
from alseg.ledger import ARRAY_NAME, Purchase
from alseg.runrecords import METRICS_NAME

COUNTS_NAME = "confusion.npz"


def refuse_damaged_round(folder: Path, classes: int) -> None:
    """Check a round's confusion counts and whether its purchase is whole, as far as they are there.

    Published results come without ledgers, so what is missing is no damage here. Of a purchase only the size
    is checked: no number of a table comes from it, and the ledgers of many runs are gigabytes. Whoever reads
    one compares its checksum.

    Args:
        folder: A round's folder.
        classes: Number of classes of the run; counts of others are damaged.

    Raises:
        AlsegError: If a file is damaged, or a part of a purchase is missing; names it.
    """
    if (folder / COUNTS_NAME).exists():
        refuse_damaged_counts(folder / COUNTS_NAME, classes)
    # Before a round is committed, another process may be between writing one and the other.
    half = (folder / METRICS_NAME).exists() and (folder / ARRAY_NAME).exists()
    if half or Purchase.committed(folder):
        Purchase.refuse_partial(folder)
