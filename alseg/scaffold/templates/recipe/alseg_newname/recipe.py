"""The losses of a training step. This module must not import torch: parameters are read without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import Weight
from alseg.toolkit.recipes import SupervisedRecipe

if TYPE_CHECKING:
    import torch
    from alseg.contracts import TrainingBatch


@dataclass(kw_only=True)
class NewnameRecipe(SupervisedRecipe):
    """Cross-entropy on labels of both domains, and the mean entropy of target predictions.

    The fields of the class are the parameters of experiment files. Those of the supervised recipe, such
    as ``iterations`` and ``learning_rate``, are inherited.

    Attributes:
        entropy: Weight of the mean entropy in nats over all target pixels; 0 leaves it out.

    Source:
        Grandvalet and Bengio, NIPS 2004. Write your paper here, and every deviation with its effect.
    """

    entropy: Weight = 0.01

    def losses_of(
        self,
        source_logits: torch.Tensor | None,
        target_logits: torch.Tensor | None,
        batch: TrainingBatch,
    ) -> dict[str, torch.Tensor]:
        """Return ``source`` and ``target`` cross-entropy, and ``entropy``.

        Args:
            source_logits: float32 ``(B, C, H, W)``, or None where the batch has no source.
            target_logits: The same for the target.
            batch: The labels; 255 where no label was bought.

        Returns:
            Scalars by name. A loss over nothing is left out: the mean of nothing is NaN.
        """
        losses = super().losses_of(source_logits, target_logits, batch)
        if target_logits is not None and self.entropy > 0:
            log_probs = target_logits.log_softmax(dim=1)
            of_pixels = -(log_probs.exp() * log_probs).sum(dim=1)
            losses["entropy"] = self.entropy * of_pixels.mean()
        return losses
