"""The network ``newname``. Every alseg command loads it, so it imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from alseg import ModelSpec, hookimpl
from alseg.contracts import Interval

if TYPE_CHECKING:
    from .model import NewnameModel


def build_newname(
    *,
    num_classes: int,
    width: Annotated[int, Interval(ge=1, le=4096)] = 32,
) -> NewnameModel:
    """Make the network; torch is seeded before, so that initial weights depend on the run's seed.

    Args:
        num_classes: Channels of the logits, filled in by alseg.
        width: Channels of the first convolution; the others have two and four times as many.
    """
    from .model import NewnameModel

    return NewnameModel(num_classes, width)


ALSEG_CONTRACT = "1.0"
"""For which contract with plugins this was written; `alseg plugins` shows it."""


@hookimpl
def register_models() -> list[ModelSpec]:
    """Offer ``newname``."""
    return [
        ModelSpec(
            name="newname",
            summary="Three strided convolutions and a linear classifier, from scratch.",
            source="A template of alseg; name your paper, with year and identifier.",
            build=build_newname,
            provides=("logits", "probs", "features"),
        )
    ]
