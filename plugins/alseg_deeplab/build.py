"""The parameters of the DeepLab models; importing this module does not import torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from alseg_deeplab.model import DeepLab

Backbone = Literal["resnet50", "resnet101"]


def build_deeplab_v2(
    *, num_classes: int, backbone: Backbone = "resnet101", weights: str = "imagenet"
) -> DeepLab:
    """Make a DeepLab-v2.

    Args:
        num_classes: Channels of the logits.
        backbone: A ResNet of torchvision.
        weights: ``imagenet`` (downloaded by torchvision), ``none``, or a file: a checkpoint of the RIPU
            authors, weights of this whole network, or a ResNet as torchvision names its weights.

    Raises:
        AlsegError: If weights are missing, not reachable, damaged or of another network.
    """
    from alseg_deeplab.heads import DilatedSum
    from alseg_deeplab.model import make

    return make(DilatedSum(num_classes), backbone, weights)


def build_deeplab_v3plus(
    *, num_classes: int, backbone: Backbone = "resnet101", weights: str = "imagenet"
) -> DeepLab:
    """Make a DeepLab-v3+.

    Args:
        num_classes: Channels of the logits.
        backbone: A ResNet of torchvision.
        weights: ``imagenet`` (downloaded by torchvision), ``none``, or a file: a checkpoint of the RIPU
            authors, weights of this whole network, or a ResNet as torchvision names its weights.

    Raises:
        AlsegError: If weights are missing, not reachable, damaged or of another network.
    """
    from alseg_deeplab.heads import SeparablePyramid
    from alseg_deeplab.model import make

    return make(SeparablePyramid(num_classes), backbone, weights)
