"""Several predictions of one image: dropout, mirroring or other colours; only their moments are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch.nn.modules.dropout import _DropoutNd
from torchvision.transforms.v2 import functional as transforms

from alseg.contracts import Moments, Passes
from alseg.data.loading import normalise
from alseg.seeding import derive
from alseg.toolkit.uncertainty import entropy

JITTER = 0.25
"""Brightness, contrast and saturation of a pass are multiplied by factors from 1 - this to 1 + this."""


class MomentsBuilder:
    """Adds up passes one by one; three maps ``(C, H, W)`` are kept, whatever their number.

    Args:
        count: Passes to come, at least 2.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._sums: tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor] | None = None

    def add(self, logits: torch.Tensor) -> None:
        """Add a pass, float32 logits ``(C, H, W)``."""
        probs = logits.softmax(0)
        if self._sums is None:
            zero = torch.zeros_like(probs)
            self._sums = (zero, zero.clone(), zero.clone(), torch.zeros_like(probs[0]))
        mean, square, votes, entropies = self._sums
        share = 1 / self._count
        mean.add_(probs, alpha=share)
        square.addcmul_(probs, probs, value=share)
        likeliest = probs.argmax(0, keepdim=True)
        votes.scatter_add_(0, likeliest, torch.full_like(likeliest, 1, dtype=votes.dtype).mul_(share))
        entropies.add_(entropy(logits), alpha=share)

    def moments(self) -> Moments:
        """Return the moments of the passes added.

        Raises:
            ValueError: If there was none.
        """
        if self._sums is None:
            raise ValueError("no pass was added")
        mean, square, votes, entropies = self._sums
        return Moments(self._count, mean, square, votes, entropies)


def moments_of_image(
    model: Any,
    image: torch.Tensor,
    passes: Passes,
    resized: Callable[[torch.Tensor], torch.Tensor],
    axes: Sequence[int | str],
) -> Moments:
    """Predict one image several times. It goes through the network alone, so its batch does not matter.

    Args:
        model: A `SegmentationModel` in evaluation mode, possibly wrapped.
        image: uint8 ``(3, h, w)`` at the input size, on the model's device.
        passes: How many, and what differs.
        resized: Brings logits ``(C, h', w')`` to label size.
        axes: What randomness depends on, such as the run's seed, the round and the image.
    """
    builder = MomentsBuilder(passes.count)
    for number in range(passes.count):
        seed = derive("passes", *axes, number)
        mirrored = passes.source == "flip" and number == 1
        pixels = _jittered(image, seed) if passes.source == "jitter" and number else image
        inputs = normalise(pixels[None], model.mean, model.std)
        with _dropping_out(model, seed, on=passes.source == "dropout"):
            raw = model(inputs.flip(-1) if mirrored else inputs)[0]
        builder.add(resized(raw.flip(-1) if mirrored else raw))
    return builder.moments()


def can_drop_out(module: torch.nn.Module) -> bool:
    """Return whether a network has a layer of dropout that switches anything off."""
    return any(layer.p > 0 for layer in _dropouts(module))


def _dropouts(module: torch.nn.Module) -> Iterator[_DropoutNd]:
    return (layer for layer in module.modules() if isinstance(layer, _DropoutNd))


@contextmanager
def _dropping_out(model: torch.nn.Module, seed: int, *, on: bool) -> Iterator[None]:
    """Switch layers of dropout on, and nothing else: batch norm stays in evaluation mode."""
    if not on:
        yield
        return
    layers = list(_dropouts(model))
    device = next(model.parameters()).device
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        try:
            for layer in layers:
                layer.train()
            yield
        finally:
            for layer in layers:
                layer.eval()


def _jittered(image: torch.Tensor, seed: int) -> torch.Tensor:
    random = np.random.default_rng(seed)
    for change in (transforms.adjust_brightness, transforms.adjust_contrast, transforms.adjust_saturation):
        image = change(image, random.uniform(1 - JITTER, 1 + JITTER))
    return image
