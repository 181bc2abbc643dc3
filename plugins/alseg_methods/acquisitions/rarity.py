"""Uncertainty, less where the predicted class is common in the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec, TargetView
from alseg_methods.maps import Uncertainty, uncertainty_map

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Rarity:
    r"""Uncertainty times exp(-share of the predicted class among the pixels of the image).

    Formula:
        s = u \cdot e^{-\pi_c}

        u is the uncertainty, and $`\pi_c`$ the share of the image's pixels that are predicted as the pixel
        is.

    Attributes:
        uncertainty: Of the pixels.
    """

    uncertainty: Uncertainty = "bvsb"

    def score(self, view: TargetView) -> torch.Tensor:
        """Return uncertainty times the weight of the predicted class, float32 ``(H, W)``, at least 0."""
        from alseg.toolkit.uncertainty import classes

        predicted = classes(view.logits).long()
        shares = predicted.flatten().bincount(minlength=len(view.logits)).double() / predicted.numel()
        return uncertainty_map(view.logits, self.uncertainty) * (-shares).exp().float()[predicted]


SPEC = AcquisitionSpec(
    name="rarity",
    summary="Uncertainty, less where the predicted class is common in the image.",
    source="Weights of Cai et al., CVPR 2021, with shares of pixels of one image instead of the pool.",
    build=Rarity,
)
