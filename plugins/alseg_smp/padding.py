"""Images of any size for networks that want sides to be multiples of their stride."""

from __future__ import annotations

import torch
from torch.nn import functional as F


def pad(images: torch.Tensor, multiple: int) -> torch.Tensor:
    """Repeat the last row and column until both sides are multiples of a number of pixels.

    Args:
        images: float ``(B, 3, H, W)``.
        multiple: The number.
    """
    height, width = _padded_size(images, multiple)
    bottom, right = height - images.shape[-2], width - images.shape[-1]
    return F.pad(images, (0, right, 0, bottom), mode="replicate") if bottom or right else images


def cut_logits(logits: torch.Tensor, images: torch.Tensor, multiple: int) -> torch.Tensor:
    """Return the logits of images without what padding added.

    Args:
        logits: float ``(B, C, h, w)``, of the padded images.
        images: As they were before, float ``(B, 3, H, W)``.
        multiple: As for `pad`.

    Returns:
        The logits as they are where nothing was padded; else resized to the images' size.
    """
    height, width = images.shape[-2:]
    padded_size = _padded_size(images, multiple)
    if padded_size == (height, width):
        return logits
    resized = F.interpolate(logits, size=padded_size, mode="bilinear", align_corners=True)
    return resized[..., :height, :width]


def cut_features(features: torch.Tensor, images: torch.Tensor, multiple: int) -> torch.Tensor:
    """Return the features of images without what padding added, to the nearest whole feature.

    Args:
        features: float ``(B, D, h, w)``, of the padded images.
        images: As they were before, float ``(B, 3, H, W)``.
        multiple: As for `pad`.
    """
    height, width = (
        max(1, round(side / padded_side * own_side))
        for side, padded_side, own_side in zip(
            images.shape[-2:], _padded_size(images, multiple), features.shape[-2:], strict=True
        )
    )
    return features[..., :height, :width]


def _padded_size(images: torch.Tensor, multiple: int) -> tuple[int, int]:
    height, width = (side + -side % multiple for side in images.shape[-2:])
    return height, width
