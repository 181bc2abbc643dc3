"""Mean standard deviation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec, TargetView
from alseg_methods.several_passes import SeveralPasses, moments_in

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class MeanStd(SeveralPasses):
    """Mean over classes of ``sqrt(mean(p^2) - mean(p)^2)``, means over the passes."""

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the mean standard deviation, float32 ``(H, W)``, 0 to 0.5."""
        from alseg.toolkit.passes import mean_std

        return mean_std(moments_in(view))


SPEC = AcquisitionSpec(
    name="mean-std",
    summary="Standard deviation of the class probabilities over several passes, averaged over classes.",
    source="Kampffmeyer et al., CVPR Workshops 2016; Gal, Islam and Ghahramani, ICML 2017, arXiv:1703.02910.",
    build=MeanStd,
    needs=("moments",),
)
