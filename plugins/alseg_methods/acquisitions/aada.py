"""AADA: uncertain parts that look like the target and not like the source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec, TargetView

if TYPE_CHECKING:
    import torch

_LEAST_SHARE = 1e-6
"""Of the source in what a discriminator says: importance is a million at most."""


def importance(source: torch.Tensor) -> torch.Tensor:
    """Return the odds that examples belong to the target, from the probability D of the source.

    Args:
        source: float, 0 to 1, of any shape.

    Returns:
        float64 of its shape, ``(1 - D) / D``, 0 to a million.
    """
    share = source.double().clamp(min=_LEAST_SHARE)
    return (1 - share) / share


@dataclass(frozen=True)
class Aada:
    r"""Importance ``(1 - D) / D`` times entropy, D the probability that a discriminator gives the source.

    The paper classifies images. Here each pixel has the entropy of its own prediction and the answer of the
    discriminator at its place. Where questions are about regions or images, both are averaged over them
    first, so that an image has one importance and one entropy, as in the paper.

    The output ``domain`` is what the recipe ``adversarial`` provides: log odds of the target. Once this
    recipe no longer aligns, its discriminator stays as it is.

    Formula:
        s = \frac{1 - D}{D} \cdot H(p)

        D is the probability that the discriminator gives the source, $`H(p) = -\sum_c p_c \log p_c`$ the
        entropy.
    """

    def score(self, view: TargetView) -> torch.Tensor:
        """Return importance times entropy in nats, float32 ``(H, W)``, at least 0."""
        from torch.nn.functional import interpolate

        from alseg.toolkit.regions import parts_of, region_means
        from alseg.toolkit.uncertainty import entropy

        answers = (-view.outputs["domain"][:1].float()).sigmoid()[None]
        source = interpolate(answers, size=view.size, mode="bilinear", align_corners=True)[0, 0]
        entropies = entropy(view.logits).clamp(min=0)
        if view.unit == "part":
            return (importance(source) * entropies).float()
        parts = parts_of(view)
        scores = importance(region_means(source, parts)) * region_means(entropies, parts)
        return scores.float()[parts]


SPEC = AcquisitionSpec(
    name="aada",
    summary="Entropy, weighted with the odds that a discriminator of domains takes a place for the target.",
    source="Su et al., WACV 2020, arXiv:1904.07848, of images; of regions Wu et al. (D2ADA), ECCV 2022.",
    build=Aada,
    needs=("logits", "output:domain"),
    differs="CLUE's code draws from the best 2%; D2ADA's ranks regions by 1 - D alone, without entropy.",
)
