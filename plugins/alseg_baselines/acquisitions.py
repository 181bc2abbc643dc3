"""Baseline acquisitions."""

from __future__ import annotations

import torch

from alseg.contracts import TargetView
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
