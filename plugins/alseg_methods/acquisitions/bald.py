"""Bayesian active learning by disagreement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec, TargetView
from alseg_methods.several_passes import SeveralPasses, moments_in

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Bald(SeveralPasses):
    r"""Entropy of the mean prediction less the mean entropy of the predictions.

    Formula:
        s = H\left( \frac{1}{T} \sum_{t=1}^{T} p^t \right) - \frac{1}{T} \sum_{t=1}^{T} H(p^t)

        $`p^t`$ is the softmax of pass t of T, $`H(p) = -\sum_c p_c \log p_c`$ the entropy.
    """

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the mutual information in nats, float32 ``(H, W)``, at least 0."""
        from alseg.toolkit.passes import bald

        return bald(moments_in(view))


SPEC = AcquisitionSpec(
    name="bald",
    summary="Mutual information of prediction and network weights, from several passes.",
    source="Houlsby et al., 2011, arXiv:1112.5745; Gal, Islam and Ghahramani, ICML 2017, arXiv:1703.02910.",
    build=Bald,
    needs=("moments",),
)
