"""LabOR: where two classifiers differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alseg.contracts import AcquisitionSpec, TargetView

if TYPE_CHECKING:
    import torch


def disagreement(first: torch.Tensor, second: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return where the likeliest classes of two classifiers differ, and how unsure the two are.

    Args:
        first: float ``(C, H, W)``, logits.
        second: float ``(C, h, w)``, those of the other one, of any size; resized.

    Returns:
        bool ``(H, W)``; float32 ``(H, W)``, the mean of both entropies / log C, 0 to 1.
    """
    from torch.nn.functional import interpolate

    from alseg.toolkit.uncertainty import entropy

    second = interpolate(second[None].float(), size=first.shape[1:], mode="bilinear", align_corners=True)[0]
    shares = [entropy(logits) / math.log(max(2, len(logits))) for logits in (first, second)]
    return first.argmax(0) != second.argmax(0), ((shares[0] + shares[1]) / 2).clamp(0, 1)


def representative_ranks(probs: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
    """Return the rank of each pixel among those of its likeliest class, most typical first.

    Typical is a softmax with a large cosine to the mean softmax of the class.

    Args:
        probs: float ``(C, H, W)``.
        asked: bool ``(H, W)``, the pixels that are ranked.

    Returns:
        int64 ``(H, W)``, from 0; -1 elsewhere.
    """
    import torch
    from torch.nn.functional import cosine_similarity

    places = asked.flatten().nonzero().flatten()
    rows = probs.flatten(1)[:, places].T.double()
    classes, ranks = rows.argmax(1), torch.full_like(asked.flatten(), -1, dtype=torch.int64)
    for number in torch.bincount(classes).nonzero().flatten().tolist():
        of_class = (classes == number).nonzero().flatten()
        likeness = cosine_similarity(rows[of_class], rows[of_class].mean(0, keepdim=True), dim=1)
        order = likeness.argsort(descending=True, stable=True)
        ranks[places[of_class[order]]] = torch.arange(len(of_class), device=ranks.device)
    return ranks.view(asked.shape)


@dataclass(frozen=True)
class Labor:
    r"""1 where the likeliest classes of two classifiers differ, plus the uncertainty of both, from 0 to 1.

    So pixels in dispute come first, the most uncertain of them before the others, and pixels on which both
    agree follow as far as the budget goes. The paper labels the former alone, whatever they are: about 2.2%
    of the pixels. A region's score is its share in dispute plus its mean uncertainty.

    The output ``second`` is what the recipe ``two-classifiers`` provides: logits of a second classifier.

    Formula:
        s = [\hat y(p) \ne \hat y(q)] + \frac{H(p) + H(q)}{2 \log C}

        p and q are the softmax of the two classifiers, $`\hat y`$ is the likeliest class of C and H the
        entropy; the bracket is 1 where the classes differ, else 0.
    """

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the score, float32 ``(H, W)``, 0 to 2."""
        differs, doubt = disagreement(view.logits, view.outputs["second"])
        return differs.float() + doubt


@dataclass(frozen=True)
class LaborPoints:
    r"""Where two classifiers differ, the most typical pixels of each predicted class first.

    A pixel in dispute scores 1 + 1 / n, n its place among those of its class by the cosine of its softmax to
    their mean. So the first of every class are asked about, then the second. All other pixels score less, by
    the uncertainty of both.

    The output ``second`` is what the recipe ``two-classifiers`` provides: logits of a second classifier.

    Formula:
        s = \begin{cases} 1 + \frac{1}{n} & \hat y(p) \ne \hat y(q) \\ \frac{H(p) + H(q)}{2 \log C} &
        \text{else} \end{cases}

        p and q are the softmax of the two classifiers, $`\hat y`$ is the likeliest class of C and H the
        entropy; n is the pixel's place, from 1, among those in dispute of its class.
    """

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the score, float32 ``(H, W)``, 0 to 2."""
        import torch

        differs, doubt = disagreement(view.logits, view.outputs["second"])
        ranks = representative_ranks(view.probs, differs)
        return torch.where(differs, 1 + 1 / (ranks + 1).clamp(min=1).float(), doubt)


_SOURCE = "After Shin et al. (LabOR), ICCV 2021, arXiv:2108.05570"

SPECS = (
    AcquisitionSpec(
        name="labor",
        summary="Where a second classifier gives another class, most uncertain first.",
        source=f"{_SOURCE}, segment-based labelling (SPL).",
        build=Labor,
        needs=("logits", "output:second"),
        differs="No code was found; the paper labels all pixels in dispute, however many, and orders none.",
    ),
    AcquisitionSpec(
        name="labor-points",
        summary="Typical pixels of each predicted class where a second classifier gives another class.",
        source=f"{_SOURCE}, point-based labelling (PPL).",
        build=LaborPoints,
        needs=("logits", "probs", "output:second"),
        units=("part",),
        differs="No code was found; what makes a point representative is ours: likeness to the class's mean.",
    ),
)
