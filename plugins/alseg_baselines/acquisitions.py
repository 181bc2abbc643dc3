"""Baseline acquisitions."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from alseg.contracts import PoolView, TargetView
from alseg.toolkit import uncertainty


class Random:
    """Uniform random scores."""

    def score(self, view: TargetView) -> torch.Tensor:
        """Return independent draws, float32 ``(H, W)`` in [0, 1)."""
        return torch.rand(view.size, generator=view.generator)


class Entropy:
    """``-sum(p log p)`` over classes."""

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the entropy in nats, float32 ``(H, W)``, 0 to log C; higher is asked first."""
        return uncertainty.entropy(view.logits)


class LeastConfidence:
    """``1 - p1``, p1 the largest probability."""

    def score(self, view: TargetView) -> torch.Tensor:
        """Return one minus the largest probability, float32 ``(H, W)``, 0 to 1; higher is asked first."""
        return 1 - uncertainty.confidence(view.logits)


class Margin:
    """``p2 - p1``, the second largest probability less the largest."""

    def score(self, view: TargetView) -> torch.Tensor:
        """Return minus the gap of the two largest probabilities, float32 ``(H, W)``, -1 to 0."""
        return -uncertainty.margin(view.logits)


class CoreSet:
    """K-centre greedy over mean features: the image farthest from all that are bought or chosen comes next.

    Where nothing has been bought, the image nearest to the mean of the pool comes first. Time is
    O(N) for each image bought or chosen.

    Source:
        Sener and Savarese, ICLR 2018, algorithm 1.
    """

    def select(self, pool: PoolView) -> Sequence[int]:
        """Return the images that are farthest from all centres so far, one after another."""
        features = pool.features
        if pool.count < 1:
            return []
        chosen: list[int] = []
        if bool(pool.bought.any()):
            distance = torch.cdist(features, features[pool.bought]).amin(dim=1)
        else:
            first = int((features - features.mean(dim=0)).norm(dim=1).argmin())
            chosen.append(first)
            distance = (features - features[first]).norm(dim=1)
        taken = pool.bought.clone()
        taken[chosen] = True
        while len(chosen) < pool.count:
            farthest = int(distance.masked_fill(taken, -1.0).argmax())
            chosen.append(farthest)
            taken[farthest] = True
            distance = torch.minimum(distance, (features - features[farthest]).norm(dim=1))
        return chosen
