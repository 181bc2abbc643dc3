"""The two acquisitions of the paper."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from alseg.contracts import TargetView
from alseg_ripu.scores import pixel_scores, region_scores


@dataclass(frozen=True)
class RegionRipu:
    """Region-based acquisition (RA).

    Attributes:
        radius: Reach of the window to each side, in pixels.
    """

    radius: int

    def score(self, view: TargetView) -> torch.Tensor:
        """Return impurity times mean entropy of each window, float32 ``(H, W)``, at least 0.

        Source:
            See `alseg_ripu.region_scores`.
        """
        return region_scores(view.logits, self.radius).score


@dataclass(frozen=True)
class PixelRipu:
    """Pixel-based acquisition (PA).

    Attributes:
        radius: Reach of the window to each side, in pixels.
    """

    radius: int

    def score(self, view: TargetView) -> torch.Tensor:
        """Return each pixel's entropy times its window's impurity, float32 ``(H, W)``, at least 0.

        Source:
            See `alseg_ripu.pixel_scores`.
        """
        return pixel_scores(view.logits, self.radius).score
