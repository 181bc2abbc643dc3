"""Region impurity and prediction uncertainty."""

from __future__ import annotations

from typing import NamedTuple

import torch

from alseg.toolkit import uncertainty as predictions
from alseg.toolkit import windows


class Scores(NamedTuple):
    """The score and its two factors, each float32 ``(H, W)`` on the device of the logits.

    Attributes:
        score: Impurity times uncertainty, at least 0; higher is asked first.
        impurity: Entropy of the class histogram of the window, in nats, 0 to log C.
        uncertainty: Entropy of the prediction, in nats, 0 to log C: its mean over the window for regions, the
            pixel's own for pixels.
    """

    score: torch.Tensor
    impurity: torch.Tensor
    uncertainty: torch.Tensor


def region_scores(logits: torch.Tensor, radius: int) -> Scores:
    """Return impurity times mean entropy, both over the window around each pixel.

    Args:
        logits: float32 ``(C, H, W)``.
        radius: Reach of the window to each side, in pixels; it is cut at the image border.

    Raises:
        ValueError: If there are fewer than two classes, or the radius is less than 1: the impurity would be 0
            everywhere.

    Source:
        Xie et al., CVPR 2022, arXiv:2111.12940, eq. 2-4. The released code takes log(p + 1e-6), which moves
        scores by about 1e-5 of their size, and divides both factors by log(19), which does not change ranks.
    """
    entropy, impurity = _factors(logits, radius)
    uncertainty = windows.window_mean(entropy, radius)
    return Scores(impurity * uncertainty, impurity, uncertainty)


def pixel_scores(logits: torch.Tensor, radius: int) -> Scores:
    """Return the entropy of each pixel times the impurity of the window around it.

    Args:
        logits: float32 ``(C, H, W)``.
        radius: Reach of the window to each side, in pixels; it is cut at the image border.

    Raises:
        ValueError: If there are fewer than two classes, or the radius is less than 1: the impurity would be 0
            everywhere.

    Source:
        Xie et al., CVPR 2022, arXiv:2111.12940, eq. 2-4 as the released code has them for pixels. It takes
        log(p + 1e-6), which moves scores by about 1e-5 of their size.
    """
    entropy, impurity = _factors(logits, radius)
    return Scores(impurity * entropy, impurity, entropy)


def impurity(logits: torch.Tensor, radius: int) -> torch.Tensor:
    """Return the impurity of the window around each pixel alone, see `region_scores`; float32 ``(H, W)``."""
    _check(logits, radius)
    return windows.window_impurity(predictions.classes(logits), len(logits), radius)


def region_uncertainty(logits: torch.Tensor, radius: int) -> torch.Tensor:
    """Return the mean entropy of the window around each pixel, see `region_scores`; float32 ``(H, W)``."""
    _check(logits, radius)
    return windows.window_mean(predictions.entropy(logits), radius)


def _factors(logits: torch.Tensor, radius: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the entropy of each pixel and the impurity of each window."""
    _check(logits, radius)
    maps = predictions.statistics(logits, "entropy", "classes")
    assert maps.entropy is not None and maps.classes is not None
    return maps.entropy, windows.window_impurity(maps.classes, len(logits), radius)


def _check(logits: torch.Tensor, radius: int) -> None:
    if radius < 1:
        raise ValueError(f"radius must be at least 1, not {radius}")
    if logits.ndim == 3 and len(logits) < 2:
        raise ValueError(f"logits must have at least 2 classes, not {len(logits)}")
