"""What network and discriminator learn from each other: two ways to deceive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from alseg.toolkit.gradients import reverse_gradient
from alseg_recipes._discriminator import Objective, domain_loss


def inverted_labels(
    source: torch.Tensor, target: torch.Tensor, discriminator: nn.Module, weight: float, objective: Objective
) -> dict[str, torch.Tensor]:
    """Return ``discriminator``, which trains it alone, and ``adversarial``, which trains the network alone.

    The network makes the loss small that the discriminator has if target predictions are called source.

    Args:
        source: float ``(B, C, H, W)``, softmax of source images.
        target: The same of target images.
        discriminator: Of softmaxes.
        weight: Of the adversarial loss, which is left out if it is 0.
        objective: How far answers are from a domain.
    """
    losses: dict[str, torch.Tensor] = {}
    if weight:
        with _untrained(discriminator):
            answers = discriminator(target)
        losses["adversarial"] = weight * domain_loss(answers, "source", objective)
    losses["discriminator"] = _told_apart(source.detach(), target.detach(), discriminator, objective)
    return losses


def reversed_gradients(
    source: torch.Tensor, target: torch.Tensor, discriminator: nn.Module, weight: float, objective: Objective
) -> dict[str, torch.Tensor]:
    """Return ``discriminator``, which trains it, and the network to make the same loss large.

    Args:
        source: float ``(B, C, H, W)``, softmax of source images.
        target: The same of target images.
        discriminator: Of softmaxes.
        weight: What gradients of the network are multiplied with, besides -1.
        objective: How far answers are from a domain.
    """
    source, target = (reverse_gradient(probs, weight) for probs in (source, target))
    return {"discriminator": _told_apart(source, target, discriminator, objective)}


def _told_apart(
    source: torch.Tensor, target: torch.Tensor, discriminator: nn.Module, objective: Objective
) -> torch.Tensor:
    """Return how far a discriminator is from telling the domains apart, the mean of both."""
    of_source = domain_loss(discriminator(source), "source", objective)
    return (of_source + domain_loss(discriminator(target), "target", objective)) / 2


@contextmanager
def _untrained(module: nn.Module) -> Iterator[None]:
    """Within this, what is computed with a module gives no gradients to its weights, but to its input."""
    module.requires_grad_(False)
    try:
        yield
    finally:
        module.requires_grad_(True)
