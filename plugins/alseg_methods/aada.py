"""The importance weight of AADA, whose discriminator no network here has yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def aada_weight(discriminator_logits: torch.Tensor) -> torch.Tensor:
    """Return the odds that each example belongs to the target; times its entropy they are AADA's score.

    Args:
        discriminator_logits: float ``(n, 2)``, of target and source.

    Returns:
        float64 ``(n,)``, ``(1 - D) / D`` with D the probability of the source; above 0.

    Source:
        Su et al., WACV 2020, arXiv:1904.07848.
    """
    logits = discriminator_logits.double()
    return (logits[:, 0] - logits[:, 1]).exp()
