"""Diverse subsets of points: k-centre greedy, k-means++ over gradient embeddings, herding.

Nothing here makes a matrix of all points by all points: distances are computed for a few points at a time.
Sums are float64. Of equal points the earlier comes first. Everything runs on the CPU.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import torch

Distances = Callable[[torch.Tensor], torch.Tensor]
"""Squared distances of all n points to some: indices int64 ``(m,)`` to float64 ``(n, m)``, at least 0."""

Draw = Callable[[int], torch.Tensor]
"""Uniform numbers in [0, 1): how many to float64 ``(count,)``."""

MAX_HERDED = 50_000
"""Most points that `herding` accepts: its first pick looks at every pair, in minutes at this number."""

_CHUNK = 64

_GAIN_STEPS = 2.0**40
"""Steps of what a point gains in herding: two points by themselves gain the same, but for rounding."""


def uniforms(generator: torch.Generator) -> Draw:
    """Return a source of uniform float64 numbers that a generator drives.

    Args:
        generator: On the CPU; it is moved on by each draw.
    """
    return lambda count: torch.rand(count, generator=generator, dtype=torch.float64)


class Euclidean:
    """Squared Euclidean distances from points, a `Distances`; keeps a float64 copy of them."""

    def __init__(self, points: torch.Tensor) -> None:
        """Take points, float ``(n, D)``."""
        # Distances do not change, but a large mean would cost digits. Less a point, ties stay exact.
        self._origin = points[0].double() if len(points) else torch.zeros(points.shape[1])
        self._points = points.double() - self._origin
        self._squares = self._points.square().sum(dim=1)

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self._points)

    def __call__(self, indices: torch.Tensor) -> torch.Tensor:
        """Return squared distances of all points to some of them, see `Distances`.

        Args:
            indices: int64 ``(m,)``, which points.

        Returns:
            float64 ``(n, m)``.
        """
        return self._to(self._points[indices])

    def to(self, others: torch.Tensor) -> torch.Tensor:
        """Return squared distances of all points to others, float ``(m, D)``, float64 ``(n, m)``."""
        return self._to(others.double() - self._origin)

    def _to(self, others: torch.Tensor) -> torch.Tensor:
        """Return squared distances to others that have been shifted."""
        squares = self._squares[:, None] + others.square().sum(dim=1)
        return (squares - 2 * self._points @ others.T).clamp_(min=0)


def farthest_first(
    distances: Distances, candidates: torch.Tensor, centers: Iterable[int], first: int
) -> Iterator[int]:
    """Yield, again and again, the candidate that is farthest from all centres; it becomes a centre.

    Time is n times the number of centres, the given and the yielded ones.

    Args:
        distances: Of the points; any dissimilarity will do.
        candidates: bool ``(n,)``, points that may be yielded.
        centers: Points to begin with.
        first: The candidate to yield first where there are no centres.

    Yields:
        Indices of candidates, each once.
    """
    left = candidates.clone()
    nearest = torch.full((len(left),), math.inf, dtype=torch.float64)
    given = torch.tensor(list(centers), dtype=torch.int64)
    for start in range(0, len(given), _CHUNK):
        nearest = torch.minimum(nearest, distances(given[start : start + _CHUNK]).amin(dim=1))
    while bool(left.any()):
        pick = int(nearest.masked_fill(~left, -1.0).argmax()) if bool(nearest.isfinite().all()) else first
        left[pick] = False
        yield pick
        nearest = torch.minimum(nearest, distances(torch.tensor([pick]))[:, 0])


def k_center_greedy(points: torch.Tensor, bought: torch.Tensor) -> Iterator[int]:
    """Yield points that are farthest from those bought and those yielded before, one after another.

    Args:
        points: float ``(n, D)``.
        bought: bool ``(n,)``, the first centres. Where there are none, the first is the point nearest to the
            mean of all.

    Yields:
        Indices of points not bought, each once. Time is O(n D) for each centre.

    Source:
        Sener and Savarese, ICLR 2018, arXiv:1708.00489, algorithm 1.
    """
    if not len(points):
        return
    first = _nearest_to_mean(points)
    yield from farthest_first(Euclidean(points), ~bought, bought.nonzero().flatten().tolist(), first)


def _nearest_to_mean(points: torch.Tensor) -> int:
    """Return the point nearest to the mean of all."""
    rows = points.double()
    return int((rows - rows.mean(dim=0)).square_().sum(dim=1).argmin())


@dataclass(frozen=True)
class GradientEmbeddings:
    """Gradients of the loss of the likeliest class with respect to the last layer, in two factors.

    The gradient of a point is the outer product of both, ``C * D`` numbers, and is never made.

    Attributes:
        residuals: float64 ``(n, C)``, softmax less one-hot of the likeliest class.
        features: float64 ``(n, D)``, input of the last layer.

    Source:
        Ash et al., ICLR 2020, arXiv:1906.03671.
    """

    residuals: torch.Tensor
    features: torch.Tensor

    @classmethod
    def of(cls, probs: torch.Tensor, features: torch.Tensor) -> GradientEmbeddings:
        """Make them of probabilities, float ``(n, C)``, and features, float ``(n, D)``."""
        residuals = probs.double().clone()
        residuals[torch.arange(len(probs)), probs.argmax(dim=1)] -= 1
        return cls(residuals, features.double())

    @cached_property
    def residual_norms(self) -> torch.Tensor:
        """Squared norms of the residuals, float64 ``(n,)``."""
        return self.residuals.square().sum(dim=1)

    @cached_property
    def norms(self) -> torch.Tensor:
        """Squared norms of the gradients, float64 ``(n,)``."""
        return self.residual_norms * self.features.square().sum(dim=1)

    def distances(self, indices: torch.Tensor) -> torch.Tensor:
        """Return squared distances of all gradients to some, see `Distances`."""
        norms = self.norms
        products = (self.residuals @ self.residuals[indices].T) * (self.features @ self.features[indices].T)
        return (norms[:, None] + norms[indices] - 2 * products).clamp_(min=0)


def greedy_trials(count: int) -> int:
    """Return how many draws the greedy k-means++ compares for each pick, 2 + floor(log count).

    Args:
        count: Picks wanted in all, at least 1.
    """
    return 2 + int(math.log(max(1, count)))


def kmeans_plus_plus(
    distances: Distances, size: int, first: int, draw: Draw, trials: int = 1
) -> Iterator[int]:
    """Yield points, each drawn with the squared distance to the nearest pick before it as its weight.

    Args:
        distances: Of the points.
        size: Number of points, ``n``.
        first: The first pick.
        draw: Where random numbers come from; ``trials`` of them for each further pick.
        trials: Points drawn for each pick. The one that leaves the smallest sum of squared distances is kept.

    Yields:
        Indices of points, each once; where all that are left equal a pick, in their order. Time is O(n) and
        ``trials`` rows of distances for each pick.

    Source:
        Arthur and Vassilvitskii, SODA 2007; with more trials the greedy variant named in its section 5.
    """
    left = torch.ones(size, dtype=torch.bool)
    nearest = torch.full((size,), math.inf, dtype=torch.float64)
    pick = first
    for number in range(size):
        if number and not bool((nearest > 0).any()):
            yield from left.nonzero().flatten().tolist()
            return
        if number:
            drawn = _weighted_draws(nearest, draw(trials))
            after = torch.minimum(nearest[:, None], distances(drawn))
            kept = int(after.sum(dim=0).argmin()) if trials > 1 else 0
            pick, nearest = int(drawn[kept]), after[:, kept].contiguous()
        else:
            nearest = distances(torch.tensor([pick]))[:, 0].contiguous()
        left[pick] = False
        nearest[~left] = 0
        yield pick


def _weighted_draws(weights: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """Return indices drawn in proportion to weights, of which one at least is above 0."""
    sums = weights.cumsum(0)
    places = torch.searchsorted(sums, torch.as_tensor(uniform, dtype=torch.float64) * sums[-1], right=True)
    return places.clamp_(max=int(weights.nonzero().max()))


def herding(points: torch.Tensor, bandwidth: float, earlier: torch.Tensor | None = None) -> Iterator[int]:
    """Yield points that cover all of them best, one after another.

    With the kernel ``k(a, b) = exp(-|a - b|^2 / bandwidth^2)`` the next pick maximises the mean over all
    points of their largest kernel with any pick. What each point would gain is kept, and corrected where a
    pick covers a point better than those before it.

    Args:
        points: float ``(n, D)``, at most `MAX_HERDED`.
        bandwidth: Of the kernel, above 0.
        earlier: float ``(m, D)``, picks of earlier rounds.

    Yields:
        Indices of points, each once. The first takes O(n^2 D) time, pick number t about 1 / t of
        that. Memory is O(n D).

    Raises:
        ValueError: If there are too many points.

    Source:
        Bae et al., "Generalized Coverage for More Robust Low-Budget Active Learning", ECCV 2024, MaxHerding.
    """
    if len(points) > MAX_HERDED:
        raise ValueError(f"there are {len(points)} points to herd, more than {MAX_HERDED}")
    distances = Euclidean(points)
    covered = torch.zeros(len(points), dtype=torch.float64)
    for start in range(0, 0 if earlier is None else len(earlier), _CHUNK):
        assert earlier is not None
        kernels = _kernel(distances.to(earlier[start : start + _CHUNK]), bandwidth)
        covered = torch.maximum(covered, kernels.amax(dim=1))
    ones = torch.ones_like(covered)
    gains = _coverage(distances, bandwidth, torch.arange(len(points)), covered, ones)
    left = torch.ones(len(points), dtype=torch.bool)
    while bool(left.any()):
        pick = int((gains * _GAIN_STEPS).round().masked_fill(~left, -math.inf).argmax())
        left[pick] = False
        yield pick
        better = torch.maximum(covered, _kernel(distances(torch.tensor([pick])), bandwidth)[:, 0])
        gains -= _coverage(distances, bandwidth, (better > covered).nonzero().flatten(), covered, better)
        covered = better


def _coverage(
    distances: Distances, bandwidth: float, indices: torch.Tensor, low: torch.Tensor, high: torch.Tensor
) -> torch.Tensor:
    """Return by how much each point covers some points between two bounds, over the number of points.

    Args:
        distances: Of the points.
        bandwidth: Of the kernel.
        indices: The points to cover, int64 ``(m,)``.
        low: What covers each already, float64 ``(n,)``.
        high: Beyond which a kernel does not count, float64 ``(n,)``.

    Returns:
        float64 ``(n,)``.
    """
    total = torch.zeros_like(low)
    for start in range(0, len(indices), _CHUNK):
        some = indices[start : start + _CHUNK]
        kernels = _kernel(distances(some), bandwidth)
        total += (torch.minimum(torch.maximum(kernels, low[some]), high[some]) - low[some]).sum(dim=1)
    return total / len(low)


def _kernel(squared: torch.Tensor, bandwidth: float) -> torch.Tensor:
    """Return the Gaussian kernel of squared distances."""
    return (-squared / bandwidth**2).exp_()
