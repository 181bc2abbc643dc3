"""Networks of segmentation-models-pytorch from our own few options."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import segmentation_models_pytorch as smp
import timm
import torch

from alseg import AlsegError, unknown_name
from alseg_smp.encoders import Encoder

_CHANNELS = {
    "DPT": "decoder_fusion_channels",
    "DeepLabV3": "decoder_channels",
    "DeepLabV3Plus": "decoder_channels",
    "FPN": "decoder_segmentation_channels",
    "MAnet": "decoder_channels",
    "PAN": "decoder_channels",
    "PSPNet": "psp_out_channels",
    "Segformer": "decoder_segmentation_channels",
    "UPerNet": "decoder_channels",
    "Unet": "decoder_channels",
    "UnetPlusPlus": "decoder_channels",
}
_DROPOUT = {
    "DeepLabV3": "decoder_aspp_dropout",
    "DeepLabV3Plus": "decoder_aspp_dropout",
    "FPN": "decoder_dropout",
    "PSPNet": "psp_dropout",
}
_OUTPUT_STRIDES = {"DeepLabV3": (8, 16), "DeepLabV3Plus": (8, 16), "PAN": (16, 32)}
_CHANNELS_PER_STAGE = {
    "MAnet": (256, 128, 64, 32, 16),
    "Unet": (256, 128, 64, 32, 16),
    "UnetPlusPlus": (256, 128, 64, 32, 16),
}
_UPSAMPLING = ("DeepLabV3", "DeepLabV3Plus", "FPN", "PAN", "PSPNet", "Segformer", "UPerNet")
_ANY_SIZE = {
    "deit": {"dynamic_img_size": True},
    "eva": {"dynamic_img_size": True},
    "vision_transformer": {"dynamic_img_size": True},
    "swin_transformer": {"strict_img_size": False},
    "swin_transformer_v2": {"strict_img_size": False},
    "swin_transformer_v2_cr": {"strict_img_size": False},
}
"""How families of transformers in timm (by module) are told to take images of any size."""


@dataclass(frozen=True)
class NetworkOptions:
    """What an experiment may choose of every architecture that has it; None for the library's default.

    Attributes:
        encoder_depth: Stages of the encoder.
        output_stride: Input pixels per pixel of the encoder's last feature map, reached by dilation.
        decoder_channels: Width of the decoder; one number, or one for every stage.
        dropout: Share of decoder features dropped in training, 0-1.
        token_channels: DPT's widths of the four maps made from tokens, from the finest to the coarsest.
    """

    encoder_depth: int | None = None
    output_stride: int | None = None
    decoder_channels: int | tuple[int, ...] | None = None
    dropout: float | None = None
    token_channels: tuple[int, int, int, int] | None = None


def keywords_of(architecture: str, chosen: NetworkOptions) -> dict[str, Any]:
    """Translate options to the keywords that the architecture's class takes.

    Args:
        architecture: Class name in segmentation-models-pytorch.
        chosen: The options.

    Raises:
        AlsegError: If the architecture has no such option, or not with this value.
    """
    encoder_depth, output_stride = chosen.encoder_depth, chosen.output_stride
    decoder_channels, dropout = chosen.decoder_channels, chosen.dropout
    options: dict[str, Any] = {}
    if encoder_depth is not None:
        options["encoder_depth"] = encoder_depth
    if output_stride is not None:
        _refuse_unless("output_stride", architecture, _OUTPUT_STRIDES)
        if output_stride not in _OUTPUT_STRIDES[architecture]:
            allowed = " or ".join(map(str, _OUTPUT_STRIDES[architecture]))
            raise AlsegError(f"{architecture} takes output_stride {allowed}, not {output_stride}.")
        options["encoder_output_stride"] = output_stride
    if dropout is not None:
        _refuse_unless("dropout", architecture, _DROPOUT)
        options[_DROPOUT[architecture]] = dropout
    if chosen.token_channels is not None:
        _refuse_unless("token_channels", architecture, ("DPT",))
        options["decoder_intermediate_channels"] = chosen.token_channels
    if architecture in _CHANNELS_PER_STAGE:
        options["decoder_channels"] = _stage_channels(architecture, encoder_depth or 5, decoder_channels)
    elif decoder_channels is not None:
        _refuse_unless("decoder_channels", architecture, _CHANNELS)
        if not isinstance(decoder_channels, int):
            raise AlsegError(f"{architecture} takes one number as decoder_channels, not {decoder_channels}.")
        options[_CHANNELS[architecture]] = decoder_channels
        if architecture == "FPN":
            options["decoder_pyramid_channels"] = 2 * decoder_channels
    if architecture in _UPSAMPLING:
        options["upsampling"] = 1  # the caller resizes logits once, to the size that it needs
    return options


def make(
    architecture: str, encoder: Encoder, num_classes: int, options: Mapping[str, Any], *, weights: str | None
) -> smp.base.SegmentationModel:
    """Make a network, and download weights for its encoder unless ``weights`` is None.

    Raises:
        Exception: Whatever the libraries raise where encoder and options do not fit, or a download fails.
    """
    timm_name = encoder.timm_name
    if timm_name is not None:
        options = {**options, **any_size_options(timm_name)}
    with warnings.catch_warnings():
        # DPT reads out the class token where an encoder has one, and warns where it has none.
        warnings.filterwarnings("ignore", message="Encoder does not have prefix tokens")
        return getattr(smp, architecture)(
            encoder_name=encoder.name,
            # timm's weights are chosen by the encoder's tag; here it takes yes or no only.
            encoder_weights=True if weights and timm_name else weights,
            classes=num_classes,
            **options,
        )


def any_size_options(timm_name: str) -> Mapping[str, Any]:
    """Return the options with which an encoder of timm takes images of any size."""
    module = timm.model_entrypoint(timm_name.partition(".")[0]).__module__
    return _ANY_SIZE.get(module.rpartition(".")[2], {})


def construct(
    architecture: str, encoder: Encoder, num_classes: int, options: Mapping[str, Any]
) -> smp.base.SegmentationModel:
    """Make a network with random weights.

    Raises:
        AlsegError: If encoder and options do not go together, or the architecture is unknown.
    """
    if not hasattr(smp, architecture):
        known = [kind.__name__ for kind in smp.MODEL_ARCHITECTURES_MAPPING.values()]
        raise AlsegError(unknown_name("architecture", architecture, known))
    try:
        return make(architecture, encoder, num_classes, options, weights=None)
    except Exception as error:  # timm's families refuse what they cannot do with many types
        first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise AlsegError(
            f"Encoder '{encoder.name}' and these options do not work in {architecture}: {first_line}"
        ) from error


def side_multiple(network: smp.base.SegmentationModel) -> int:
    """Return the number of pixels of which both sides of an image must be multiples."""
    stride: int = network.encoder.output_stride
    # DPT merges maps of a half, one, two and four times the grid of patches, so that the grid must be even.
    return 2 * stride if type(network).__name__ == "DPT" else stride


def set_head_dropout(network: smp.base.SegmentationModel, share: float) -> None:
    """Set the share of features that a network's segmentation head drops in training, 0-1."""
    for part in network.segmentation_head.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = share


def batch_norms(module: torch.nn.Module) -> list[torch.nn.Module]:
    """Return all batch norms inside a module, timm's fused ones included."""
    return [part for part in module.modules() if isinstance(part, torch.nn.modules.batchnorm._BatchNorm)]


def _refuse_unless(option: str, architecture: str, takers: Iterable[str]) -> None:
    if architecture not in takers:
        raise AlsegError(f"{architecture} takes no {option}. Those that do: {', '.join(sorted(takers))}.")


def _stage_channels(
    architecture: str, encoder_depth: int, decoder_channels: int | tuple[int, ...] | None
) -> tuple[int, ...]:
    """Return the decoder's width at every stage, from the coarsest to the finest."""
    if decoder_channels is None:
        return _CHANNELS_PER_STAGE[architecture][-encoder_depth:]
    if isinstance(decoder_channels, int) or len(decoder_channels) != encoder_depth:
        raise AlsegError(
            f"{architecture} takes a list of {encoder_depth} decoder_channels, one for every stage of the "
            f"encoder from the coarsest on, not {decoder_channels}."
        )
    return decoder_channels
