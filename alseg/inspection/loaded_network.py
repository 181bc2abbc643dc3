"""The network of a checkpoint, ready to predict as a request says."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch

from alseg.config.sections import Settings
from alseg.engine.assembly import Assembler
from alseg.errors import AlsegError
from alseg.evaluation.checkpoint import fill
from alseg.evaluation.request import Request
from alseg.inference.predict import InferenceOptions
from alseg.registry.registry import Registry
from alseg.storage.layout import WEIGHTS_NAME
from alseg.training.device import make_fabric, set_up


class LoadedNetwork(NamedTuple):
    """A network on its device.

    Attributes:
        model: The network, which converts inputs and outputs to its precision.
        options: How images are fed to it, one at a time.
        iteration: Optimiser steps that it was trained; None where the file does not say it.
    """

    model: Any
    options: InferenceOptions
    iteration: int | None


def load_network(request: Request, registry: Registry, num_classes: int, device: str) -> LoadedNetwork:
    """Make the network that a request names, and give it its weights.

    Args:
        request: Network, weights, precision, and how images are fed to it.
        registry: Where names are looked up.
        num_classes: That it predicts.
        device: In the words of ``settings.device``.

    Raises:
        AlsegError: If the weights do not fit the network.
    """
    fabric = make_fabric(Settings(device=device, precision=request.precision))
    model, iteration = filled_model(request, registry, num_classes)
    options = InferenceOptions(
        size=request.size,
        flip=request.flip,
        window=request.window,
        window_overlap=request.overlap,
        batch_size=1,
        device=fabric.device,
    )
    return LoadedNetwork(set_up(fabric, model), options, iteration)


def filled_model(
    request: Request, registry: Registry, num_classes: int
) -> tuple[torch.nn.Module, int | None]:
    """Make the network that a request names with its weights, as a module on the CPU.

    Args:
        request: Network and weights.
        registry: Where names are looked up.
        num_classes: That it predicts.

    Returns:
        The network, and the optimiser steps that it was trained; None where the file does not say them.

    Raises:
        AlsegError: If the weights do not fit the network.
    """
    model = Assembler(registry).model(request.model, num_classes, seed=0)
    return model, fill(model, request.weights, request.model.name)


def require_weights(folder: Path) -> None:
    """Refuse a run that has no final network.

    Raises:
        AlsegError: If it is not done.
    """
    if not (folder / WEIGHTS_NAME).is_file():
        raise AlsegError(f"{folder} has no final weights: the run is not done. Go on with it by 'alseg run'.")
