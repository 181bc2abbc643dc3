"""D2ADA: regions dense in the target and rare in the source, and uncertain ones, by a schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from alseg.contracts import AcquisitionSpec, Interval
from alseg_methods.parameters import Dimensions

if TYPE_CHECKING:
    import torch

    from alseg.contracts import Observations, PartsView, View

_REGIONS_PER_COMPONENT = 100
_MOST_COMPONENTS = 10
_MOST_STEPS = 200
_FLOORS = tuple(10.0**power for power in range(-6, 1))


def mixture_log_densities(
    fitted: torch.Tensor, points: torch.Tensor, components: int, seed: int
) -> torch.Tensor:
    """Fit a Gaussian mixture with full covariances and return its log density at other points.

    Args:
        fitted: float32 or float64 ``(n, D)``, at least 2.
        points: The same dtype, ``(m, D)``.
        components: Of the mixture; n where that is smaller.
        seed: Of the k-means that it starts from.

    Returns:
        float64 ``(m,)``, in nats. 1e-6 is added to variances; more, up to 1, where covariances are singular
        nevertheless. Time is O(n D^2 components) for each of at most 200 steps.

    Raises:
        ValueError: If no mixture can be fitted.
    """
    import warnings

    import torch
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for floor in _FLOORS:
            model = GaussianMixture(
                min(components, len(fitted)), reg_covar=floor, max_iter=_MOST_STEPS, random_state=seed
            )
            try:
                model.fit(fitted.numpy())
            except ValueError:
                if floor == _FLOORS[-1]:
                    raise
                continue
            break
        return torch.from_numpy(model.score_samples(points.numpy())).double()


def components_for(regions: int) -> int:
    """Return the components of both mixtures of a class with so many target regions, 1 to 10."""
    return min(max(regions // _REGIONS_PER_COMPONENT, 1), _MOST_COMPONENTS)


def class_weight(importance: torch.Tensor) -> int:
    """Return how many regions of a class are taken in its turn.

    Args:
        importance: float ``(n,)``, log density in the target less that in the source of its target regions.

    Returns:
        The whole part of the decimal logarithm of their mean's size; 1 where that is less.
    """
    import math

    size = abs(float(importance.double().mean()))
    return max(1, int(math.log10(size))) if size > 0 else 1


@dataclass(frozen=True)
class D2ada:
    r"""The share lambda of the budget by density, the rest by mean entropy.

    ``lambda = alpha * 2^(beta * (1 - n))`` in purchase n, from 1, and at most 1. For each class that regions
    are predicted as, Gaussian mixtures are fitted to mean features of source and of target regions; a target
    region is the more important the larger its log density in the target less that in the source. The best of
    each class take turns, more of a class with a larger divergence.

    A class with fewer than two regions in the source or the target has no mixture; its regions can be bought
    for their entropy. Time is that of fitting the mixtures, O(n D^2) for each component and step.

    Formula:
        \lambda_n = \min\left( 1, \alpha \, 2^{\beta (1 - n)} \right), \qquad s_i = \log p_T(\varphi_i) -
        \log p_S(\varphi_i)

        $`\lambda_n`$ is the share of purchase n, from 1, that goes by density; $`\varphi_i`$ the mean
        feature of region i; $`p_T`$ and $`p_S`$ are the Gaussian mixtures of its class in target and
        source.

    Attributes:
        dimensions: Most numbers to keep of a feature.
        alpha: Share of the first purchase.
        beta: By how much it falls; at 1 it halves with each purchase.
        per_class: Most regions of a class that density ranks, those already bought included.
        fitted: Most regions of a class and domain that mixtures are fitted to, drawn at random.

    Source:
        Wu et al., ECCV 2022, arXiv:2202.06484.
    """

    dimensions: Dimensions = 256
    alpha: Annotated[float, Interval(ge=0, le=100)] = 1.0
    beta: Annotated[float, Interval(ge=0, le=100)] = 1.0
    per_class: Annotated[int, Interval(ge=1, le=10_000_000)] = 200
    fitted: Annotated[int, Interval(ge=2, le=10_000_000)] = 20_000

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        """Return mean features, class and mean entropy of each region, 1 KB at 256 dimensions.

        Of the source, too: 24,966 images of 40 regions take 1 GB.
        """
        from alseg.toolkit.embeddings import part_features, part_means, part_probs
        from alseg.toolkit.uncertainty import entropy

        return {
            "features": part_features(view, self.dimensions),
            "class": part_probs(view).argmax(dim=1),
            "entropy": part_means(entropy(view.logits), view),
        }

    def rank(self, observations: Observations, pool: PartsView) -> Sequence[int]:
        """Return all regions that are left: those of the density share first, then by falling entropy."""
        from alseg.toolkit.allocation import affordable, left_over
        from alseg.toolkit.embeddings import rows_of_parts

        share = min(1.0, self.alpha * 2.0 ** (self.beta * (1 - pool.round)))
        pixels = int(pool.budget * share)
        dense = affordable(self._by_density(observations, pool), pool, pixels) if pixels > 0 else []
        left = left_over(pool)
        entropy = rows_of_parts(observations, "entropy", pool)[left]
        taken = set(dense)
        uncertain = left[entropy.argsort(descending=True, stable=True)].tolist()
        return [*dense, *(part for part in uncertain if part not in taken)]

    def _by_density(self, observations: Observations, pool: PartsView) -> list[int]:
        """Return regions that are left, the best of each class in turn."""
        from alseg.toolkit.allocation import weighted_round_robin
        from alseg.toolkit.clustering import seed_from
        from alseg.toolkit.embeddings import rows_of_parts

        assert observations.source is not None  # the spec observes it
        source, source_class = (observations.source.column(name) for name in ("features", "class"))
        target, target_class = (rows_of_parts(observations, name, pool) for name in ("features", "class"))
        seed = seed_from(pool.generator)
        ranked: list[list[int]] = []
        weights: list[int] = []
        for number in range(pool.num_classes):
            of_class = (target_class == number).nonzero().flatten()
            of_source = source[source_class == number]
            if len(of_class) < 2 or len(of_source) < 2:
                continue
            importance = self._importance(of_source, target[of_class], seed, pool.generator)
            best = of_class[importance.argsort(descending=True, stable=True)[: self.per_class]]
            ranked.append(best[~pool.bought[best]].tolist())
            weights.append(class_weight(importance))
        return weighted_round_robin(ranked, weights)

    def _importance(
        self, source: torch.Tensor, target: torch.Tensor, seed: int, generator: torch.Generator
    ) -> torch.Tensor:
        """Return the log density of target regions in the target less that in the source."""
        import torch

        def some(rows: torch.Tensor) -> torch.Tensor:
            """Return at most ``fitted`` rows, in order."""
            if len(rows) <= self.fitted:
                return rows
            return rows[torch.randperm(len(rows), generator=generator)[: self.fitted].sort().values]

        components, points = components_for(len(target)), target.double()
        in_target = mixture_log_densities(some(target).double(), points, components, seed)
        return in_target - mixture_log_densities(some(source).double(), points, components, seed)


SPEC = AcquisitionSpec(
    name="d2ada",
    summary="Regions dense in the target and rare in the source, then ever more by entropy.",
    source="Wu et al., ECCV 2022, arXiv:2202.06484.",
    build=D2ada,
    kind="pool",
    needs=("logits", "probs", "features"),
    units=("region",),
    observes=("source", "target"),
    differs="The code hangs at a class of weight 0, here 1; it begins at lambda 2, and overspends each part.",
)
