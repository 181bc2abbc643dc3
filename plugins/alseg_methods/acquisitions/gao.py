"""Gao et al.: regions in which two networks disagree; before, groups of sure regions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec, Share, TargetView

if TYPE_CHECKING:
    import torch


def mean_entropies(logits: torch.Tensor, regions: torch.Tensor) -> torch.Tensor:
    """Return the mean entropy of each region, in units of the largest possible one.

    Args:
        logits: float ``(C, H, W)``.
        regions: int ``(H, W)``, ids 0 to R - 1.

    Returns:
        float64 ``(R,)``, 0 to 1.
    """
    import math

    from alseg.toolkit.regions import region_means
    from alseg.toolkit.uncertainty import entropy

    return region_means(entropy(logits).clamp(min=0), regions) / math.log(max(2, len(logits)))


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


def group_scores(
    probs: torch.Tensor, entropies: torch.Tensor, regions: torch.Tensor, sure: float, divergence: float
) -> torch.Tensor:
    """Return scores of phase one: a root of each group of sure regions, large groups first.

    Args:
        probs: float ``(C, H, W)``.
        entropies: float64 ``(R,)``, see `mean_entropies`.
        regions: int ``(H, W)``, ids 0 to R - 1.
        sure: Mean entropy below which a region is sure.
        divergence: Jensen-Shannon divergence to its root below which a sure region belongs to a group.

    Returns:
        float64 ``(R,)``: of a root 1 plus its group's share of the image, of a region that is not sure its
        mean entropy, of all others -1.
    """
    from alseg.toolkit.merging import merge_alike
    from alseg.toolkit.regions import region_means, region_sizes

    sizes = region_sizes(regions, len(entropies))
    is_sure = entropies < sure
    scores = entropies.masked_fill(is_sure, -1.0)
    members = (is_sure & (sizes > 0)).nonzero().flatten().tolist()
    for group in merge_alike(region_means(probs, regions, len(entropies)), members, divergence):
        scores[group[0]] = 1 + sizes[group].sum().double() / sizes.sum()
    return scores


@dataclass(frozen=True)
class Gao:
    """1 less the cosine of the mean predictions of this round's network and that of the round before.

    In the first purchase there is no network before: the paper's phase one then asks about one region of each
    group of sure regions with like predictions, the largest group first, and after them about unsure regions
    by mean entropy. Here the answer labels this one region, not all of its group. Later on sure regions come
    last.

    Attributes:
        sure: Mean entropy of a region, in units of the largest possible one, below which it is sure.
        divergence: Jensen-Shannon divergence in nats of mean predictions below which sure regions are alike.
    """

    sure: Share = 0.05
    divergence: Share = 0.1

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the score of each pixel's region, float32 ``(H, W)``, -1 to 2."""
        from alseg.toolkit.regions import parts_of

        parts = parts_of(view)
        entropies = mean_entropies(view.logits, parts)
        if view.previous is None:
            scores = group_scores(view.probs, entropies, parts, self.sure, self.divergence)
        else:
            differences = domain_differences(view.logits, view.previous.to(view.logits.device), parts)
            scores = differences - (entropies < self.sure).double()
        return scores.float()[parts]


SPEC = AcquisitionSpec(
    name="gao",
    summary="Regions whose prediction changed most since the round before; at first one of each sure group.",
    source="Gao et al., ECCV 2024, doi:10.1007/978-3-031-72754-2_23.",
    build=Gao,
    needs=("logits", "probs", "previous"),
    units=("region",),
    differs="The paper compares with a network adapted without labels, and one answer labels a whole group.",
)
