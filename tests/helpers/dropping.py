"""A small network with every way to draw at random, batch norm and attention."""

from __future__ import annotations

import torch
from timm.layers.drop import DropPath
from torch import nn
from torch.nn import functional

from toys import TinyNet


class DroppingNet(TinyNet):
    """Convolutions and attention, between which values, channels, paths, windows and attention are dropped.

    Args:
        num_classes: Channels of the logits.
        trained_norm: Whether batch norm has statistics of the batch.
    """

    def __init__(self, num_classes: int, trained_norm: bool = False) -> None:
        super().__init__(num_classes)
        # The gradient of a bias before a batch norm is nothing but rounding, which AdamW makes large.
        self.body = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.attention = nn.MultiheadAttention(8, 2, dropout=0.2, batch_first=True)
        self.values, self.channels = nn.Dropout(0.2), nn.Dropout2d(0.2)
        self.path = DropPath(0.3)
        self._trained_norm = trained_norm

    def train(self, mode: bool = True) -> DroppingNet:
        super().train(mode)
        self.norm.train(mode and self._trained_norm)
        return self

    def backbone_features(self, images: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.norm(self.body(images)).relu()
        return found + self.path(self.values(found))  # type: ignore[no-any-return]

    def features(self, images: torch.Tensor) -> torch.Tensor:
        found = self.channels(self.backbone_features(images))
        rows, channels, height, width = found.shape
        tokens = found.flatten(2).transpose(1, 2)
        # Windows of a quarter of the map's tokens, as shifted windows have them: several to each image.
        windows = functional.dropout(tokens.reshape(rows * 4, -1, channels), 0.1, self.training)
        mixed, _ = self.attention(windows, windows, windows, need_weights=False)
        mixed = mixed.reshape(rows, height * width, channels).transpose(1, 2)
        attended: torch.Tensor = found + mixed.reshape(found.shape)
        return attended

    def backbone_parameters(self) -> list[nn.Parameter]:
        return [*self.body.parameters(), *self.norm.parameters()]

    def head_parameters(self) -> list[nn.Parameter]:
        return [*self.attention.parameters(), *self.head.parameters()]


def trained_norm(num_classes: int) -> DroppingNet:
    """Return a network whose batch norm has statistics of the batch."""
    return DroppingNet(num_classes, trained_norm=True)
