"""Training state on disk: written whole or not at all, read without unpickling objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from alseg.errors import AlsegError
from alseg.files import write_atomically

FORMAT = 1


def save(
    path: Path, *, iteration: int, model: torch.nn.Module, optimizer: torch.optim.Optimizer | None
) -> None:
    """Write the training state.

    Random states need no place in it: every step derives its streams from the run's seed and its own number.

    Raises:
        AlsegError: If the file cannot be written.
    """
    content: dict[str, Any] = {"format": FORMAT, "iteration": iteration, "model": model.state_dict()}
    if optimizer is not None:
        content["optimizer"] = optimizer.state_dict()
    write_atomically(path, lambda file: torch.save(content, file))


def load(path: Path, *, model: torch.nn.Module, optimizer: torch.optim.Optimizer | None) -> int:
    """Read a training state into model and optimiser.

    Returns:
        The iteration at which it was saved.

    Raises:
        AlsegError: If the file is missing, damaged or does not fit the model; names it.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        if content["format"] != FORMAT:
            raise AlsegError(f"{path} has format {content['format']}; this version reads {FORMAT}.")
        model.load_state_dict(content["model"])
        if optimizer is not None:
            optimizer.load_state_dict(content["optimizer"])
        return int(content["iteration"])
    except AlsegError:
        raise
    except Exception as error:  # torch raises many types for a damaged file
        first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise AlsegError(
            f"Checkpoint {path} is missing, damaged or of another model: {first_line}"
        ) from error
