"""The parameters of all models; importing this module does not import torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from alseg.contracts import Interval, Share

if TYPE_CHECKING:
    from alseg_smp.model import SmpModel
    from alseg_smp.vit import VitLinear

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
MixTransformer = Literal["mit_b0", "mit_b1", "mit_b2", "mit_b3", "mit_b4", "mit_b5"]
Layers = Annotated[int, Interval(ge=1, le=100)]
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
            ``tf_efficientnet_lite0``, installed with alseg); or a file: weights of the whole network, or of
            the encoder alone as timm or segmentation-models-pytorch name them.
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
    return model.SmpModel(
        built,
        mean=mean or found.mean,
        std=std or found.std,
        frozen=frozen,
        pretrained=weights != "none",
    )


def build_segformer(
    *,
    num_classes: int,
    encoder: MixTransformer = "mit_b0",
    weights: str = "imagenet",
    decoder_channels: Channels | None = None,
    dropout: Share = 0.1,
    frozen_encoder: bool = False,
    frozen_stages: Stages = 0,
) -> SmpModel:
    """Make a SegFormer.

    Args:
        num_classes: Channels of the logits.
        encoder: A mix transformer, from the smallest to the largest.
        weights: ``imagenet`` (downloaded by segmentation-models-pytorch), ``none``, or a file: weights of the
            whole network, or of the encoder alone as segmentation-models-pytorch names them.
        decoder_channels: Width of the decoder; None for the paper's, 256 for ``mit_b0`` and ``mit_b1``, 768
            for the larger ones.
        dropout: Share of the channels of the decoder's last map that are dropped in training.
        frozen_encoder: Train the decoder only. Wanted with pretrained weights only.
        frozen_stages: First stages of the encoder that are not trained; every one halves the resolution, and
            the first transformer block is in the second.

    Raises:
        AlsegError: If weights are missing, not reachable, damaged or of another network.

    Source:
        Xie et al., NeurIPS 2021, arXiv:2105.15203, as segmentation-models-pytorch has it.
    """
    from alseg_smp import freezing, model, network, pretrained

    width = decoder_channels or (256 if encoder in ("mit_b0", "mit_b1") else 768)
    options = network.NetworkOptions(decoder_channels=width)
    built, found = pretrained.build_network("Segformer", encoder, num_classes, options, weights)
    freezing.freeze_stages(built, frozen_stages)  # a mix transformer has no batch norm
    frozen = freezing.freeze_all(built.encoder) if frozen_encoder else []
    return model.SmpModel(
        built,
        mean=found.mean,
        std=found.std,
        frozen=frozen,
        dropout=dropout,
        pretrained=weights != "none",
    )


def build_dpt(
    *,
    num_classes: int,
    encoder: str = "vit_tiny_patch16_224",
    weights: str = "imagenet",
    decoder_channels: Channels = 256,
    dropout: Share = 0.1,
    frozen_encoder: bool = False,
) -> SmpModel:
    """Make a DPT on a vision transformer.

    Args:
        num_classes: Channels of the logits.
        encoder: A vision transformer of timm, with or without the tag of its weights, such as
            ``vit_base_patch14_dinov2.lvd142m``. Position embeddings are interpolated to the images' size.
        weights: ``imagenet`` (those of the encoder's tag, whatever they were trained on, downloaded by timm),
            ``none``, or a file: weights of the whole network, or of the encoder alone as timm names them.
        decoder_channels: Width of the decoder.
        dropout: Share of the decoder's last features that are dropped in training.
        frozen_encoder: Train the decoder only. Wanted with pretrained weights only.

    Raises:
        AlsegError: If timm has no such encoder, or weights are missing, not reachable, damaged or of another
            network.

    Source:
        Ranftl et al., ICCV 2021, arXiv:2103.13413, as segmentation-models-pytorch has it, with the paper's
        widths for its base model, and for its large one on encoders of that size and above.
    """
    from alseg_smp import freezing, model, network, pretrained

    is_large = any(size in encoder for size in ("large", "huge", "giant", "7b"))
    of_tokens = (256, 512, 1_024, 1_024) if is_large else (96, 192, 384, 768)
    options = network.NetworkOptions(decoder_channels=decoder_channels, token_channels=of_tokens)
    built, found = pretrained.build_network("DPT", encoder, num_classes, options, weights)
    network.set_head_dropout(built, dropout)
    frozen = freezing.freeze_all(built.encoder) if frozen_encoder else []
    return model.SmpModel(built, mean=found.mean, std=found.std, frozen=frozen, pretrained=weights != "none")


def build_vit_linear(
    *,
    num_classes: int,
    encoder: str = "vit_small_patch14_dinov2.lvd142m",
    weights: str = "pretrained",
    head: Literal["linear", "batch-norm"] = "batch-norm",
    layers: Layers = 1,
    dropout: Share = 0.0,
    frozen_encoder: bool = True,
) -> VitLinear:
    """Make a linear classifier of the patch tokens of a vision transformer.

    Args:
        num_classes: Channels of the logits.
        encoder: A vision transformer of timm, with or without the tag of its weights, such as
            ``vit_base_patch14_reg4_dinov2.lvd142m``, ``vit_base_patch16_dinov3.lvd1689m`` or
            ``vit_small_patch16_224.dino``. Position embeddings are interpolated to the images' size.
        weights: ``pretrained`` (those of the encoder's tag, downloaded by timm), ``none``, or a file: weights
            of the whole network, or of the encoder as timm or its authors name them.
        head: ``linear``: one linear layer for each token; ``batch-norm``: a batch norm before it, as DINOv2
            does it.
        layers: Last blocks of the encoder whose tokens are concatenated.
        dropout: Share of the channels of the tokens that are dropped in training.
        frozen_encoder: Train the classifier only; the encoder's pass needs no gradients and less memory then.

    Raises:
        AlsegError: If timm has no such encoder, it gives no patch tokens, or weights are missing, not
            reachable, damaged or of another network.

    Source:
        Oquab et al., TMLR 2024, arXiv:2304.07193, linear evaluation. Images are padded to whole patches
        where the paper's are resized to them.
    """
    from alseg_smp import vit, vit_weights

    built, found = vit_weights.build_encoder(encoder)
    model = vit.VitLinear(
        built,
        num_classes,
        mean=found.mean,
        std=found.std,
        layers=layers,
        normalised=head == "batch-norm",
        dropout=dropout,
        frozen=frozen_encoder,
        pretrained=weights != "none",
    )
    vit_weights.load_weights(model, found, weights)
    return model
