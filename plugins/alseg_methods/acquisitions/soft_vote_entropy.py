"""Entropy of the mean prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec, TargetView
from alseg_methods.several_passes import SeveralPasses, moments_in

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class SoftVoteEntropy(SeveralPasses):
    r"""Entropy of ``mean(p)``, the mean softmax over the passes.

    Formula:
        s = H\left( \frac{1}{T} \sum_{t=1}^{T} p^t \right)

        $`p^t`$ is the softmax of pass t of T, $`H(p) = -\sum_c p_c \log p_c`$ the entropy.
    """

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the entropy of the mean softmax, float32 ``(H, W)`` in nats."""
        from alseg.toolkit.passes import soft_vote_entropy

        return soft_vote_entropy(moments_in(view))


SPEC = AcquisitionSpec(
    name="soft-vote-entropy",
    summary="Entropy of the softmax averaged over several passes.",
    source="Settles, 2009, section 3.2; with dropout ViewAL, CVPR 2020, arXiv:1911.11789.",
    build=SoftVoteEntropy,
    needs=("moments",),
    differs="ViewAL's code takes 20 passes and bits, and sets pixels that are void in the ground truth to 0.",
)
