"""The two losses of the paper beside cross-entropy."""

from __future__ import annotations

from typing import Literal

import torch
from torch.nn import functional as F

from alseg.toolkit.losses import Strip, continue_frame, counting, framed, softmax_losses

Distance = Literal["l1", "kl"]

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
    return softmax_losses(logits, {"negative": NegativeLearning(threshold)})["negative"]


def local_consistency_loss(
    logits: torch.Tensor, labels: torch.Tensor, distance: Distance = "l1", ignore_index: int = 255
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
        rare cases differences of opposite sign cancel. Where a probability equals the mean around it, its
        absolute difference has the derivative 0; so it has in the released code, which however seldom finds
        equal what is equal, because it rounds the mean (docs/ripu.md).
    """
    term = LocalConsistency(labels, distance, ignore_index)
    return softmax_losses(logits, {"consistency": term})["consistency"]


class NegativeLearning:
    """The term of `negative_learning_loss`.

    Args:
        threshold: Probability below which a class counts as surely wrong, in 0-1.
    """

    reach = 0

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold

    def measure(self, strip: Strip) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the sum of ``-log(1 - p + 1e-6)`` and how many (pixel, class) it is over."""
        probs = strip.inner_probs
        wrong = self._wrong(probs)
        count = wrong.sum(dim=0).sum(dtype=counting(wrong.device))
        # One logarithm of a product for each pixel instead of one for each class.
        factors = torch.addcmul(probs.new_ones(()), wrong, probs - _EPSILON, value=-1)
        return factors.prod(dim=0).log_().sum().neg_(), count

    def add_gradient(self, strip: Strip, weight: torch.Tensor, gradient: torch.Tensor) -> None:
        """Add ``weight * p / (1 - p + 1e-6)`` where ``p`` is below the threshold."""
        probs = strip.inner_probs
        odds = probs / torch.rsub(probs, 1 + _EPSILON)
        gradient.addcmul_(odds, self._wrong(probs).mul_(weight))

    def _wrong(self, probs: torch.Tensor) -> torch.Tensor:
        """Return 1 for classes that are surely wrong and 0 for others, in the type of the probabilities."""
        # Comparing into a float is several times as fast as computing with booleans.
        return torch.lt(probs, self._threshold, out=torch.empty_like(probs))


class LocalConsistency:
    """The term of `local_consistency_loss`; takes its arguments but for the logits.

    Raises:
        ValueError: If ``distance`` is neither ``l1`` nor ``kl``.
    """

    reach = 1

    def __init__(self, labels: torch.Tensor, distance: Distance = "l1", ignore_index: int = 255) -> None:
        if distance not in ("l1", "kl"):
            raise ValueError(f"distance must be 'l1' or 'kl', not {distance!r}")
        self._distance = distance
        # Sums of nine labels are exact in float32.
        values = labels.float()
        sums = F.avg_pool2d(values, kernel_size=3, stride=1, padding=1, divisor_override=1)
        self._boundary = ((sums != 9 * values) & (labels != ignore_index)).float()

    def measure(self, strip: Strip) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the sum of distances over boundary pixels, and the number of these."""
        boundary = strip.of(self._boundary)
        excess = _nine_times_excess(strip.windows(strip.top, strip.bottom))
        if self._distance == "l1":
            distance = excess.abs_().sum(dim=0).div_(9)
        else:
            probs = strip.inner_probs
            ratio = probs / excess.div_(9).add_(probs).add_(_EPSILON)
            distance = ratio.add_(_EPSILON).log_().mul_(probs).sum(dim=0)
        return distance.mul_(boundary).sum(), boundary.sum(dtype=counting(boundary.device))

    def add_gradient(self, strip: Strip, weight: torch.Tensor, gradient: torch.Tensor) -> None:
        """Add the derivative of the weighted distances at the boundary pixels in the strip and next to it."""
        height = self._boundary.shape[1]
        top, bottom = max(0, strip.top - 1), min(height, strip.bottom + 1)
        each = self._boundary[strip.image, top:bottom].to(gradient.dtype) * weight
        windows = strip.windows(top, bottom)
        above, below = strip.top == 0, strip.bottom == height
        # The mean over windows that are continued at the border is its own transpose.
        frame, of_mean = framed(windows[:, 1:-1, 1:-1], above=above, below=below)
        _nine_times_excess(windows, of_mean)
        if self._distance == "l1":
            of_mean.sign_().mul_(each)
            continue_frame(frame, above=above, below=below)
            of_probs = _nine_times_excess(frame).div_(9)
        else:
            centre = windows[:, 1:-1, 1:-1]
            ratio = centre / of_mean.div_(9).add_(centre).add_(_EPSILON)
            slope = ratio / (ratio + _EPSILON)
            torch.mul(slope, ratio, out=of_mean).mul_(-each)
            continue_frame(frame, above=above, below=below)
            of_centre = (ratio + _EPSILON).log_().add_(slope).mul_(each).add_(of_mean)
            own = slice(strip.top - top, strip.bottom - top)
            of_probs = _nine_times_excess(frame).div_(9).add_(of_centre[:, own])
        gradient.addcmul_(of_probs, strip.inner_probs)


def _nine_times_excess(windows: torch.Tensor, excess: torch.Tensor | None = None) -> torch.Tensor:
    """Return nine times what the mean of each 3 x 3 window has over its centre, exactly 0 if all are equal.

    Args:
        windows: float ``(C, rows + 2, W + 2)``.
        excess: Where to write it, ``(C, rows, W)``.
    """
    middle = windows[:, 1:-1]
    columns = windows[:, :-2] + windows[:, 2:]
    # Of equal values, what two neighbours have over twice the middle is exactly 0.
    vertical = torch.sub(columns[..., 1:-1], middle[..., 1:-1], alpha=2)
    columns.add_(middle)
    excess = torch.add(columns[..., :-2], columns[..., 2:], out=excess)
    return excess.sub_(columns[..., 1:-1], alpha=2).add_(vertical, alpha=3)
