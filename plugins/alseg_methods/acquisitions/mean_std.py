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
    r"""Mean over classes of ``sqrt(mean(p^2) - mean(p)^2)``, means over the passes.

    Formula:
        s = \frac{1}{C} \sum_{c=1}^{C} \sqrt{\frac{1}{T} \sum_{t=1}^{T} (p_c^t)^2 - \left( \frac{1}{T}
        \sum_{t=1}^{T} p_c^t \right)^2}

        $`p_c^t`$ is the probability of class c of C in pass t of T.
    """

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
