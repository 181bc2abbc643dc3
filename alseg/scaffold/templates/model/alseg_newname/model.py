"""The network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class NewnameModel(nn.Module):
    """Three convolutions that halve the resolution, and a linear classifier of their features.

    Attributes:
        mean: RGB mean of the input normalisation, in units of 0-1.
        std: RGB standard deviation, likewise.
        pretrained: Whether the backbone began with weights trained elsewhere.

    Args:
        num_classes: Channels of the logits.
        width: Channels of the first convolution.
    """

    mean = (0.485, 0.456, 0.406)
    std = (0.229, 0.224, 0.225)
    pretrained = False

    def __init__(self, num_classes: int, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for factor in (1, 2, 4):
            layers += [
                nn.Conv2d(channels, factor * width, kernel_size=3, stride=2, padding=1),
                nn.ReLU(),
            ]
            channels = factor * width
        self.backbone = nn.Sequential(*layers)
        self.head = nn.Conv2d(channels, num_classes, kernel_size=1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map normalised images to logits; alseg resizes them.

        Args:
            images: float ``(B, 3, H, W)``.

        Returns:
            float ``(B, C, H / 8, W / 8)``, sides rounded up.
        """
        return self.logits_and_features(images)[0]

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return what the logits are computed from, float ``(B, 4 * width, H / 8, W / 8)``."""
        return self.logits_and_features(images)[1]

    def logits_and_features(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return both of them, from one pass."""
        features = self.backbone(images)
        return self.head(features), features

    def backbone_parameters(self) -> Sequence[nn.Parameter]:
        """Return what has the recipe's learning rate."""
        return list(self.backbone.parameters())

    def head_parameters(self) -> Sequence[nn.Parameter]:
        """Return all other parameters: the recipe may multiply their learning rate."""
        return list(self.head.parameters())
