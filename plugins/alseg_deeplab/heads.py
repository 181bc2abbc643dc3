"""The classifiers of DeepLab-v2 and DeepLab-v3+; submodules are named as in the authors' checkpoints."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.ops import FrozenBatchNorm2d

BACKBONE_CHANNELS = 2048
SHORTCUT_CHANNELS = 256

_V2_DILATIONS = (6, 12, 18, 24)
_V3_DILATIONS = (6, 12, 18)
_V3_CHANNELS = 512
_V3_SHORTCUT_CHANNELS = 48


def frozen_norm(channels: int) -> Any:
    """Return a batch norm of which nothing is trained, with eps 0.

    Source:
        Xie et al., CVPR 2022, released code. eps 0 instead of the usual 1e-5 divides by the exact deviation.
    """
    return FrozenBatchNorm2d(channels, eps=0.0)


class Head(nn.Module, ABC):
    """A classifier on the maps of two stages of a ResNet.

    Attributes:
        name: What the whole network is called.
    """

    name: str

    @abstractmethod
    def features(self, shortcut: torch.Tensor, deep: torch.Tensor) -> torch.Tensor:
        """Return the map from which `classify` computes logits.

        Args:
            shortcut: float ``(B, 256, H / 4, W / 4)``, of the first stage.
            deep: float ``(B, 2048, H / 8, W / 8)``, of the last stage.

        Returns:
            float ``(B, D, h, w)``.
        """

    @abstractmethod
    def classify(self, features: torch.Tensor) -> torch.Tensor:
        """Return logits, float ``(B, C, h, w)``, of `features`."""


class DilatedSum(Head):
    """DeepLab-v2: four 3x3 convolutions of different dilation, summed.

    Args:
        num_classes: Channels of the logits.

    Source:
        Chen et al., TPAMI 2018, arXiv:1606.00915, section 3.2, without the fully connected layers. Weights
        start at N(0, 0.01), as in the released code of Xie et al., CVPR 2022.
    """

    name = "deeplab-v2"

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.conv2d_list = nn.ModuleList(
            nn.Conv2d(BACKBONE_CHANNELS, num_classes, 3, padding=dilation, dilation=dilation)
            for dilation in _V2_DILATIONS
        )
        for convolution in self.conv2d_list:
            nn.init.normal_(convolution.weight, 0.0, 0.01)  # type: ignore[arg-type]

    def features(self, shortcut: torch.Tensor, deep: torch.Tensor) -> torch.Tensor:
        """Return the last stage, float ``(B, 2048, H / 8, W / 8)``."""
        return deep

    def classify(self, features: torch.Tensor) -> torch.Tensor:
        """Return logits, float ``(B, C, H / 8, W / 8)``."""
        first, *others = self.conv2d_list
        logits: torch.Tensor = first(features)
        for convolution in others:
            logits = logits + convolution(features)
        return logits


class SeparablePyramid(Head):
    """DeepLab-v3+: a spatial pyramid of separable convolutions, joined with a shortcut from the first stage.

    Args:
        num_classes: Channels of the logits.

    Source:
        Chen et al., ECCV 2018, arXiv:1802.02611. Widths, the 3x3 bottleneck, frozen batch norms, dropout of
        whole channels and the start of all convolutions at Kaiming's normal distribution as in the released
        code of Xie et al., CVPR 2022. The frozen norms set no scale here: with PyTorch's default start, of a
        sixth of the variance, logits are 1/400 as large and the head learns nothing for thousands of steps.
    """

    name = "deeplab-v3plus"

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        branches = len(_V3_DILATIONS) + 2
        self.parallel_branches = nn.ModuleList(
            [
                _convolution(BACKBONE_CHANNELS, _V3_CHANNELS, 1),
                *(_Separable(BACKBONE_CHANNELS, _V3_CHANNELS, dilation) for dilation in _V3_DILATIONS),
            ]
        )
        self.global_branch = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), *_convolution(BACKBONE_CHANNELS, _V3_CHANNELS, 1)
        )
        self.bottleneck = _convolution(branches * _V3_CHANNELS, _V3_CHANNELS, 3)
        self.shortcut = _convolution(SHORTCUT_CHANNELS, _V3_SHORTCUT_CHANNELS, 1)
        self.decoder = nn.Sequential(
            _Separable(_V3_CHANNELS + _V3_SHORTCUT_CHANNELS, _V3_CHANNELS, 1),
            _Separable(_V3_CHANNELS, _V3_CHANNELS, 1),
            nn.Dropout2d(0.1),
            nn.Conv2d(_V3_CHANNELS, num_classes, 1),
        )
        for part in self.modules():
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight)

    def features(self, shortcut: torch.Tensor, deep: torch.Tensor) -> torch.Tensor:
        """Return the decoder's last map, float ``(B, 512, H / 4, W / 4)``."""
        pooled = self.global_branch(deep).expand(-1, -1, *deep.shape[-2:])
        pyramid = torch.cat([*(branch(deep) for branch in self.parallel_branches), pooled], dim=1)
        upsampled = F.interpolate(
            self.bottleneck(pyramid), size=shortcut.shape[-2:], mode="bilinear", align_corners=True
        )
        joined = torch.cat([upsampled, self.shortcut(shortcut)], dim=1)
        decoded: torch.Tensor = self.decoder[1](self.decoder[0](joined))
        return decoded

    def classify(self, features: torch.Tensor) -> torch.Tensor:
        """Return logits, float ``(B, C, H / 4, W / 4)``."""
        logits: torch.Tensor = self.decoder[3](self.decoder[2](features))
        return logits


class _Separable(nn.Module):
    """A 3x3 convolution of every channel by itself, then one over channels; norm and ReLU after both."""

    def __init__(self, inputs: int, outputs: int, dilation: int) -> None:
        super().__init__()
        self.depthwise_conv = nn.Conv2d(
            inputs, inputs, 3, padding=dilation, dilation=dilation, groups=inputs, bias=False
        )
        self.depthwise_bn = frozen_norm(inputs)
        self.pointwise_conv = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.pointwise_bn = frozen_norm(outputs)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Map float ``(B, inputs, h, w)`` to ``(B, outputs, h, w)``."""
        maps = F.relu(self.depthwise_bn(self.depthwise_conv(maps)))
        return F.relu(self.pointwise_bn(self.pointwise_conv(maps)))


def _convolution(inputs: int, outputs: int, size: int) -> nn.Sequential:
    """Return a convolution that keeps the map's size, its norm and a ReLU."""
    convolution = nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False)
    return nn.Sequential(convolution, frozen_norm(outputs), nn.ReLU(inplace=True))
