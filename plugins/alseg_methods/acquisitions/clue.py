"""CLUE: examples of clusters in which uncertain parts weigh most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from alseg.contracts import AcquisitionSpec, Interval
from alseg_methods.parameters import Dimensions

if TYPE_CHECKING:
    import numpy as np
    import torch

    from alseg.contracts import Observations, PartsView, View

_LEAST_WEIGHT = 1e-8


def cluster_examples(
    features: torch.Tensor, weights: torch.Tensor, count: int, random_state: int | np.random.RandomState
) -> Iterator[int]:
    """Yield points nearest to the centres of a weighted k-means, that of the heaviest cluster first.

    Args:
        features: float ``(n, D)``.
        weights: float ``(n,)``, at least 0.
        count: Clusters.
        random_state: A seed, or numpy's generator of old.

    Yields:
        Indices, each once: ``count`` of them stand for the clusters, after these the second nearest follow.
        Where a point is the nearest of two centres, the lighter one's second nearest stands for it.
    """
    import torch

    from alseg.toolkit.clustering import k_means, nearest_examples

    weights = weights.double() + _LEAST_WEIGHT
    centers, labels = k_means(features, count, random_state, weights)
    heaviness = torch.bincount(labels, weights=weights, minlength=len(centers))
    heaviest_first = heaviness.argsort(descending=True, stable=True)
    yield from nearest_examples(centers[heaviest_first], features)


@dataclass(frozen=True)
class Clue:
    r"""Entropy-weighted k-means over mean features, with as many clusters as parts can be afforded.

    One part stands for each cluster, the one nearest to its centre. Time is that of k-means, O(P count) for
    each of its steps.

    Formula:
        \min_{\mu} \sum_i H_i \, \min_k \left\lVert \varphi_i - \mu_k \right\rVert^2

        $`H_i`$ is the mean entropy of part i, $`\varphi_i`$ its mean feature and $`\mu_k`$ the centre of
        cluster k. The part nearest to each centre is asked about.

    Attributes:
        dimensions: Most numbers to keep of a feature.
        temperature: Divides the logits before the entropy is taken.

    Source:
        Prabhu et al., ICCV 2021, arXiv:2010.08666; on regions as a baseline in Wu et al., ECCV 2022,
        arXiv:2202.06484.
    """

    dimensions: Dimensions = 256
    temperature: Annotated[float, Interval(ge=0.001, le=1_000)] = 1.0

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        """Return mean entropy and features, float32 ``(R,)`` and ``(R, dimensions)``: 1 KB a part."""
        from alseg.toolkit.embeddings import part_features, part_means
        from alseg.toolkit.uncertainty import entropy

        logits = view.logits if self.temperature == 1 else view.logits / self.temperature
        return {
            "entropy": part_means(entropy(logits), view),
            "features": part_features(view, self.dimensions),
        }

    def rank(self, observations: Observations, pool: PartsView) -> Sequence[int]:
        """Return parts for the whole budget, that of the heaviest cluster first."""
        from alseg.toolkit.allocation import affordable, left_over
        from alseg.toolkit.clustering import seed_from
        from alseg.toolkit.embeddings import rows_of_parts

        parts = left_over(pool)
        if not len(parts) or pool.count < 1:
            return []
        features = rows_of_parts(observations, "features", pool)[parts]
        weights = rows_of_parts(observations, "entropy", pool)[parts]
        picks = cluster_examples(features, weights, pool.count, seed_from(pool.generator))
        return affordable((int(parts[pick]) for pick in picks), pool)


SPEC = AcquisitionSpec(
    name="clue",
    summary="Regions or images nearest to the centres of an entropy-weighted k-means over features.",
    source="Prabhu et al., ICCV 2021, arXiv:2010.08666; on regions Wu et al. (D2ADA), ECCV 2022.",
    build=Clue,
    kind="pool",
    needs=("logits", "features"),
    units=("region", "image"),
    differs="The order is by weight of the cluster, in the code by chance; it picks twice as many regions.",
)
