"""How much a label of each pixel is worth. Modules of the toolkit load torch when they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from alseg import toolkit
from alseg.contracts import Interval

if TYPE_CHECKING:
    import torch
    from alseg.contracts import TargetView


class NewnameAcquisition:
    """Entropy of the prediction, the higher the rarer its class.

    Args:
        power: How much rarity counts: 0 is plain entropy, 1 divides by the share of the class.
    """

    def __init__(self, power: Annotated[float, Interval(ge=0, le=4)] = 0.5) -> None:
        self.power = power

    def score(self, view: TargetView) -> torch.Tensor:
        """Return ``entropy / share ** power``.

        ``share`` is the part of the image's pixels that have the same predicted class.

        Returns:
            float32 ``(H, W)``, at least 0; higher is asked first.

        Source:
            A template of alseg. Write your paper here, and every deviation with its effect.
        """
        maps = toolkit.uncertainty.statistics(view.logits, "entropy", "classes")
        assert maps.entropy is not None and maps.classes is not None  # both were asked for
        classes = maps.classes.long()
        share = classes.flatten().bincount() / classes.numel()
        return maps.entropy / share[classes] ** self.power
