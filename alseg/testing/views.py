"""Views of made-up predictions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from alseg.contracts import Moments, TargetView, Unit
from alseg.seeding import image_token


def view_of(
    probs: torch.Tensor,
    *,
    image: torch.Tensor | None = None,
    seed: int = 0,
    features: torch.Tensor | None = None,
    outputs: Mapping[str, torch.Tensor] | None = None,
    moments: Moments | None = None,
    regions: torch.Tensor | None = None,
    unit: Unit = "part",
    round: int = 1,  # noqa: A002 - the view's name of it
    rounds: int = 1,
    statistics: Any = None,
    bought: torch.Tensor | None = None,
    revealed: torch.Tensor | None = None,
    previous: torch.Tensor | None = None,
    true_labels: torch.Tensor | None = None,
) -> TargetView:
    """Return what an acquisition would see if the model predicted ``probs``.

    Args:
        probs: float ``(C, H, W)``, class probabilities that sum to 1 at every pixel. The view's logits are
            their logarithms; zeros become the smallest normal float32, so that no logit is infinite.
        image: uint8 RGB ``(3, H, W)``.
        seed: Seed of the view's generator.
        features: float32 ``(D, h, w)`` of any size.
        outputs: Named further outputs of the model, ``(D, h, w)`` each, of any size.
        moments: Of several passes, such as `alseg.toolkit.passes.moments_of` makes; maps ``(C, H, W)``.
        regions: int32 ``(H, W)``, ids 0 to R - 1.
        unit: What a question is about.
        round: The purchase that is being decided on, from 1.
        rounds: How many purchases the run makes.
        statistics: What ``prepare`` returned.
        bought: bool ``(H, W)``, pixels whose label has been bought.
        revealed: uint8 ``(H, W)``, the labels bought so far, 255 elsewhere.
        previous: float32 ``(C, H, W)``, logits of the round before.
        true_labels: uint8 ``(H, W)``, all labels, 255 for void, for acquisitions that declare that they see
            them.

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
    size, shape = tuple(probs.shape[1:]), tuple(probs.shape)
    _require("image", image, torch.uint8, (3, *size))
    _require("regions", regions, torch.int32, size)
    _require("bought", bought, torch.bool, size)
    _require("revealed", revealed, torch.uint8, size)
    _require("previous", previous, torch.float32, shape)
    _require("true_labels", true_labels, torch.uint8, size)
    if moments is not None:
        _require("moments.mean", moments.mean, torch.float32, shape)
    for name, values in {"features": features, **(outputs or {})}.items():
        if values is not None and values.ndim != 3:
            raise ValueError(f"{name} must be (D, h, w), got {tuple(values.shape)}")
    return TargetView(
        image_id=image_token("image"),
        logits=probs.to(torch.float32).clamp_min(torch.finfo(torch.float32).tiny).log(),
        generator=torch.Generator().manual_seed(seed),
        image=image,
        features=features,
        outputs=outputs or {},
        moments=moments,
        regions=regions,
        unit=unit,
        round=round,
        rounds=rounds,
        statistics=statistics,
        bought=bought,
        revealed=revealed,
        previous=previous,
        true_labels=true_labels,
    )


def _require(name: str, values: torch.Tensor | None, dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    """Refuse a tensor of another dtype or shape; None is not given.

    Raises:
        ValueError: If it has one.
    """
    if values is not None and (values.dtype != dtype or values.shape != shape):
        expected = str(dtype).removeprefix("torch.")
        raise ValueError(f"{name} must be {expected} {shape}, got {values.dtype} {tuple(values.shape)}")
