"""PixelPick: a random draw among the most uncertain pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec, SomeShare, TargetView
from alseg_methods.maps import Uncertainty, uncertainty_map

if TYPE_CHECKING:
    import torch


def most_of(values: torch.Tensor, share: float) -> torch.Tensor:
    """Return where the largest values of a map lie.

    Args:
        values: float ``(H, W)``.
        share: Of the pixels; rounded down, but a pixel at least.

    Returns:
        bool ``(H, W)`` on the device of the values; of equals the first, row after row.
    """
    import torch

    flat = values.flatten()
    order = flat.argsort(descending=True, stable=True)
    chosen = torch.zeros_like(flat, dtype=torch.bool)
    chosen[order[: max(1, int(flat.numel() * share))]] = True
    return chosen.reshape(values.shape)


@dataclass(frozen=True)
class PixelPick:
    r"""Random order among the most uncertain pixels of an image; no others are asked.

    Formula:
        s_i = \begin{cases} \rho_i & i \in T \\ -\infty & \text{else} \end{cases}

        T are the most uncertain pixels of the image, a ``share`` of them all, and $`\rho_i`$ is uniform in
        [0, 1).

    Attributes:
        uncertainty: Of the pixels.
        share: Of the pixels of an image that are candidates.
        reverse: Whether candidates are drawn at random first, and the most uncertain of them asked.
    """

    uncertainty: Uncertainty = "margin"
    share: SomeShare = 0.05
    reverse: bool = False

    def score(self, view: TargetView) -> torch.Tensor:
        """Return random numbers where a pixel is a candidate (uncertainties if ``reverse``), -inf elsewhere.

        Bought pixels are the last to be candidates, so that the rest of a large purchase is not lost.
        """
        import torch

        values = uncertainty_map(view.logits, self.uncertainty)
        random = torch.rand(view.size, generator=view.generator).to(values.device)
        first, then = (random, values) if self.reverse else (values, random)
        if view.bought is not None:
            first = first.masked_fill(view.bought.to(values.device), -torch.inf)
        return then.masked_fill(~most_of(first, self.share), -torch.inf)


SPEC = AcquisitionSpec(
    name="pixelpick",
    summary="Random pixels among the most uncertain 5% of an image.",
    source="Shin, Xie and Albanie, ICCV Workshops 2021, arXiv:2104.06394.",
    build=PixelPick,
    needs=("logits", "bought"),
    units=("part",),
    differs="The released code never asks pixels that are void in the ground truth, which it looks up.",
)
