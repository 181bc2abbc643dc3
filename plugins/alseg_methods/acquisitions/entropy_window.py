"""Entropy averaged over a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec, Radius, TargetView

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class EntropyWindow:
    r"""Mean entropy of the window around each pixel.

    Formula:
        s_i = \frac{1}{|W_i|} \sum_{j \in W_i} H(p_j)

        $`W_i`$ is the window around pixel i, $`H(p) = -\sum_c p_c \log p_c`$ the entropy of a pixel.

    Attributes:
        radius: The window reaches this many pixels to each side and is cut at the border.
    """

    radius: Radius = 1

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the mean entropy in nats, float32 ``(H, W)``, 0 to log C."""
        from alseg.toolkit.uncertainty import entropy
        from alseg.toolkit.windows import window_mean

        return window_mean(entropy(view.logits), self.radius)


SPEC = AcquisitionSpec(
    name="entropy-window",
    summary="Entropy of the predictions, averaged over the window around a pixel.",
    source="Xie et al., CVPR 2022, arXiv:2111.12940, prediction uncertainty alone (their ablation).",
    build=EntropyWindow,
    differs="The released code takes log(p + 1e-6) and divides by log 19, which changes no rank to speak of.",
)
