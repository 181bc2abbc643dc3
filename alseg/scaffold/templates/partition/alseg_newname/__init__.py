"""The partition ``newname``. Every alseg command loads it, so it imports no torch."""

from __future__ import annotations

from alseg import hookimpl
from alseg.contracts import PartitionSpec

from .partition import NewnamePartition

ALSEG_CONTRACT = "1.0"
"""For which contract with plugins this was written; `alseg plugins` shows it."""


@hookimpl
def register_partitions() -> list[PartitionSpec]:
    """Offer ``newname``."""
    return [
        PartitionSpec(
            name="newname",
            summary="Cells around points that are drawn at random: Voronoi regions.",
            source="A template of alseg; name your paper, with year and identifier.",
            build=NewnamePartition,
        )
    ]
