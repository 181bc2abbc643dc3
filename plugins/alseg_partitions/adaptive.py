"""Partitions whose regions follow the network: superpixels merged where its predictions are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from alseg.contracts import Interval, Share
from alseg_partitions.superpixels import Seeds, Segments, Slic, numbered

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from alseg.contracts import TargetView

Base = Literal["seeds", "slic"]


@dataclass(frozen=True)
class Amsl:
    """Superpixels, each merged in every round with neighbours for which the network predicts alike.

    Regions grow from the ones of highest mean BvSB over neighbours, as `alseg.toolkit.merging.merge_adjacent`
    says; what was asked about in earlier rounds takes part, but keeps its pixels.

    Attributes:
        base: Which superpixels are merged.
        segments: Superpixels to begin with.
        epsilon: Jensen-Shannon distance of mean predictions, the root of the divergence in nats, below which
            neighbours merge.

    Source:
        Kim et al. (AMSL), ICCV 2023, arXiv:2303.16817, with its superpixels for Cityscapes. The rest of AMSL
        is the acquisition ``class-balanced`` with ``shares: pixels``, ``answer: dominant`` and the recipe
        ``sieve``.
    """

    base: Base = "seeds"
    segments: Segments = 8192
    epsilon: Annotated[float, Interval(ge=0, le=1)] = 0.1

    def regions(
        self, image: NDArray[np.uint8], image_id: str, generator: torch.Generator
    ) -> NDArray[np.int32]:
        """Return the superpixel of each pixel, int32 ``(H, W)``."""
        return _superpixels(self.base, self.segments).regions(image, image_id, generator)

    def adapt(self, regions: NDArray[np.int32], view: TargetView) -> NDArray[np.int32]:
        """Return the merged superpixel of each pixel, int32 ``(H, W)``."""
        from alseg.toolkit.merging import merge_adjacent, region_edges
        from alseg.toolkit.regions import parts_of, region_means
        from alseg.toolkit.uncertainty import bvsb

        ids = parts_of(view)
        means, uncertainty = (region_means(values, ids) for values in (view.probs, bvsb(view.logits)))
        roots = merge_adjacent(means, uncertainty, region_edges(ids), self.epsilon)
        return numbered(roots.numpy()[regions])


@dataclass(frozen=True)
class Gao:
    """Superpixels; in the first round sure ones with like predictions are one region, wherever they are.

    A superpixel is sure where its mean entropy is low. In later rounds regions are the superpixels.

    Attributes:
        base: Which superpixels are merged.
        segments: Superpixels to begin with.
        sure: Mean entropy of a superpixel, in units of the largest possible one, below which it is sure.
        divergence: Jensen-Shannon divergence in nats of mean predictions below which sure superpixels are
            alike.

    Source:
        Gao et al., ECCV 2024, doi:10.1007/978-3-031-72754-2_23. The paper's superpixels (SSN) are trained on
        the source, these are not. The rest is the acquisition ``gao`` with ``answer: dominant``.
    """

    base: Base = "slic"
    segments: Segments = 256
    sure: Share = 0.05
    divergence: Share = 0.1

    def regions(
        self, image: NDArray[np.uint8], image_id: str, generator: torch.Generator
    ) -> NDArray[np.int32]:
        """Return the superpixel of each pixel, int32 ``(H, W)``."""
        return _superpixels(self.base, self.segments).regions(image, image_id, generator)

    def adapt(self, regions: NDArray[np.int32], view: TargetView) -> NDArray[np.int32]:
        """Return the group of each pixel's superpixel, int32 ``(H, W)``, or the superpixel."""
        import torch

        from alseg.toolkit.merging import mean_entropies, merge_alike
        from alseg.toolkit.regions import parts_of, region_means

        if view.round > 1:
            return regions
        ids = parts_of(view)
        entropies = mean_entropies(view.logits, ids)
        roots = torch.arange(len(entropies))
        sure = (entropies < self.sure).nonzero().flatten().tolist()
        for group in merge_alike(region_means(view.probs, ids), sure, self.divergence):
            roots[group] = group[0]
        return numbered(roots.numpy()[regions])


def _superpixels(base: Base, segments: int) -> Seeds | Slic:
    """Return superpixels of a kind, as they are where nothing else is said."""
    return Seeds(segments=segments) if base == "seeds" else Slic(segments=segments)
