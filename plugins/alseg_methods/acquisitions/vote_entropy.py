"""Entropy of votes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec, TargetView
from alseg_methods.several_passes import SeveralPasses, moments_in

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class VoteEntropy(SeveralPasses):
    r"""Entropy of v, the share of the passes that vote for each class.

    Formula:
        s = -\sum_c v_c \log v_c, \qquad v_c = \frac{1}{T} \sum_{t=1}^{T} [\hat y^t = c]

        $`\hat y^t`$ is the likeliest class in pass t of T; the bracket is 1 where it is c, else 0.
    """

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the entropy of the shares of votes, float32 ``(H, W)`` in nats."""
        from alseg.toolkit.passes import vote_entropy

        return vote_entropy(moments_in(view))


SPEC = AcquisitionSpec(
    name="vote-entropy",
    summary="Entropy of the votes of several passes for the classes.",
    source="Dagan and Engelson, ICML 1995; with dropout ViewAL, CVPR 2020, arXiv:1911.11789.",
    build=VoteEntropy,
    needs=("moments",),
    differs="ViewAL's code takes 20 passes and bits, and sets pixels that are void in the ground truth to 0.",
)
