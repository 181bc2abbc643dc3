"""Gao et al.: regions in which two networks disagree; before, large regions of which one is sure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec, Share, TargetView

if TYPE_CHECKING:
    import torch


def domain_differences(one: torch.Tensor, other: torch.Tensor, regions: torch.Tensor) -> torch.Tensor:
    """Return 1 less the cosine of the mean softmax of two networks in each region.

    Args:
        one: float ``(C, H, W)``, logits of a network.
        other: The same of the other network.
        regions: int ``(H, W)``, ids 0 to R - 1.

    Returns:
        float64 ``(R,)``, 0 to 1.
    """
    from torch.nn.functional import cosine_similarity

    from alseg.toolkit.regions import region_means

    first, second = (region_means(logits.softmax(0), regions) for logits in (one, other))
    return (1 - cosine_similarity(first, second, dim=1)).clamp(min=0)


@dataclass(frozen=True)
class Gao:
    r"""1 less the cosine of the mean predictions of this round's network and that of the round before.

    In the first purchase there is no network before: sure regions come first, the largest one foremost, and
    after them unsure ones by mean entropy. Later on sure regions come last. With the partition ``gao``, sure
    superpixels of like predictions are one region in the first purchase, as in the paper's phase one.

    Formula:
        s_R = 1 - \cos\left( \bar p_R, \bar q_R \right) - [R \text{ is sure}]

        $`\bar p_R`$ and $`\bar q_R`$ are the mean softmax over region R of this round's network and of the
        one before; the bracket is 1 where the region's mean entropy is below ``sure``, else 0.

    Attributes:
        sure: Mean entropy of a region, in units of the largest possible one, below which it is sure.
    """

    sure: Share = 0.05

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the score of each pixel's region, float32 ``(H, W)``, -1 to 2."""
        from alseg.toolkit.merging import mean_entropies
        from alseg.toolkit.regions import parts_of, region_sizes

        parts = parts_of(view)
        entropies = mean_entropies(view.logits, parts)
        is_sure = entropies < self.sure
        if view.previous is None:
            scores = (1 + region_sizes(parts).double() / parts.numel()).where(is_sure, entropies)
        else:
            differences = domain_differences(view.logits, view.previous.to(view.logits.device), parts)
            scores = differences - is_sure.double()
        return scores.float()[parts]


SPEC = AcquisitionSpec(
    name="gao",
    summary="Regions whose prediction changed most since the round before; at first large sure ones.",
    source="Gao et al., ECCV 2024, doi:10.1007/978-3-031-72754-2_23.",
    build=Gao,
    needs=("logits", "probs", "previous"),
    units=("region",),
    differs="The paper compares with a network adapted without labels.",
)
