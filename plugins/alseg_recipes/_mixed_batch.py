"""What a step of self-training sees: the target with pseudo labels, and source classes pasted on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from alseg.contracts import IGNORE_INDEX, TrainingBatch
from alseg.toolkit import ema, mixing


class WeightedBatch(NamedTuple):
    """Images with labels and how far these are trusted.

    Attributes:
        images: Normalised float ``(B, 3, H, W)``.
        labels: int64 ``(B, H, W)``, 255 to be ignored.
        weights: float32 ``(B, H, W)``, 0-1.
    """

    images: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor


def generator_of_step() -> torch.Generator:
    """Return a generator on the CPU that depends on torch's own, which is seeded before every step."""
    seed = int(torch.randint(2**62, (), dtype=torch.int64))
    return torch.Generator().manual_seed(seed)


@torch.no_grad()
def pseudo_labels(
    forward: Callable[..., torch.Tensor],
    batch: TrainingBatch,
    teacher: nn.Module,
    threshold: float,
    ignore_top: float,
    ignore_bottom: float,
) -> WeightedBatch:
    """Label the target by a teacher, and by what has been bought.

    Args:
        forward: Maps images and a network to logits.
        batch: Has target images and labels.
        teacher: In training mode, so that its batch norm goes on; its dropout is switched off.
        threshold: Probability from which on a pixel is sure. The share of sure pixels in the batch is the
            weight of all of them.
        ignore_top: Share of the rows where pseudo labels have weight 0.
        ignore_bottom: The same from the bottom.

    Raises:
        ValueError: If the batch has no target.
    """
    if batch.target_images is None or batch.target_labels is None:
        raise ValueError("there must be target images to label")
    ema.silence_dropout(teacher)
    confidence, labels = forward(batch.target_images, teacher).softmax(dim=1).max(dim=1)
    sure = (confidence >= threshold).sum() / confidence.numel()
    weights = sure.expand(confidence.shape).clone()
    height = weights.shape[1]
    weights[:, : round(ignore_top * height)] = 0
    weights[:, height - round(ignore_bottom * height) :] = 0
    bought = batch.target_labels != IGNORE_INDEX
    return WeightedBatch(
        batch.target_images,
        torch.where(bought, batch.target_labels, labels),
        torch.where(bought, 1.0, weights),
    )


def mixed_with_source(
    batch: TrainingBatch, target: WeightedBatch, generator: torch.Generator, scope: mixing.MixScope
) -> WeightedBatch:
    """Paste classes of source images on target images, which stay as they are without a source.

    Args:
        batch: Its source images are taken in turn, and resized where their size is another one.
        target: What lies under them.
        generator: Draws classes.
        scope: From which source images the classes of a mask are drawn.
    """
    if batch.source_images is None or batch.source_labels is None:
        return target
    images, labels = batch.source_images, batch.source_labels
    size = target.images.shape[-2:]
    if images.shape[-2:] != size:
        images = functional.interpolate(images, size=size, mode="bilinear", antialias=True)
        labels = functional.interpolate(labels[:, None].float(), size=size)[:, 0].long()
    turns = torch.arange(len(target.images), device=images.device) % len(images)
    images, labels = images[turns], labels[turns]
    mask = mixing.class_masks(labels, generator, scope)
    return WeightedBatch(
        mixing.paste(mask, images, target.images),
        mixing.paste(mask, labels, target.labels),
        mixing.paste(mask, torch.ones_like(target.weights), target.weights),
    )
