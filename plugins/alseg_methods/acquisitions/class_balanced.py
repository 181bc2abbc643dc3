"""Class-balanced uncertainty of regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from alseg.contracts import AcquisitionSpec, Observations, PartsView, Temperature, View

if TYPE_CHECKING:
    import torch


def class_shares(
    classes: torch.Tensor, num_classes: int, sizes: torch.Tensor | None = None, total: float | None = None
) -> torch.Tensor:
    """Return the share of each class among parts.

    Args:
        classes: int ``(P,)``, the class of each part, less than ``num_classes``.
        num_classes: ``C``.
        sizes: ``(P,)``, weights of the parts, such as pixels; all alike unless given.
        total: What the shares are of; the sum of the sizes unless given. AMSL's code always divides pixels by
            those of all of Cityscapes.

    Returns:
        float64 ``(C,)``; all 0 where there is no part.
    """
    weights = sizes.double() if sizes is not None else None
    counts = classes.long().bincount(weights=weights, minlength=num_classes).double()
    whole = float(counts.sum()) if total is None else total
    return counts / max(whole, 1.0)


def class_balanced_scores(
    uncertainty: torch.Tensor,
    classes: torch.Tensor,
    shares: torch.Tensor,
    bought: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return uncertainty, mapped to 0-1 over all parts, times exp(-share of the part's class).

    Args:
        uncertainty: float ``(P,)``.
        classes: int ``(P,)``, the predicted class of each part.
        shares: float ``(C,)``, of the classes, see `class_shares`.
        bought: bool ``(P,)``, parts whose uncertainty counts as the least.

    Returns:
        float64 ``(P,)``, 0 to 1. Where all parts are equally uncertain, their uncertainty counts as 1.
    """
    values = uncertainty.double()
    if not len(values):
        return values
    least, most = values.min(), values.max()
    values = (values - least) / (most - least) if most > least else values.new_ones(values.shape)
    if bought is not None:
        values = values.masked_fill(bought, 0)
    return values * (-shares.double()).exp()[classes.long()]


@dataclass(frozen=True)
class ClassBalanced:
    r"""Mean BvSB of a part, mapped to 0-1 over the pool, times ``exp(-share)`` of its class among the parts.

    BvSB is the second largest probability over the largest. The class of a part is the one predicted most.

    Formula:
        s = \frac{u - u_{\min}}{u_{\max} - u_{\min}} \cdot e^{-\pi_c}

        u is the mean of $`p_{(2)} / p_{(1)}`$ over the part, between its least and largest value in the
        pool; $`\pi_c`$ is the share of parts, or of pixels, whose class is that of the part.

    Attributes:
        shares: Whether classes are counted in ``parts`` (Cai et al.) or ``pixels`` (AMSL).
        temperature: Divides the logits before the softmax.
    """

    shares: Literal["parts", "pixels"] = "parts"
    temperature: Temperature = 1.0

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        """Return mean BvSB and commonest predicted class of every part, 9 bytes each."""
        from alseg.toolkit import regions, uncertainty

        parts = regions.parts_of(view)
        classes = uncertainty.classes(view.logits)
        return {
            "uncertainty": regions.region_means(uncertainty.bvsb(view.logits, self.temperature), parts),
            "classes": regions.modal_classes(classes, parts, len(view.logits)).byte(),
        }

    def rank(self, observations: Observations, pool: PartsView) -> torch.Tensor:
        """Return all parts that are not bought, highest score first, the earlier of equals first."""
        classes = observations.column("classes").long()
        sizes = pool.pixels if self.shares == "pixels" else None
        shares = class_shares(classes, pool.num_classes, sizes)
        scores = class_balanced_scores(observations.column("uncertainty"), classes, shares, pool.bought)
        order = scores.argsort(descending=True, stable=True)
        return order[~pool.bought[order]]


SPEC = AcquisitionSpec(
    name="class-balanced",
    summary="Mean best-versus-second-best ratio of a region, less where its class is common in the pool.",
    source="Cai et al., CVPR 2021; with shares of pixels Kim et al. (AMSL), ICCV 2023, arXiv:2303.16817.",
    build=ClassBalanced,
    kind="pool",
    units=("region", "image"),
    differs="AMSL's code divides pixels of a class by those of all of Cityscapes, whatever the pool.",
)
