"""MaxHerding: parts whose kernels cover the pool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from alseg.contracts import AcquisitionSpec, Interval
from alseg_methods.parameters import Dimensions

if TYPE_CHECKING:
    import torch

    from alseg.contracts import Observations, PartsView, View

_SAMPLE = 1_000


def median_distance(points: torch.Tensor, generator: torch.Generator) -> float:
    """Return the median distance between at most 1,000 points drawn at random, 1 where it is 0."""
    import torch

    drawn = points[torch.randperm(len(points), generator=generator)[:_SAMPLE]].double()
    distances = torch.nn.functional.pdist(drawn)
    return (float(distances.median()) if len(distances) else 0.0) or 1.0


@dataclass(frozen=True)
class MaxHerding:
    r"""Parts that maximise the mean of each part's largest Gaussian kernel with any bought or chosen one.

    Regions are chosen in two stages: in each image by themselves, then among those of all images. Time is
    O(R^2) for each image of R regions, then O(n^2) for n candidates, which are therefore at most 50,000.

    Formula:
        \max_S \frac{1}{P} \sum_{i=1}^{P} \max_{j \in S} \, \exp\left( -\frac{\left\lVert \varphi_i -
        \varphi_j \right\rVert^2}{\sigma^2} \right)

        S are the parts that are bought or chosen, one after the other, of P; $`\varphi_i`$ is the mean
        feature of part i, and $`\sigma`$ the bandwidth.

    Attributes:
        dimensions: Most numbers to keep of a feature.
        bandwidth: Of the kernel ``exp(-d^2 / bandwidth^2)``; null for the median distance of 1,000 parts.
        candidates: Regions of each image that enter the second stage; fewer where 50,000 do not go as far.
            Where they do not spend the budget, both stages begin anew with the regions that are left.

    Source:
        Bae et al., ECCV 2024 (MaxHerding); two stages as in Kim et al., NeurIPS 2025, arXiv:2510.22229.
    """

    dimensions: Dimensions = 256
    bandwidth: Annotated[float, Interval(gt=0, le=1e9)] | None = None
    candidates: Annotated[int, Interval(ge=1, le=10_000)] = 10

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        """Return mean features, float32 ``(R, dimensions)``: 1 KB a part at 256 dimensions."""
        from alseg.toolkit.embeddings import part_features

        return {"features": part_features(view, self.dimensions)}

    def rank(self, observations: Observations, pool: PartsView) -> Sequence[int]:
        """Return parts for the whole budget, the one that covers most first."""
        from alseg.toolkit.allocation import affordable
        from alseg.toolkit.embeddings import rows_of_parts

        features = rows_of_parts(observations, "features", pool)
        bandwidth = self.bandwidth or median_distance(features, pool.generator)
        return affordable(self._picks(features, bandwidth, pool), pool)

    def _picks(self, features: torch.Tensor, bandwidth: float, pool: PartsView) -> Iterator[int]:
        """Yield all parts that are left, those of one choice of candidates after those of another."""
        from alseg.toolkit.diversity import herding

        taken = pool.bought.clone()
        while not bool(taken.all()):
            parts = self._candidates(features, bandwidth, taken, pool)
            for pick in herding(features[parts], bandwidth, features[taken]):
                yield int(parts[pick])
            taken[parts] = True

    def _candidates(
        self, features: torch.Tensor, bandwidth: float, taken: torch.Tensor, pool: PartsView
    ) -> torch.Tensor:
        """Return the parts that enter the second stage, in order."""
        from itertools import islice

        import torch

        from alseg.toolkit.diversity import MAX_HERDED, herding

        most = max(1, min(self.candidates, MAX_HERDED // max(1, len(pool.image_ids))))
        chosen: list[int] = []
        start = 0
        for size in torch.bincount(pool.images, minlength=len(pool.image_ids)).tolist():
            before = taken[start : start + size]
            left = start + (~before).nonzero().flatten()
            if len(left) > most:
                earlier = features[start : start + size][before]
                picks = islice(herding(features[left], bandwidth, earlier), most)
                left = left[sorted(picks)]
            chosen.extend(left.tolist())
            start += size
        return torch.tensor(chosen, dtype=torch.int64)


SPEC = AcquisitionSpec(
    name="max-herding",
    summary="Regions or images whose kernels cover the pool best, few of each image first.",
    source="Bae et al., ECCV 2024; Kim et al., NeurIPS 2025, arXiv:2510.22229.",
    build=MaxHerding,
    kind="pool",
    needs=("features",),
    units=("region", "image"),
    differs="The code herds single pixels over features of a diffusion model, at a fixed bandwidth.",
)
