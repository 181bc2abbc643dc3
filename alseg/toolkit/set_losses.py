"""Losses of regions of which the set of classes is known, but not which pixel has which of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from alseg.toolkit.regions import group_peaks

_EPSILON = 1e-8
"""What the released code adds to probabilities inside logarithms."""


def merged_positive_loss(
    logits: torch.Tensor, regions: torch.Tensor, sets: torch.Tensor, temperature: float = 1.0
) -> torch.Tensor:
    """Make each pixel of a region one of the region's classes, whichever it is.

    Args:
        logits: float ``(B, C, H, W)``.
        regions: int64 ``(B, H, W)``, the question of its image that each pixel belongs to, 0 to R - 1; -1
            where nothing was asked.
        sets: bool ``(B, R, C)``, the classes of each region; or ``(B, R, C + 1)``, with void last, which is
            left out, since the network has no such class. Regions without a class do not count.
        temperature: Divides the logits before the softmax.

    Returns:
        Scalar ``sum(-log(p(set) + 1e-8)) / (n + 1)`` over the n pixels that count, ``p(set)`` the sum of the
        probabilities of the region's classes; 0, with a gradient of 0, where no pixel counts.

    Raises:
        ValueError: If the shapes do not fit, or the temperature is not more than 0.

    Source:
        Hwang et al. (MulActSeg), NeurIPS 2023, arXiv:2309.09319; the ``+ 1`` is the released code's.
    """
    return SetPixels.of(logits, regions, sets, temperature).merged_positive()


def prototypical_loss(
    logits: torch.Tensor, regions: torch.Tensor, sets: torch.Tensor, temperature: float = 1.0
) -> torch.Tensor:
    """Make at least one pixel of a region surely each of the region's classes.

    Args:
        logits: float ``(B, C, H, W)``.
        regions: int64 ``(B, H, W)``, as in `merged_positive_loss`.
        sets: bool ``(B, R, C)`` or ``(B, R, C + 1)``, as in `merged_positive_loss`.
        temperature: Divides the logits before the softmax.

    Returns:
        Scalar ``sum(-log(p + 1e-8)) / (m + 1)`` over the m pairs of a region and a class of its set, ``p``
        the largest probability of the class among the region's pixels in the batch; 0, with a gradient of 0,
        where there is no pair. The gradient goes to one pixel of each pair, the first of equals.

    Raises:
        ValueError: If the shapes do not fit, or the temperature is not more than 0.

    Source:
        Hwang et al. (MulActSeg), NeurIPS 2023, arXiv:2309.09319; the ``+ 1`` is the released code's.
    """
    return SetPixels.of(logits, regions, sets, temperature).prototypical()


@dataclass(frozen=True)
class SetPixels:
    """The pixels of a batch whose region has a set of classes: what both losses read, computed once.

    Attributes:
        probs: float ``(n, C)``, softmax of each such pixel.
        groups: int64 ``(n,)``, its region, numbered through the batch.
        sets: bool ``(B * R, C)``, the classes of every region of the batch.
    """

    probs: torch.Tensor
    groups: torch.Tensor
    sets: torch.Tensor

    @classmethod
    def of(
        cls, logits: torch.Tensor, regions: torch.Tensor, sets: torch.Tensor, temperature: float = 1.0
    ) -> SetPixels:
        """Select the pixels; arguments and errors as in `merged_positive_loss`."""
        if not temperature > 0:
            raise ValueError(f"temperature must be more than 0, not {temperature}")
        batch, num_classes, *size = logits.shape
        if regions.shape != (batch, *size) or sets.shape[0] != batch:
            raise ValueError(
                f"logits are {tuple(logits.shape)}, regions {tuple(regions.shape)}, sets {tuple(sets.shape)}"
            )
        if sets.shape[2] not in (num_classes, num_classes + 1):
            raise ValueError(f"sets have {sets.shape[2]} classes, the logits {num_classes}")
        known = sets[..., :num_classes].flatten(0, 1)
        first = torch.arange(batch, device=regions.device)[:, None, None] * sets.shape[1]
        groups = (regions + first)[regions >= 0]
        rows = logits.movedim(1, -1)[regions >= 0]
        counts = known.any(dim=1)[groups]
        probs = (rows[counts].float() / temperature).softmax(dim=1)
        return cls(probs, groups[counts], known)

    def merged_positive(self) -> torch.Tensor:
        """Return the loss of `merged_positive_loss`."""
        of_set = (self.probs * self.sets[self.groups]).sum(dim=1)
        return -(of_set + _EPSILON).log().sum() / (len(of_set) + 1)

    def prototypical(self) -> torch.Tensor:
        """Return the loss of `prototypical_loss`."""
        peaks = group_peaks(self.probs.detach(), self.groups, len(self.sets))
        group, number = (self.sets & (peaks >= 0)).nonzero(as_tuple=True)
        largest = self.probs[peaks[group, number], number]
        return -(largest + _EPSILON).log().sum() / (len(largest) + 1)
