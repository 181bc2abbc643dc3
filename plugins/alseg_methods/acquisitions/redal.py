"""ReDAL: uncertain regions, those of a cluster ever less important."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from alseg.contracts import AcquisitionSpec, Interval, SomeShare
from alseg_methods.parameters import Dimensions

if TYPE_CHECKING:
    import torch

    from alseg.contracts import Observations, PartsView, View


def importance_reweighted(scores: torch.Tensor, clusters: torch.Tensor, decay: float) -> torch.Tensor:
    """Return scores times ``decay`` to the power of how many of the same cluster come before.

    Args:
        scores: float ``(n,)``, highest first.
        clusters: int64 ``(n,)``, from 0.
        decay: 0 to 1.

    Returns:
        float64 ``(n,)``, in the order given.
    """
    import torch

    from alseg.toolkit.allocation import places_in_groups

    before = places_in_groups(clusters)
    return scores.double() * torch.tensor(decay, dtype=torch.float64) ** before


@dataclass(frozen=True)
class Redal:
    r"""Mean entropy, made smaller for every more uncertain part of the same cluster of mean features.

    Time is that of k-means, O(P clusters) for each of its steps.

    Formula:
        s_i = H_i \cdot \gamma^{\, r_i}

        $`H_i`$ is the mean entropy of part i, $`\gamma`$ is ``decay``, and $`r_i`$ the number of parts of
        its cluster with a higher mean entropy.

    Attributes:
        dimensions: Most numbers to keep of a feature.
        clusters: Of k-means over the features of all parts that are left.
        decay: Factor on the importance of a cluster after each of its parts.

    Source:
        Wu et al., ICCV 2021, arXiv:2107.11769, for point clouds; for images its baseline in Wu et al., ECCV
        2022, arXiv:2202.06484.
    """

    dimensions: Dimensions = 256
    clusters: Annotated[int, Interval(ge=1, le=100_000)] = 500
    decay: SomeShare = 0.95

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        """Return mean entropy and features, float32 ``(R,)`` and ``(R, dimensions)``: 1 KB a part."""
        from alseg.toolkit.embeddings import part_features, part_means
        from alseg.toolkit.uncertainty import entropy

        return {
            "entropy": part_means(entropy(view.logits), view),
            "features": part_features(view, self.dimensions),
        }

    def rank(self, observations: Observations, pool: PartsView) -> Sequence[int]:
        """Return all parts that are left, highest score first."""
        from alseg.toolkit.allocation import left_over
        from alseg.toolkit.clustering import k_means, seed_from
        from alseg.toolkit.embeddings import rows_of_parts

        parts = left_over(pool)
        if not len(parts):
            return []
        entropy = rows_of_parts(observations, "entropy", pool)[parts]
        highest_first = entropy.argsort(descending=True, stable=True)
        parts, entropy = parts[highest_first], entropy[highest_first]
        features = rows_of_parts(observations, "features", pool)[parts]
        _, clusters = k_means(features, self.clusters, seed_from(pool.generator))
        scores = importance_reweighted(entropy, clusters, self.decay)
        return parts[scores.argsort(descending=True, stable=True)].tolist()


SPEC = AcquisitionSpec(
    name="redal",
    summary="Mean entropy of regions, reduced for each more uncertain one of the same cluster of features.",
    source="Wu et al., ICCV 2021, arXiv:2107.11769, of point clouds; of images Wu et al. (D2ADA), ECCV 2022.",
    build=Redal,
    kind="pool",
    needs=("logits", "features"),
    units=("region", "image"),
    differs="The code adds 0.05 times an edge map that another program makes, left out here.",
)
