"""k-means by scikit-learn, the same on every number of threads, and the examples nearest to its centres."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from alseg.toolkit.diversity import Euclidean

if TYPE_CHECKING:
    import numpy as np

_MOST_ITERATIONS = 300


def seed_from(generator: torch.Generator) -> int:
    """Draw a seed for libraries that have random numbers of their own, 0 to 2^31 - 2.

    Args:
        generator: On the CPU; it is moved on by one draw.
    """
    return int(torch.randint(2**31 - 1, (), generator=generator))


def k_means(
    points: torch.Tensor,
    clusters: int,
    random_state: int | np.random.RandomState,
    weights: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cluster points once, from greedy k-means++ centres.

    Args:
        points: float32 or float64 ``(n, D)``, n at least 1; centres are computed in the same dtype.
        clusters: ``k``; the number of points where that is smaller.
        random_state: A seed, or numpy's generator of old.
        weights: float ``(n,)``, at least 0; all 1 unless given.

    Returns:
        Centres, float64 ``(k, D)``, and the cluster of each point, int64 ``(n,)``. Points that coincide may
        leave clusters without points. Time is O(n k D) for each of at most 300 steps.

    Source:
        Lloyd, 1982, by ``sklearn.cluster.KMeans`` with one start.
    """
    import warnings

    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    model = KMeans(min(clusters, len(points)), n_init=1, max_iter=_MOST_ITERATIONS, random_state=random_state)
    # Several threads add up centres in the order in which they end.
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer different points than clusters
        model.fit(points.numpy(), sample_weight=None if weights is None else weights.double().numpy())
    return torch.from_numpy(model.cluster_centers_).double(), torch.from_numpy(model.labels_).long()


def nearest_examples(centers: torch.Tensor, points: torch.Tensor) -> Iterator[int]:
    """Yield for each centre in turn the nearest point that has not been yielded, again and again.

    Args:
        centers: float64 ``(k, D)``.
        points: float ``(n, D)``.

    Yields:
        Indices of points, each once. Time is O(n D) for each; nothing of size k times n is made.
    """
    distances = Euclidean(points)
    left = torch.ones(len(points), dtype=torch.bool)
    while bool(left.any()):
        for center in centers:
            distance = distances.to(center[None])[:, 0].masked_fill(~left, torch.inf)
            nearest = int(distance.argmin())
            if not bool(left[nearest]):
                return
            left[nearest] = False
            yield nearest
