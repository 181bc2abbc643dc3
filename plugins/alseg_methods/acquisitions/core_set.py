"""Core-set: regions or images that cover the pool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec
from alseg_methods.parameters import Dimensions

if TYPE_CHECKING:
    import torch

    from alseg.contracts import Observations, PartsView, View


@dataclass(frozen=True)
class CoreSet:
    r"""k-centre greedy over mean features: the part farthest from all that are bought or chosen comes next.

    Where nothing has been bought, the part nearest to the mean of the pool comes first. Time is O(P) for each
    part bought or chosen.

    Formula:
        s_i = \min_{j \in S} \left\lVert \varphi_i - \varphi_j \right\rVert

        $`\varphi_i`$ is the mean feature of part i, and S the parts that are bought or chosen; the part
        with the largest distance comes next.

    Attributes:
        dimensions: Most numbers to keep of the feature of a region; those of whole images are kept in full.

    Source:
        Sener and Savarese, ICLR 2018, arXiv:1708.00489, algorithm 1; on regions as a baseline in Wu et al.,
        ECCV 2022, arXiv:2202.06484.
    """

    dimensions: Dimensions = 256

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        """Return mean features, float32 ``(R, dimensions)``: 1 KB a region at 256 dimensions."""
        from alseg.toolkit.embeddings import part_features

        dimensions = self.dimensions if view.unit == "region" else None
        return {"features": part_features(view, dimensions)}

    def rank(self, observations: Observations, pool: PartsView) -> Sequence[int]:
        """Return parts for the whole budget, farthest first."""
        from alseg.toolkit.allocation import affordable
        from alseg.toolkit.diversity import k_center_greedy
        from alseg.toolkit.embeddings import rows_of_parts

        features = rows_of_parts(observations, "features", pool)
        return affordable(k_center_greedy(features, pool.bought), pool)


SPEC = AcquisitionSpec(
    name="core-set",
    summary="Regions or images whose mean features lie farthest from those already bought (k-centre greedy).",
    source="Sener and Savarese, ICLR 2018, arXiv:1708.00489, algorithm 1; on regions D2ADA, ECCV 2022.",
    build=CoreSet,
    kind="pool",
    needs=("features",),
    units=("region", "image"),
    differs="Without refinement by integer programming; the paper leaves the first pick open.",
)
