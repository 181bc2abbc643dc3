"""Maps of uncertainty by name, and their means over what a question is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from alseg.contracts import View

if TYPE_CHECKING:
    import torch

Uncertainty = Literal["entropy", "least-confidence", "margin", "bvsb"]
"""A map of `uncertainty_map`."""


def uncertainty_map(logits: torch.Tensor, name: Uncertainty) -> torch.Tensor:
    """Return how uncertain each pixel's prediction is.

    Args:
        logits: float ``(C, H, W)``.
        name: ``entropy`` in nats, ``least-confidence`` (1 less the largest probability), ``margin`` (1 less
            the gap of the two largest) or ``bvsb`` (their ratio).

    Returns:
        float32 ``(H, W)``, at least 0; higher is less certain.
    """
    from alseg.toolkit import uncertainty

    if name == "entropy":
        return uncertainty.entropy(logits).clamp(min=0)
    if name == "bvsb":
        return uncertainty.bvsb(logits)
    return 1 - (uncertainty.margin(logits) if name == "margin" else uncertainty.confidence(logits))


def mean_over_parts(view: View, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return a map averaged over the parts of an image that questions are about.

    Args:
        view: Of the image.
        values: float ``(H, W)``.

    Returns:
        The values as they are and None, where questions are about pixels or squares; else float64 ``(R,)``
        and the part of each pixel, int64 ``(H, W)``, with which to index them.
    """
    from alseg.toolkit.regions import parts_of, region_means

    if view.unit == "part":
        return values, None
    parts = parts_of(view)
    return region_means(values, parts), parts
