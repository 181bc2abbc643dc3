"""Random questions, a share of them at boundaries between predicted classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from alseg.contracts import AcquisitionSpec, Interval, Share, TargetView
from alseg_methods.draws import exponential

if TYPE_CHECKING:
    import torch

_LEAST_WEIGHT = 1e-9
"""Of what is drawn only when nothing else is left."""


def at_boundaries(logits: torch.Tensor, radius: int) -> torch.Tensor:
    """Return where a pixel of another predicted class lies within a Chebyshev distance; bool ``(H, W)``."""
    from alseg.toolkit.uncertainty import classes
    from alseg.toolkit.windows import window_impurity

    return window_impurity(classes(logits), len(logits), radius) > 0


@dataclass(frozen=True)
class RandomBoundary:
    r"""Weighted random draw without replacement, a share of which lies at predicted boundaries.

    Formula:
        s = -\frac{E}{w}, \qquad w = 1 - \sigma + \sigma \, \frac{N}{B} \, [\text{at a boundary}]

        E is a draw of the exponential distribution, $`\sigma`$ is ``share``; of the N questions that the
        image has, B are at a boundary. The bracket is 1 there, else 0.

    Attributes:
        share: Of the questions that are at a boundary; the others are uniform. A region is at a boundary
            where one of its pixels is.
        radius: Distance from a pixel of another class, in pixels, up to which a pixel is at a boundary.
    """

    share: Share = 0.66
    radius: Annotated[int, Interval(ge=1, le=4_096)] = 1

    def score(self, view: TargetView) -> torch.Tensor:
        """Return random numbers whose largest are a weighted draw; float32 ``(H, W)``, less than 0."""
        from alseg.toolkit.regions import parts_of, region_counts

        near = at_boundaries(view.logits, self.radius)
        parts = None if view.unit == "part" else parts_of(view)
        if parts is not None:
            near = region_counts(near, parts, 2)[:, 1] > 0
        found = int(near.sum())
        rest = 1 - self.share if found else 1.0
        weights = near * (self.share * near.numel() / max(found, 1)) + max(rest, _LEAST_WEIGHT)
        times = exponential(tuple(near.shape), view.generator).to(near.device) / weights
        return -(times if parts is None else times[parts]).float()


SPEC = AcquisitionSpec(
    name="random-boundary",
    summary="Random questions, two thirds of them at boundaries between predicted classes.",
    source="After the adapted random baselines of nnActive, TMLR 2025, arXiv:2511.19183.",
    build=RandomBoundary,
    units=("part", "region"),
    differs="nnActive forces 33% or 66% of its patches to hold foreground.",
)
