"""Merging regions with like predictions, so that one answer labels all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from scipy import special

from alseg.toolkit.regions import region_means
from alseg.toolkit.uncertainty import entropy


def jensen_shannon(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return the Jensen-Shannon divergence of distributions in nats; its root is a distance.

    Args:
        first: float ``(..., C)``, at least 0, scaled to a sum of 1 here.
        second: The same, of a shape that fits.

    Returns:
        float64 ``(...)``, 0 to log 2.
    """
    one, other = (values.double() / values.double().sum(dim=-1, keepdim=True) for values in (first, second))
    within = (torch.special.entr(one).sum(dim=-1) + torch.special.entr(other).sum(dim=-1)) / 2
    divergence: torch.Tensor = torch.special.entr((one + other) / 2).sum(dim=-1) - within
    return divergence.clamp(min=0)


def mean_entropies(logits: torch.Tensor, regions: torch.Tensor) -> torch.Tensor:
    """Return the mean entropy of each region, in units of the largest possible one.

    Args:
        logits: float ``(C, H, W)``.
        regions: int ``(H, W)``, ids 0 to R - 1.

    Returns:
        float64 ``(R,)``, 0 to 1, on the device of the logits.
    """
    return region_means(entropy(logits).clamp(min=0), regions) / math.log(max(2, len(logits)))


def region_edges(regions: torch.Tensor) -> torch.Tensor:
    """Return the pairs of regions that share a side of a pixel.

    Args:
        regions: int ``(H, W)``, ids from 0.

    Returns:
        int64 ``(E, 2)`` on the CPU, the smaller id first, each pair once, in ascending order.
    """
    ids = regions.cpu().long()
    count = int(ids.max()) + 1
    sides = ((ids[:, :-1], ids[:, 1:]), (ids[:-1], ids[1:]))
    keys = torch.cat(
        [
            (torch.minimum(one, other) * count + torch.maximum(one, other))[one != other]
            for one, other in sides
        ]
    )
    found = torch.unique(keys)
    return torch.stack([found // count, found % count], dim=1)


def merge_adjacent(
    means: torch.Tensor, uncertainty: torch.Tensor, edges: torch.Tensor, distance: float = 0.1
) -> torch.Tensor:
    """Grow regions, the most uncertain ones first, over neighbours with like predictions.

    A region that belongs to no other yet is a root. It takes the regions that touch what it has, belong to no
    other and have a Jensen-Shannon distance to the root's own mean below ``distance``.

    Args:
        means: float ``(R, C)``, mean softmax of each region.
        uncertainty: float ``(R,)``, such as mean BvSB; of equals the smaller id is the first.
        edges: int64 ``(E, 2)``, see `region_edges`.
        distance: The square root of the divergence in nats, 0 to 0.83. The paper takes 0.1.

    Returns:
        int64 ``(R,)`` on the CPU, the root of each region, which names the merged one. Time is
        O(E log E) and a divergence for each edge that growth looks at.

    Source:
        Kim et al. (AMSL), ICCV 2023, arXiv:2303.16817. Same as the released code: the root's mean is not
        updated while it grows.
    """
    values, pairs = means.cpu().double(), edges.cpu()
    alike = jensen_shannon(values[pairs[:, 0]], values[pairs[:, 1]]).sqrt() < distance
    touching, close = _neighbours(pairs, len(values)), _neighbours(pairs[alike], len(values))
    nearness = _Nearness(values, distance)
    roots = [-1] * len(values)
    for root in uncertainty.cpu().argsort(descending=True, stable=True).tolist():
        if roots[root] >= 0:
            continue
        seen, grown = {root, *touching[root]}, [region for region in close[root] if roots[region] < 0]
        roots[root] = root
        while grown:
            for region in grown:
                roots[region] = root
            further = {region for member in grown for region in touching[member]} - seen
            seen |= further
            grown = nearness.near(root, [region for region in sorted(further) if roots[region] < 0])
    return torch.tensor(roots, dtype=torch.int64)


class _Nearness:
    """Which regions predict alike. NumPy: of few regions at a time, PyTorch takes ten times as long.

    Args:
        means: float64 ``(R, C)``, at least 0.
        distance: Root of the Jensen-Shannon divergence in nats below which they do.
    """

    def __init__(self, means: torch.Tensor, distance: float) -> None:
        self._means = (means / means.sum(dim=1, keepdim=True)).numpy()
        self._entropies = special.entr(self._means).sum(axis=1)
        self._distance = distance

    def near(self, root: int, regions: list[int]) -> list[int]:
        """Return those of some regions that predict as a root does, in their order."""
        if not regions:
            return []
        middle = special.entr((self._means[root] + self._means[regions]) / 2).sum(axis=1)
        divergence = middle - (self._entropies[root] + self._entropies[regions]) / 2
        is_near = np.sqrt(divergence.clip(min=0)) < self._distance
        return [region for region, near in zip(regions, is_near.tolist(), strict=True) if near]


def _neighbours(pairs: torch.Tensor, count: int) -> list[list[int]]:
    """Return for each region those that it is paired with."""
    neighbours: list[list[int]] = [[] for _ in range(count)]
    for one, other in pairs.tolist():
        neighbours[one].append(other)
        neighbours[other].append(one)
    return neighbours


def merge_alike(
    means: torch.Tensor, members: Sequence[int], divergence: float = 0.1, *, skip_next: bool = False
) -> list[list[int]]:
    """Group regions with like predictions, wherever they are in the image.

    The first region that is left is a root and takes all that are left with a Jensen-Shannon divergence to it
    below ``divergence``.

    Args:
        means: float ``(R, C)``, mean softmax of each region.
        members: The regions to group, in order.
        divergence: In nats, not its square root. The paper takes 0.1.
        skip_next: Leave the region that follows a root out of its group, as the released code does, which
            begins to compare one place too late.

    Returns:
        The groups, each with its root first.

    Source:
        Gao et al., ECCV 2024, phase one.
    """
    values, groups = means.cpu().double(), list[list[int]]()
    left = torch.tensor(list(members), dtype=torch.int64)
    while len(left):
        root, left = int(left[0]), left[1:]
        alike = jensen_shannon(values[root], values[left]) < divergence
        if skip_next:
            alike[:1] = False
        groups.append([root, *left[alike].tolist()])
        left = left[~alike]
    return groups
