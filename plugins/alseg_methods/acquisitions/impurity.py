"""Region impurity alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from alseg.contracts import AcquisitionSpec, Interval, TargetView

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Impurity:
    r"""Entropy of the histogram of predicted classes in the window around each pixel.

    Formula:
        s_i = -\sum_c n_c \log n_c

        $`n_c`$ is the share of the pixels in the window around pixel i that are predicted as class c.

    Attributes:
        radius: The window reaches this many pixels to each side and is cut at the border; at least 1, since
            the impurity of a single pixel is 0.
    """

    radius: Annotated[int, Interval(ge=1, le=4_096)] = 1

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the entropy of the class histogram in nats, float32 ``(H, W)``, 0 to log C."""
        from alseg.toolkit.uncertainty import classes
        from alseg.toolkit.windows import window_impurity

        return window_impurity(classes(view.logits), len(view.logits), self.radius)


SPEC = AcquisitionSpec(
    name="impurity",
    summary="Entropy of the predicted classes in the window around a pixel.",
    source="Xie et al., CVPR 2022, arXiv:2111.12940, region impurity alone (their ablation).",
    build=Impurity,
)
