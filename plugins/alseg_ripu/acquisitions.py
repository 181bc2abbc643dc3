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
    r"""RA: entropy of the histogram of predicted classes in the window, times its mean entropy.

    Formula:
        s_i = \left( -\sum_c n_c \log n_c \right) \cdot \frac{1}{|W_i|} \sum_{j \in W_i} H(p_j)

        $`W_i`$ is the window around pixel i, cut at the border; $`n_c`$ the share of its pixels that are
        predicted as class c; $`H(p) = -\sum_c p_c \log p_c`$ the entropy of a pixel.

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
    r"""PA: entropy of the histogram of predicted classes in the window, times the entropy of the pixel.

    Formula:
        s_i = \left( -\sum_c n_c \log n_c \right) \cdot H(p_i)

        $`n_c`$ is the share of the pixels in the window around pixel i that are predicted as class c;
        $`H(p) = -\sum_c p_c \log p_c`$ the entropy of a pixel. The window is cut at the border.

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
