"""Balanced entropy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec, TargetView
from alseg_methods.several_passes import SeveralPasses, moments_in

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class BalEntAcq(SeveralPasses):
    r"""Balanced entropy of the prediction.

    Each probability is a Beta distribution with the mean and variance over the passes, and P+ the one with a
    further success. Balanced entropy is (sum of mean * h(P+) + H) / (H + log 2), with h the differential
    entropy and H that of the mean; its reciprocal is the score where it is not negative, else itself.

    Formula:
        B = \frac{\sum_c m_c \, h(P_c^+) + H(m)}{H(m) + \log 2}

        $`m_c`$ is the mean probability of class c over the passes, H the entropy, h the differential
        entropy and $`P_c^+`$ the Beta distribution after a further success. The score is $`1 / B`$ where B
        is not negative, else B.
    """

    def score(self, view: TargetView) -> torch.Tensor:
        """Return balanced entropy as an acquisition, float32 ``(H, W)``."""
        from alseg.toolkit.passes import balanced_entropy

        return balanced_entropy(moments_in(view))


SPEC = AcquisitionSpec(
    name="balentacq",
    summary="Balanced entropy: how far a label reduces what the network is unsure of, from several passes.",
    source="Woo, ICLR 2023, arXiv:2105.14559.",
    build=BalEntAcq,
    needs=("moments",),
)
