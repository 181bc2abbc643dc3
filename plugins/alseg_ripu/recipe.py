"""The training recipe of the paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from alseg.contracts import IGNORE_INDEX
from alseg.toolkit.losses import Term, Weighted
from alseg.toolkit.recipes import SupervisedRecipe
from alseg_ripu.losses import LocalConsistency, NegativeLearning


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

    def source_terms(self, labels: torch.Tensor) -> dict[str, Term]:
        """Return ``source``, the cross-entropy, and ``consistency``; one of weight 0 is left out.

        Args:
            labels: int64 ``(B, H, W)``, 255 to be ignored.
        """
        terms = super().source_terms(labels)
        if self.consistency:
            term = LocalConsistency(labels, self.consistency_distance, IGNORE_INDEX)
            terms["consistency"] = Weighted(term, self.consistency)
        return terms

    def target_terms(self, labels: torch.Tensor) -> dict[str, Term]:
        """Return ``target``, the cross-entropy, and ``negative``; one of weight 0 is left out.

        Args:
            labels: int64 ``(B, H, W)``, 255 where no label was bought.
        """
        terms = super().target_terms(labels)
        if self.negative_learning:
            terms["negative"] = Weighted(NegativeLearning(self.negative_threshold), self.negative_learning)
        return terms
