"""A network that tells source from target by the predictions of another one."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

Objective = Literal["vanilla", "least-squares"]
"""Cross-entropy of the two domains, or the squared distance from 0 and 1."""

Domain = Literal["source", "target"]

_WIDEST = 8
"""Most channels of a convolution, in units of those of the first."""

_SURE = 1e-4
"""Least distance of an answer from 0 and 1, where its log odds are wanted."""


class Discriminator(nn.Module):
    """Convolutions of 4 x 4 with stride 2, the last one to a single channel, with leaky rectifiers between.

    Args:
        num_classes: Channels of the input.
        channels: Of the first convolution; each further one has twice as many, 8 times these at most.
        layers: Number of convolutions, the last one included. The output is smaller by 2 to that power.

    Source:
        Tsai et al. (AdaptSegNet), CVPR 2018, arXiv:1802.10349, with 64 channels and 5 layers. Smaller inputs
        than one cell of the output are filled up with zeros here.
    """

    def __init__(self, num_classes: int, channels: int = 64, layers: int = 5) -> None:
        super().__init__()
        widths = [num_classes, *(channels * min(2**place, _WIDEST) for place in range(layers - 1)), 1]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, kernel_size=4, stride=2, padding=1) for before, after in pairwise(widths)
        )

    def forward(self, probs: torch.Tensor) -> torch.Tensor:
        """Map a softmax, float ``(B, C, H, W)``, to answers ``(B, 1, h, w)``, high for the target."""
        cell = 2 ** len(self.convolutions)
        below, right = (max(0, cell - side) for side in probs.shape[-2:])
        found = functional.pad(probs, (0, right, 0, below))
        for place, convolution in enumerate(self.convolutions):
            found = convolution(functional.leaky_relu(found, 0.2) if place else found)
        return found


def domain_loss(answers: torch.Tensor, domain: Domain, objective: Objective) -> torch.Tensor:
    """Return how far answers are from saying that everything belongs to a domain; a scalar, at least 0.

    Args:
        answers: float ``(B, 1, h, w)``.
        domain: The domain.
        objective: How it is measured.
    """
    wanted = torch.full_like(answers, float(domain == "target"), dtype=torch.float32)
    if objective == "vanilla":
        return functional.binary_cross_entropy_with_logits(answers.float(), wanted)
    return functional.mse_loss(answers.float(), wanted)


def log_odds(answers: torch.Tensor, objective: Objective) -> torch.Tensor:
    """Return the logarithm of the odds that each place belongs to the target, float32.

    Args:
        answers: float, of a discriminator that was trained with the objective.
        objective: Answers to least squares are near 0 and 1; they are cut to 0.0001-0.9999.
    """
    if objective == "vanilla":
        return answers.float()
    return answers.float().logit(eps=_SURE)
