"""Training state on disk: written whole or not at all, checked when read, read without unpickling objects."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from alseg.errors import AlsegError
from alseg.files import write_atomically

FORMAT = 1

_KEYS = frozenset({"format", "iteration", "model", "optimizer", "sha256"})


def save(
    path: Path, *, iteration: int, model: torch.nn.Module, optimizer: torch.optim.Optimizer | None
) -> None:
    """Write the training state.

    Random states need no place in it: every step derives its streams from the run's seed and its own number.

    Raises:
        WriteError: If the file cannot be written.
    """
    content: dict[str, Any] = {"format": FORMAT, "iteration": iteration, "model": model.state_dict()}
    if optimizer is not None:
        content["optimizer"] = optimizer.state_dict()
    content["sha256"] = digest(content)
    write_atomically(path, lambda file: torch.save(content, file))


def load(path: Path, *, model: torch.nn.Module, optimizer: torch.optim.Optimizer | None) -> int:
    """Read a training state into model and optimiser.

    Returns:
        The iteration at which it was saved.

    Raises:
        AlsegError: If the file is missing, damaged or does not fit the model; names it.
    """
    with _refusing(path):
        content = _read(path)
        model.load_state_dict(content["model"])
        if optimizer is not None:
            optimizer.load_state_dict(content["optimizer"])
        return int(content["iteration"])


def verify(path: Path) -> None:
    """Read a training state and compare its checksum.

    Raises:
        AlsegError: If the file is missing or damaged; names it.
    """
    with _refusing(path):
        _read(path)


def _read(path: Path) -> dict[str, Any]:
    """Read the content of a file of this format that is as it was written."""
    content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    if content["format"] != FORMAT:
        raise AlsegError(f"{path} has format {content['format']}; this version reads {FORMAT}.")
    check_digest(content, path)
    return content


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Turn whatever torch raises for a damaged file into an error that names it."""
    try:
        yield
    except AlsegError:
        raise
    except Exception as error:  # torch raises many types
        first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise AlsegError(
            f"Checkpoint {path} is missing, damaged or of another model: {first_line}"
        ) from error


def check_digest(content: dict[str, Any], path: Path) -> None:
    """Refuse a training state that is not what was written; torch itself does not notice a changed bit.

    States written before there were checksums have none and are taken as they are.

    Raises:
        AlsegError: If the checksum, or a key, is not as it was; names the file.
    """
    kept = content.pop("sha256", None)
    if not _KEYS.issuperset(content) or (kept is not None and kept != digest(content)):
        raise AlsegError(f"Checkpoint {path} is damaged: its checksum does not fit its content.")


def digest(content: object) -> str:
    """Return the SHA-256, in hexadecimal, of nested mappings, sequences, tensors and plain values."""
    hashed = hashlib.sha256()
    _feed(content, hashed.update)
    return hashed.hexdigest()


def _feed(content: object, update: Any) -> None:
    if isinstance(content, torch.Tensor):
        update(f"tensor {content.dtype} {tuple(content.shape)}".encode())
        flat = content.detach().cpu().contiguous().reshape(-1)
        update(flat.view(torch.uint8).numpy().data if flat.numel() else b"")
    elif isinstance(content, Mapping):
        update(f"mapping {len(content)}".encode())
        for key, value in content.items():
            update(f"{key!r}:".encode())
            _feed(value, update)
    elif isinstance(content, Sequence) and not isinstance(content, str):
        update(f"sequence {len(content)}".encode())
        for value in content:
            _feed(value, update)
    else:
        update(f"{content!r};".encode())


def largest_size(model: torch.nn.Module) -> int:
    """Return bytes that a checkpoint needs at most, with an optimiser that keeps two values per parameter."""
    state = sum(value.nbytes for value in model.state_dict().values() if isinstance(value, torch.Tensor))
    return state + 2 * sum(parameter.nbytes for parameter in model.parameters())
