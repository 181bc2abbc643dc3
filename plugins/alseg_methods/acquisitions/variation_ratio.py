"""Variation ratio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec, TargetView
from alseg_methods.several_passes import SeveralPasses, moments_in

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class VariationRatio(SeveralPasses):
    r"""``1 - max(v)``, v the share of the passes that vote for each class.

    Formula:
        s = 1 - \max_c v_c, \qquad v_c = \frac{1}{T} \sum_{t=1}^{T} [\hat y^t = c]

        $`\hat y^t`$ is the likeliest class in pass t of T; the bracket is 1 where it is c, else 0.
    """

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the share of other votes, float32 ``(H, W)``, 0 to less than 1."""
        from alseg.toolkit.passes import variation_ratio

        return variation_ratio(moments_in(view))


SPEC = AcquisitionSpec(
    name="variation-ratio",
    summary="Share of several passes that do not vote for the commonest class.",
    source="Freeman 1965; Gal, Islam and Ghahramani, ICML 2017, arXiv:1703.02910.",
    build=VariationRatio,
    needs=("moments",),
)
