"""PixBal: BvSB of pixels, weighted by how rare the class is over the pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from alseg.contracts import AcquisitionSpec, Interval, Observations, PartsView, TargetView, Temperature, View

if TYPE_CHECKING:
    import torch


def mean_probabilities(logits: torch.Tensor, temperature: float = 1.0) -> torch.Tensor:
    """Return the softmax of float ``(C, H, W)`` logits, averaged over pixels, float64 ``(C,)``."""
    import torch

    probs = (logits / temperature).softmax(0)
    return probs.sum(dim=(1, 2), dtype=torch.float64) / probs[0].numel()


def class_weights(probabilities: torch.Tensor, strength: float = 6.0) -> torch.Tensor:
    """Return (1 + strength * p)^-2 for mean probabilities p, float ``(C,)``: float64 ``(C,)``, 0 to 1."""
    return (1 + strength * probabilities.double()) ** -2


def pixbal_scores(logits: torch.Tensor, weights: torch.Tensor, temperature: float = 1.0) -> torch.Tensor:
    """Return BvSB times the weight of the predicted class.

    Args:
        logits: float ``(C, H, W)``.
        weights: float ``(C,)``, see `class_weights`.
        temperature: Divides the logits before the softmax.

    Returns:
        float32 ``(H, W)``, 0 to 1.
    """
    from alseg.toolkit import uncertainty

    classes = uncertainty.classes(logits).long()
    return uncertainty.bvsb(logits, temperature) * weights.to(logits.device).float()[classes]


@dataclass(frozen=True)
class PixBal:
    r"""BvSB times (1 + strength * mean probability of the predicted class over the pool)^-2.

    Formula:
        s = \frac{p_{(2)}}{p_{(1)}} \cdot \left( 1 + \gamma \, \bar p_{\hat y} \right)^{-2}

        $`p_{(1)}`$ and $`p_{(2)}`$ are the largest and the second largest probability, $`\gamma`$ is
        ``strength``, and $`\bar p_{\hat y}`$ the mean probability, over the pool, of the class that the
        pixel is predicted as.

    Attributes:
        strength: Of the balance between classes; the paper takes 6 for Cityscapes and 12 for PASCAL VOC.
        temperature: Divides the logits before the softmax. The paper takes 0.1, with which it trains, too.
    """

    strength: Annotated[float, Interval(ge=0, le=1_000_000)] = 6.0
    temperature: Temperature = 1.0

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        """Return the mean probabilities of one image and its pixels, 8 * (C + 1) bytes."""
        import torch

        probabilities = mean_probabilities(view.logits, self.temperature)
        pixels = torch.tensor(view.size[0] * view.size[1], dtype=torch.int64)
        return {"probabilities": probabilities[None].cpu(), "pixels": pixels}

    def prepare(self, observations: Observations, pool: PartsView) -> torch.Tensor:
        """Return the weight of every class, float64 ``(C,)``; bought parts count as well."""
        pixels = observations.column("pixels").flatten().double()
        sums = (observations.column("probabilities") * pixels[:, None]).sum(0)
        return class_weights(sums / pixels.sum(), self.strength)

    def score(self, view: TargetView) -> torch.Tensor:
        """Return BvSB times the weight of the predicted class, float32 ``(H, W)``, 0 to 1."""
        return pixbal_scores(view.logits, view.statistics, self.temperature)


SPEC = AcquisitionSpec(
    name="pixbal",
    summary="Best-versus-second-best ratio, less where the predicted class is probable over the pool.",
    source="Hwang et al. (MulActSeg), NeurIPS 2023, arXiv:2309.09319.",
    build=PixBal,
    kind="pool",
    differs="Released networks may predict void as a class, and regions that do so mostly get score 0.",
)
