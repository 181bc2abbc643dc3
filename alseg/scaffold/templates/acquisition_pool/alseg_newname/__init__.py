"""The acquisition ``newname``. Every alseg command loads it, so it imports no torch."""

from __future__ import annotations

from alseg import AcquisitionSpec, hookimpl

from .acquisition import NewnameAcquisition

ALSEG_CONTRACT = "1.0"
"""For which contract with plugins this was written; `alseg plugins` shows it."""


@hookimpl
def register_acquisitions() -> list[AcquisitionSpec]:
    """Offer ``newname``."""
    return [
        AcquisitionSpec(
            name="newname",
            summary="Mean entropy of a region, the higher the fewer regions of the pool have its class.",
            source="A template of alseg; name your paper, with year and identifier.",
            build=NewnameAcquisition,
            kind="pool",
            needs=("logits", "probs"),
            units=("region", "image"),
        )
    ]
