"""Views of made-up predictions."""

from __future__ import annotations

import torch

from alseg.contracts import TargetView
from alseg.seeding import image_token


def view_of(
    probs: torch.Tensor,
    *,
    image: torch.Tensor | None = None,
    seed: int = 0,
    features: torch.Tensor | None = None,
) -> TargetView:
    """Return what an acquisition would see if the model predicted ``probs``.

    Args:
        probs: float ``(C, H, W)``, class probabilities that sum to 1 at every pixel. The view's logits are
            their logarithms; zeros become the smallest normal float32, so that no logit is infinite.
        image: uint8 RGB ``(3, H, W)``.
        seed: Seed of the view's generator.
        features: float32 ``(D, h, w)`` of any size.

    Returns:
        A view whose ``probs`` equal ``probs`` up to rounding.

    Raises:
        ValueError: If a shape or dtype is wrong, or ``probs`` are no probabilities.
    """
    if probs.ndim != 3 or not probs.is_floating_point():
        raise ValueError(f"probs must be float (C, H, W), got {probs.dtype} {tuple(probs.shape)}")
    totals = probs.sum(0)
    if not (probs >= 0).all() or not torch.allclose(totals, torch.ones_like(totals), atol=1e-4):
        raise ValueError(
            f"probs must be at least 0 and sum to 1 at every pixel; the least is {probs.min():g}, "
            f"sums go from {totals.min():g} to {totals.max():g}"
        )
    if image is not None and (image.dtype != torch.uint8 or image.shape != (3, *probs.shape[1:])):
        raise ValueError(
            f"image must be uint8 {(3, *probs.shape[1:])}, got {image.dtype} {tuple(image.shape)}"
        )
    if features is not None and features.ndim != 3:
        raise ValueError(f"features must be (D, h, w), got {tuple(features.shape)}")
    logits = probs.to(torch.float32).clamp_min(torch.finfo(torch.float32).tiny).log()
    return TargetView(image_token("image"), logits, torch.Generator().manual_seed(seed), image, features)
