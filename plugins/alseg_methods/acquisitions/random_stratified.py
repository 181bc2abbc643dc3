"""Random questions, spread evenly over the predicted classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec, Observations, PartsView, Share, TargetView, View
from alseg_methods.draws import exponential

if TYPE_CHECKING:
    import torch


def stratum_weights(counts: torch.Tensor, share: float) -> torch.Tensor:
    """Return with what weight each class is drawn.

    Args:
        counts: int ``(C,)``, questions that the pool has of each class.
        share: Of the draws that are spread evenly over the classes; the others are uniform.

    Returns:
        float64 ``(C,)``, more than 0: 1 is the weight in a uniform draw.
    """
    shares = counts.double() / counts.sum().clamp(min=1)
    present = (counts > 0).sum()
    even = (present * shares).clamp(min=1e-12).reciprocal()
    # Of a class that nobody saw when counting, nothing is known: it is drawn as in a uniform draw.
    return share * even.masked_fill(counts == 0, 1) + (1 - share)


@dataclass(frozen=True)
class RandomStratified:
    r"""Weighted random draw without replacement, in which every predicted class comes as often.

    Formula:
        s = -\frac{E}{w_c}, \qquad w_c = 1 - \sigma + \frac{\sigma}{K \pi_c}

        E is a draw of the exponential distribution, $`\sigma`$ is ``share``, K the number of classes that
        are predicted anywhere in the pool, and $`\pi_c`$ the share of the pool's questions predicted as
        class c.

    Attributes:
        share: Of the questions that are spread over the classes; the others are uniform.
    """

    share: Share = 1.0

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        """Return how many pixels, regions or images are predicted to be of each class, 8 * C bytes."""
        classes, _ = _classes(view)
        return {"counts": classes.bincount(minlength=len(view.logits))[None].cpu()}

    def prepare(self, observations: Observations, pool: PartsView) -> torch.Tensor:
        """Return the weight of every class, float64 ``(C,)``."""
        counts = observations.column("counts").sum(0)
        return stratum_weights(counts, self.share)

    def score(self, view: TargetView) -> torch.Tensor:
        """Return random numbers whose largest are a weighted draw; float32 ``(H, W)``, less than 0."""
        classes, parts = _classes(view)
        weights: torch.Tensor = view.statistics.to(classes.device)[classes]
        times = exponential(tuple(classes.shape), view.generator).to(classes.device) / weights
        return -(times.reshape(view.size) if parts is None else times[parts]).float()


def _classes(view: View) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return the predicted class of every pixel, or of every part with the part of each pixel."""
    from alseg.toolkit.regions import modal_classes, parts_of
    from alseg.toolkit.uncertainty import classes

    predicted = classes(view.logits)
    if view.unit == "part":
        return predicted.flatten().long(), None
    parts = parts_of(view)
    return modal_classes(predicted, parts, len(view.logits)), parts


SPEC = AcquisitionSpec(
    name="random-stratified",
    summary="Random questions, spread evenly over the predicted classes of the pool.",
    source="After the adapted random baselines of nnActive, TMLR 2025, arXiv:2511.19183.",
    build=RandomStratified,
    kind="pool",
    differs="nnActive forces 33% or 66% of its patches to hold foreground instead of balancing all classes.",
)
