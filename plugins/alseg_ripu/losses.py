"""The two losses of the paper beside cross-entropy."""

from __future__ import annotations

from typing import Literal

import torch
from torch.nn import functional as F

_EPSILON = 1e-6
"""What the released code adds inside logarithms."""


def negative_learning_loss(logits: torch.Tensor, threshold: float = 0.05) -> torch.Tensor:
    """Push classes that are surely wrong further down.

    Args:
        logits: float32 ``(B, C, H, W)``.
        threshold: Probability below which a class counts as surely wrong, in 0-1.

    Returns:
        Scalar mean of ``-log(1 - p + 1e-6)`` over all (pixel, class) with ``p < threshold``; 0, with a
        gradient of 0, where there is none.

    Source:
        Xie et al., CVPR 2022, arXiv:2111.12940, eq. 7. Same as the released code.
    """
    probs = logits.softmax(dim=1)
    return _masked_mean(-torch.log(1 - probs + _EPSILON), probs.detach() < threshold)


def local_consistency_loss(
    logits: torch.Tensor,
    labels: torch.Tensor,
    distance: Literal["l1", "kl"] = "l1",
    ignore_index: int = 255,
) -> torch.Tensor:
    """Make predictions agree with their neighbours' where labels change.

    Args:
        logits: float32 ``(B, C, H, W)``.
        labels: int64 ``(B, H, W)``.
        distance: Between a prediction and the mean of its 3 x 3 window: ``l1``, the sum of absolute
            differences, or ``kl``, the Kullback-Leibler divergence.
        ignore_index: The label of pixels that are left out.

    Returns:
        Scalar mean over all boundary pixels of the labels; 0, with a gradient of 0, where there is none.
        Beyond the border, predictions are continued by their nearest pixel.

    Raises:
        ValueError: If ``distance`` is neither of the two.

    Source:
        Xie et al., CVPR 2022, arXiv:2111.12940, eq. 6. Boundaries are found as the released code finds them:
        where nine times the label differs from the sum of the labels in the 3 x 3 window, with zeros beyond
        the border. So a pixel on the image border is one unless its label is 0, next to void is one, and in
        rare cases differences of opposite sign cancel.
    """
    probs = logits.softmax(dim=1)
    mean = F.avg_pool2d(F.pad(probs, (1, 1, 1, 1), mode="replicate"), kernel_size=3, stride=1)
    if distance == "l1":
        discrepancy = (probs - mean).abs().sum(dim=1)
    elif distance == "kl":
        discrepancy = (probs * torch.log(probs / (mean + _EPSILON) + _EPSILON)).sum(dim=1)
    else:
        raise ValueError(f"distance must be 'l1' or 'kl', not {distance!r}")
    # Sums of nine labels are exact in float32.
    values = labels.float()
    around = F.avg_pool2d(values, kernel_size=3, stride=1, padding=1, divisor_override=1)
    return _masked_mean(discrepancy, (around != 9 * values) & (labels != ignore_index))


def _masked_mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean where the mask is True, 0 where it never is; without waiting for the device."""
    return torch.where(mask, values, 0).sum() / mask.sum().clamp(min=1)
