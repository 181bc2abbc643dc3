"""The training recipe of the paper; importing this module does not import torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from alseg import toolkit
from alseg.contracts import IGNORE_INDEX, Iterations, Share, SourceSampling, Weight
from alseg.toolkit.recipes import SupervisedRecipe

if TYPE_CHECKING:
    import torch

    from alseg.toolkit.losses import Term


@dataclass(kw_only=True)
class Ripu(SupervisedRecipe):
    """Cross-entropy on labels of both domains, consistency on the source, negative learning on the target.

    Attributes:
        decay_iterations: Steps over which the learning rate would decay to zero; the paper stops before.
        sampling: How source images are drawn.
        consistency: Weight of the consistency loss on the source; 0 leaves it out.
        consistency_distance: ``l1``, or ``kl``, the Kullback-Leibler divergence.
        negative_learning: Weight of the negative-learning loss on the target; 0 leaves it out.
        negative_threshold: Probability below which a class counts as surely wrong.

    Source:
        Xie et al., CVPR 2022, arXiv:2111.12940, section 4.1. The defaults are the paper's, but for bought
        labels, which keep their place when label maps shrink (``label_resize="nearest"`` loses most of them,
        as the released code does), and for one forward pass for both domains where their sizes are equal.
    """

    title: ClassVar[str] = "ripu"

    decay_iterations: Iterations | None = 62_500
    sampling: SourceSampling = "class-balanced"
    consistency: Weight = 0.1
    consistency_distance: Literal["l1", "kl"] = "l1"
    negative_learning: Weight = 1.0
    negative_threshold: Share = 0.05

    def source_terms(self, labels: torch.Tensor) -> dict[str, Term]:
        """Return ``source``, the cross-entropy, and ``consistency``; one of weight 0 is left out.

        Args:
            labels: int64 ``(B, H, W)``, 255 to be ignored.
        """
        from alseg_ripu.losses import LocalConsistency

        terms = super().source_terms(labels)
        if self.consistency:
            term = LocalConsistency(labels, self.consistency_distance, IGNORE_INDEX)
            terms["consistency"] = toolkit.losses.Weighted(term, self.consistency)
        return terms

    def target_terms(self, labels: torch.Tensor) -> dict[str, Term]:
        """Return ``target``, the cross-entropy, and ``negative``; one of weight 0 is left out.

        Args:
            labels: int64 ``(B, H, W)``, 255 where no label was bought.
        """
        from alseg_ripu.losses import NegativeLearning

        terms = super().target_terms(labels)
        if self.negative_learning:
            terms["negative"] = toolkit.losses.Weighted(
                NegativeLearning(self.negative_threshold), self.negative_learning
            )
        return terms
