"""Encoders of timm that give maps of tokens, and their weights: downloaded, or from a file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import timm
import torch

from alseg import AlsegError
from alseg.toolkit.weights import load_exactly, read_state_dict, weights_path
from alseg_smp.encoders import Encoder, find_encoder
from alseg_smp.network import any_size_options
from alseg_smp.vit import VitLinear

_CLASSIFIERS = ("head.", "head_dist.", "fc.")
"""Prefixes of classifiers in weight files of encoders."""


def build_encoder(name: str) -> tuple[Any, Encoder]:
    """Make an encoder with random weights.

    Args:
        name: Of timm, with or without ``tu-`` and the tag of its weights.

    Returns:
        The encoder without a classifier, and what it is.

    Raises:
        AlsegError: If timm has none of this name, or it gives no maps of its tokens.
    """
    found = find_encoder(name, timm_only=True)
    encoder = _made(found, pretrained=False)
    if not hasattr(encoder, "forward_intermediates") or not getattr(encoder, "feature_info", None):
        raise AlsegError(
            f"Encoder '{name}' gives no maps of its tokens. Use a vision transformer of timm, such as "
            "vit_small_patch14_dinov2."
        )
    return encoder, found


def load_weights(model: VitLinear, found: Encoder, weights: str) -> None:
    """Fill a network with the weights that a ``weights`` parameter names.

    Args:
        model: Changed in place.
        found: What its encoder is.
        weights: ``none``, ``pretrained``, or a file.

    Raises:
        AlsegError: If the weights are unknown, of another network, damaged or not reachable.
    """
    if weights == "none":
        return
    if weights != "pretrained":
        _load_file(model, found, weights_path(weights, ("none", "pretrained")))
    elif found.pretrained:
        model.encoder.load_state_dict(_downloaded(found).state_dict())
    else:
        raise AlsegError(
            f"timm has no weights of encoder '{found.timm_name}' to download. Use another encoder, a file, "
            "or 'weights: none'."
        )


def _made(found: Encoder, *, pretrained: bool) -> Any:
    name = found.timm_name or found.name
    return timm.create_model(name, pretrained=pretrained, num_classes=0, **any_size_options(name))


def _downloaded(found: Encoder) -> Any:
    try:
        return _made(found, pretrained=True)
    except Exception as error:  # hub clients raise many unrelated types
        first_line = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise AlsegError(
            f"timm could not download the weights of encoder '{found.timm_name}': {first_line}. Check the "
            "connection, or use a file or 'weights: none'."
        ) from error


def _load_file(model: VitLinear, found: Encoder, path: Path) -> None:
    """Load a file that holds the whole network or the encoder alone."""
    state = read_state_dict(path)
    what = f"encoder '{found.timm_name}'"
    if any(name.startswith("encoder.") for name in state):
        load_exactly(model, state, path, what=f"vit-linear with {what}")
        return
    own = _renamed(model.encoder, state, path, what)
    kept = {name: tensor for name, tensor in own.items() if not name.startswith(_CLASSIFIERS)}
    load_exactly(model.encoder, kept, path, what=what)


def _renamed(
    encoder: Any, state: Mapping[str, torch.Tensor], path: Path, what: str
) -> Mapping[str, torch.Tensor]:
    """Return a state under timm's names; its authors', such as DINOv2's, are translated by timm."""
    translate = getattr(sys.modules[type(encoder).__module__], "checkpoint_filter_fn", None)
    if translate is None:
        return state
    try:
        renamed: Mapping[str, torch.Tensor] = translate(dict(state), encoder)
    except Exception as error:  # of a file for another family of networks
        raise AlsegError(
            f"The weights in {path} do not fit {what}: {type(error).__name__}: {error}. Give weights of the "
            "same encoder."
        ) from error
    return renamed
