"""The training recipe of the paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from alseg.contracts import IGNORE_INDEX, TrainingBatch
from alseg.recipes import SupervisedRecipe
from alseg_ripu.losses import local_consistency_loss, negative_learning_loss


@dataclass(kw_only=True)
class Ripu(SupervisedRecipe):
    """Cross-entropy on labels of both domains, consistency on the source, negative learning on the target.

    Attributes:
        consistency: Weight of the consistency loss on the source; 0 leaves it out.
        consistency_distance: ``l1``, or ``kl``, the Kullback-Leibler divergence.
        negative_learning: Weight of the negative-learning loss on the target; 0 leaves it out.
        negative_threshold: Probability below which a class counts as surely wrong.

    Source:
        Xie et al., CVPR 2022, arXiv:2111.12940, section 4.1. The defaults of `alseg_ripu.build.recipe` are
        the paper's, but for bought labels, which keep their place when label maps shrink
        (``label_resize="nearest"`` loses most of them, as the released code does), and for one forward pass
        for both domains where their sizes are equal.
    """

    consistency: float
    consistency_distance: Literal["l1", "kl"]
    negative_learning: float
    negative_threshold: float

    def losses_of(
        self, source_logits: torch.Tensor | None, target_logits: torch.Tensor | None, batch: TrainingBatch
    ) -> dict[str, torch.Tensor]:
        """Return ``source`` and ``target`` cross-entropy, ``consistency`` and ``negative``, each weighted.

        Args:
            source_logits: float32 ``(B, C, H, W)``, or None where the batch has no source.
            target_logits: The same for the target.
            batch: The labels.

        Returns:
            Scalars by name. A loss of weight 0, those of a domain that the batch lacks and the cross-entropy
            of a domain without a labelled pixel are left out.
        """
        losses = super().losses_of(source_logits, target_logits, batch)
        if self.consistency and source_logits is not None and batch.source_labels is not None:
            losses["consistency"] = self.consistency * local_consistency_loss(
                source_logits, batch.source_labels, self.consistency_distance, IGNORE_INDEX
            )
        if self.negative_learning and target_logits is not None:
            losses["negative"] = self.negative_learning * negative_learning_loss(
                target_logits, self.negative_threshold
            )
        return losses
