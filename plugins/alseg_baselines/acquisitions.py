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
    r"""``-sum(p log p)`` over classes.

    Formula:
        H(p) = -\sum_{c=1}^{C} p_c \log p_c

        $`p_c`$ is the probability of class c of C.
    """

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the entropy in nats, float32 ``(H, W)``, 0 to log C; higher is asked first."""
        return uncertainty.entropy(view.logits)


class LeastConfidence:
    r"""``1 - p1``, p1 the largest probability.

    Formula:
        s = 1 - \max_c p_c

        $`p_c`$ is the probability of class c.
    """

    def score(self, view: TargetView) -> torch.Tensor:
        """Return one minus the largest probability, float32 ``(H, W)``, 0 to 1; higher is asked first."""
        return 1 - uncertainty.confidence(view.logits)


class Margin:
    r"""``p2 - p1``, the second largest probability less the largest.

    Formula:
        s = p_{(2)} - p_{(1)}

        $`p_{(1)}`$ and $`p_{(2)}`$ are the largest and the second largest probability of a class.
    """

    def score(self, view: TargetView) -> torch.Tensor:
        """Return minus the gap of the two largest probabilities, float32 ``(H, W)``, -1 to 0."""
        return -uncertainty.margin(view.logits)
