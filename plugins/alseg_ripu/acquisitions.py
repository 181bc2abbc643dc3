"""The two acquisitions of the paper."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from alseg.contracts import TargetView
from alseg.toolkit import uncertainty
from alseg_ripu.build import Terms
from alseg_ripu.scores import impurity, pixel_scores, region_scores, region_uncertainty


@dataclass(frozen=True)
class RegionRipu:
    """RA: entropy of the histogram of predicted classes in the window, times its mean entropy.

    Attributes:
        radius: Reach of the window to each side, in pixels.
        terms: Which factors count.
    """

    radius: int
    terms: Terms = "both"

    def score(self, view: TargetView) -> torch.Tensor:
        """Return impurity times mean entropy of each window, or one of them, float32 ``(H, W)``, at least 0.

        Source:
            See `alseg_ripu.region_scores`.
        """
        if self.terms == "impurity":
            return impurity(view.logits, self.radius)
        if self.terms == "uncertainty":
            return region_uncertainty(view.logits, self.radius)
        return region_scores(view.logits, self.radius).score


@dataclass(frozen=True)
class PixelRipu:
    """PA: entropy of the histogram of predicted classes in the window, times the entropy of the pixel.

    Attributes:
        radius: Reach of the window to each side, in pixels.
        terms: Which factors count.
    """

    radius: int
    terms: Terms = "both"

    def score(self, view: TargetView) -> torch.Tensor:
        """Return each pixel's entropy times its window's impurity, or one of them, float32 ``(H, W)``.

        Source:
            See `alseg_ripu.pixel_scores`.
        """
        if self.terms == "impurity":
            return impurity(view.logits, self.radius)
        if self.terms == "uncertainty":
            return uncertainty.entropy(view.logits)
        return pixel_scores(view.logits, self.radius).score
