"""Inconsistency between an image and its mirror image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from alseg.contracts import AcquisitionSpec, Passes, TargetView
from alseg_methods.several_passes import moments_in

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Equal:
    r"""Symmetric divergence of the predictions of an image and its mirror image, plus entropy of their mean.

    Formula:
        s = \frac{\mathrm{KL}(p, q) + \mathrm{KL}(q, p)}{2} + H\left( \frac{p + q}{2} \right)

        p and q are the softmax of a pixel in the image and in its mirror image,
        $`\mathrm{KL}(p, q) = \sum_c p_c \log(p_c / q_c)`$, and H is the entropy.

    Attributes:
        terms: ``both`` for the sum, or one of them alone.
    """

    terms: Literal["both", "divergence", "entropy"] = "both"

    @property
    def passes(self) -> Passes:
        """The passes that the core makes: the image, and its mirror image."""
        return Passes("flip", 2)

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the symmetric divergence plus the entropy in nats, float32 ``(H, W)``, at least 0."""
        from alseg.toolkit.passes import soft_vote_entropy, symmetric_divergence

        moments = moments_in(view)
        if self.terms == "entropy":
            return soft_vote_entropy(moments)
        divergence = symmetric_divergence(moments)
        return divergence if self.terms == "divergence" else divergence + soft_vote_entropy(moments)


SPEC = AcquisitionSpec(
    name="equal",
    summary="Divergence of the predictions of an image and of its mirror image, plus entropy of their mean.",
    source="Golestaneh and Kitani, BMVC 2020, arXiv:2008.01860.",
    build=Equal,
    needs=("moments",),
    differs="No released code at hand; weights of both terms are 1, and nothing is trained for consistency.",
)
