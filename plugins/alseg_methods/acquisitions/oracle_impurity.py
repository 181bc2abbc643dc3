"""Region impurity of the true labels: an upper mark for methods that guess it from predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from alseg.contracts import IGNORE_INDEX, TRUE_LABELS, AcquisitionSpec, Interval, TargetView

if TYPE_CHECKING:
    import torch


def true_impurity(labels: torch.Tensor, radius: int) -> torch.Tensor:
    """Return the entropy of the classes in the window around each pixel, void pixels left out.

    Args:
        labels: uint8 ``(H, W)``, 255 for void.
        radius: Reach of the window to each side, in pixels; it is cut at the border.

    Returns:
        float32 ``(H, W)`` in nats, 0 to log C; exactly 0 where the window holds one class, or void alone.
    """
    import torch

    from alseg.toolkit.windows import window_mean

    known = window_mean((labels != IGNORE_INDEX).float(), radius).clamp(min=torch.finfo(torch.float32).tiny)
    impurity = torch.zeros_like(known)
    for index in labels.flatten().bincount().nonzero()[:, 0].tolist():
        if index != IGNORE_INDEX:
            # Of one class alone both means are the same number, so that the share is exactly 1.
            impurity += torch.special.entr(window_mean((labels == index).float(), radius) / known)
    return impurity.clamp(min=0)


@dataclass(frozen=True)
class OracleImpurity:
    r"""Entropy of the histogram of true classes in the window around each pixel.

    An upper mark, not a method: it sees the labels of the pool. It tells what RIPU's region impurity would
    buy with perfect predictions. Void pixels count in no class; a void pixel itself has the impurity of the
    classes around it.

    Formula:
        s_i = -\sum_c n_c \log n_c

        $`n_c`$ is the share of true class c in the window around pixel i, void pixels left out.

    Attributes:
        radius: The window reaches this many pixels to each side and is cut at the border; at least 1, since
            the impurity of a single pixel is 0.
    """

    radius: Annotated[int, Interval(ge=1, le=4_096)] = 1

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the entropy of the histogram of true classes in nats, float32 ``(H, W)``, 0 to log C."""
        if view.true_labels is None:
            raise ValueError("the view has no true labels")
        return true_impurity(view.true_labels, self.radius)


SPEC = AcquisitionSpec(
    name="oracle-impurity",
    summary="Upper mark, sees labels: entropy of the true classes in the window around a pixel.",
    source="Xie et al., CVPR 2022, arXiv:2111.12940, region impurity, here of the true label map.",
    build=OracleImpurity,
    needs=(TRUE_LABELS,),
    differs="The paper's impurity is of predicted classes; this one no method can compute.",
)
