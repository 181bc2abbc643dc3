"""Best versus second best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec, TargetView, Temperature

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Bvsb:
    r"""``p2 / p1``, the second largest probability over the largest.

    Formula:
        s = \frac{p_{(2)}}{p_{(1)}}

        $`p_{(1)}`$ and $`p_{(2)}`$ are the largest and the second largest probability of a class.

    Attributes:
        temperature: Divides the logits before the softmax. MulActSeg takes 0.1, with which it trains, too. It
            does not change ranks of pixels, but those of means over regions.
    """

    temperature: Temperature = 1.0

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the second largest probability over the largest, float32 ``(H, W)``, 0 to 1."""
        from alseg.toolkit.uncertainty import bvsb

        return bvsb(view.logits, self.temperature)


SPEC = AcquisitionSpec(
    name="bvsb",
    summary="Ratio of the second largest class probability to the largest.",
    source="Joshi et al., CVPR 2009; as a ratio over regions Cai et al., CVPR 2021.",
    build=Bvsb,
    differs="MulActSeg adds 1e-8 to the largest probability and maps scores to 0-1; same ranks.",
)
