"""Power acquisitions: log scores with Gumbel noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from alseg.contracts import AcquisitionSpec, TargetView, View
from alseg_methods.draws import Noise, gumbel
from alseg_methods.maps import Uncertainty, mean_over_parts, uncertainty_map
from alseg_methods.several_passes import SeveralPasses, moments_in

if TYPE_CHECKING:
    import torch

Disagreement = Literal["bald", "vote-entropy", "soft-vote-entropy", "mean-std", "variation-ratio"]
"""A map from several passes, by the name of its acquisition."""


def power_scores(view: View, values: torch.Tensor, beta: float) -> torch.Tensor:
    """Return log of the values plus Gumbel noise of scale 1 / beta.

    Where questions are about regions or images, values are averaged over them first, and each has one draw:
    noise of single pixels would average out.

    Args:
        view: Of the image; its generator is used.
        values: float ``(H, W)``, at least 0.
        beta: Inverse scale of the noise.

    Returns:
        float32 ``(H, W)``, finite; the same within a region or image.
    """
    import torch

    means, parts = mean_over_parts(view, values)
    noise = gumbel(tuple(means.shape), view.generator).to(means.device)
    scores = means.double().clamp(min=torch.finfo(torch.float32).tiny).log() + noise / beta
    return (scores if parts is None else scores[parts]).float()


@dataclass(frozen=True)
class Power(Noise):
    r"""``log(u) + Gumbel(0, 1 / beta)``, u the uncertainty.

    Formula:
        s = \log u + \frac{G}{\beta}

        u is the uncertainty, G a draw of the standard Gumbel distribution.

    Attributes:
        uncertainty: Of the pixels.
    """

    uncertainty: Uncertainty = "entropy"

    def score(self, view: TargetView) -> torch.Tensor:
        """Return log uncertainty plus noise, float32 ``(H, W)``."""
        return power_scores(view, uncertainty_map(view.logits, self.uncertainty), self.beta_of(view))


@dataclass(frozen=True)
class PowerPasses(SeveralPasses, Noise):
    r"""``log(d) + Gumbel(0, 1 / beta)``, d the disagreement of the passes.

    Formula:
        s = \log d + \frac{G}{\beta}

        d is the disagreement of the passes, G a draw of the standard Gumbel distribution.

    Attributes:
        disagreement: Of the passes.
    """

    disagreement: Disagreement = "bald"

    def score(self, view: TargetView) -> torch.Tensor:
        """Return log disagreement plus noise, float32 ``(H, W)``."""
        from alseg.toolkit import passes

        functions = {
            "bald": passes.bald,
            "vote-entropy": passes.vote_entropy,
            "soft-vote-entropy": passes.soft_vote_entropy,
            "mean-std": passes.mean_std,
            "variation-ratio": passes.variation_ratio,
        }
        return power_scores(view, functions[self.disagreement](moments_in(view)), self.beta_of(view))


_SOURCE = "Kirsch et al., TMLR 2023, arXiv:2106.12059; noise by round: ClaSP PE, TMLR 2026, arXiv:2601.13677."

SPECS = (
    AcquisitionSpec(
        name="power",
        summary="Log uncertainty with Gumbel noise, so that a purchase is less alike.",
        source=_SOURCE,
        build=Power,
    ),
    AcquisitionSpec(
        name="power-bald",
        summary="Log disagreement of several passes with Gumbel noise, so that a purchase is less alike.",
        source=_SOURCE,
        build=PowerPasses,
        needs=("moments",),
        differs="The code of two-stage eDALD adds 1 / (1 - u), u uniform, which is Pareto noise, not Gumbel.",
    ),
)
