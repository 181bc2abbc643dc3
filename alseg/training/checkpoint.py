"""Training state on disk: written whole or not at all, checked when read, read without unpickling objects."""

from __future__ import annotations

import hashlib
import pickle
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import torch

from alseg.errors import DamageError
from alseg.files import write_atomically
from alseg.system.archives import refuse_compressed
from alseg.system.regular_file import naming_damage, open_regular

FORMAT = 1

LARGEST = 2**37
"""Bytes of a training state: 34 thousand million values."""

_MOST_VALUES = 10**5
"""Tensors, numbers and texts of one training state at most."""

_DEEPEST = 50
"""Levels of nesting."""

_MOST_SHARED = 8
"""Tensors that share their memory, on average, at most."""

_KEYS = frozenset({"format", "iteration", "model", "optimizer", "optimizers", "modules", "scaler", "sha256"})


class Scaler(Protocol):
    """What scales losses in half precision, or does nothing in others; its state is empty then."""

    def state_dict(self) -> dict[str, Any]:
        """Return plain values."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with a state."""
        ...


def save(
    path: Path,
    *,
    iteration: int,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer | None,
    scaler: Scaler | None = None,
    modules: Mapping[str, torch.nn.Module] = MappingProxyType({}),
    optimizers: Mapping[str, torch.optim.Optimizer] = MappingProxyType({}),
) -> None:
    """Write the training state.

    Random states need no place in it: every step derives its streams from the run's seed and its own number.

    Args:
        path: The file.
        iteration: Steps taken.
        model: The network.
        optimizer: The only one; None where there are several, or none is kept.
        scaler: Scales losses.
        modules: Of a recipe with state, by name.
        optimizers: Of a recipe that names them.

    Raises:
        WriteError: If the file cannot be written.
    """
    content: dict[str, Any] = {"format": FORMAT, "iteration": iteration, "model": model.state_dict()}
    if optimizer is not None:
        content["optimizer"] = optimizer.state_dict()
    if modules:
        content["modules"] = _states(modules)
    if optimizers:
        content["optimizers"] = _states(optimizers)
    if scaler is not None and (state := scaler.state_dict()):
        content["scaler"] = state
    content["sha256"] = digest(content)
    write_atomically(path, lambda file: torch.save(content, file))


def load(
    path: Path,
    *,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer | None,
    scaler: Scaler | None = None,
    modules: Mapping[str, torch.nn.Module] | None = None,
    optimizers: Mapping[str, torch.optim.Optimizer] | None = None,
) -> int:
    """Read a training state into model, optimisers, scaler and modules.

    Args:
        path: The file.
        model: The network.
        optimizer: The only one; None where it is not wanted.
        scaler: Scales losses; None where it is not wanted.
        modules: Of the recipe, by name; None where they are not wanted.
        optimizers: Those that the recipe names; None where they are not wanted.

    Returns:
        The iteration at which it was saved.

    Raises:
        DamageError: If the file is missing, damaged or does not fit the model or the recipe; names it.
    """
    content = _read(path)
    for key, wanted in (("modules", modules), ("optimizers", optimizers)):
        if wanted is not None:
            _refuse_others(path, key, wanted, content)
    try:
        model.load_state_dict(content["model"])
        for name, module in (modules or {}).items():
            module.load_state_dict(content["modules"][name])
        if optimizer is not None:
            optimizer.load_state_dict(content["optimizer"])
        for name, each in (optimizers or {}).items():
            each.load_state_dict(content["optimizers"][name])
        if scaler is not None and "scaler" in content:
            scaler.load_state_dict(content["scaler"])
        return int(content["iteration"])
    except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        # Where names or shapes differ, torch says which in the second line.
        lines = [line.strip() for line in str(error).splitlines()][:2]
        reason = lines[-1].rstrip(".") if lines else type(error).__name__
        raise DamageError(f"Checkpoint {path} is of another model: {reason}.") from error


def _states(parts: Mapping[str, torch.nn.Module] | Mapping[str, torch.optim.Optimizer]) -> dict[str, Any]:
    return {name: part.state_dict() for name, part in parts.items()}


def _refuse_others(path: Path, key: str, wanted: Collection[str], content: Mapping[str, Any]) -> None:
    """Refuse a training state whose modules or optimisers are not those of the recipe."""
    kept = content.get(key, {})
    if not isinstance(kept, Mapping) or set(kept) != set(wanted):
        raise DamageError(
            f"Checkpoint {path} is of another recipe: it has the {key} {_listed(kept)}, the recipe "
            f"{_listed(wanted)}."
        )


def _listed(names: Collection[str]) -> str:
    return ", ".join(map(str, sorted(names))) or "none"


def verify(path: Path) -> None:
    """Read a training state and compare its checksum.

    Raises:
        DamageError: If the file is missing or damaged; names it.
    """
    _read(path)


def _read(path: Path) -> dict[str, Any]:
    """Read the content of a file of this format that is as it was written."""
    with naming_damage(path, _damage, "Checkpoint"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about how a file was written that is refused anyway
        with open_regular(path, LARGEST) as file:
            size = refuse_compressed(file)
            content = torch.load(file, map_location="cpu", weights_only=True)
            _refuse_repetition(content, size)
    if not isinstance(content, dict) or not isinstance(content.get("format"), int):
        raise DamageError(f"Checkpoint {path} is damaged, or no training state of alseg.")
    if content["format"] != FORMAT:
        raise DamageError(f"{path} has format {content['format']}; this version reads {FORMAT}.")
    if not isinstance(content.get("iteration"), int) or not isinstance(content.get("model"), Mapping):
        raise DamageError(f"Checkpoint {path} is damaged, or no training state of alseg.")
    check_digest(content, path)
    return content


def _damage(error: Exception) -> str:
    """Say what torch has found; it tells how to unpickle objects all the same, and nobody should."""
    if isinstance(error, pickle.UnpicklingError):
        return "is damaged, or holds objects that are no tensors. It is not loaded."
    return "is damaged or no checkpoint of torch."


def _refuse_repetition(content: object, size: int) -> None:
    """Refuse a content that is far longer than its file, for it names the same things again and again.

    Raises:
        ValueError: If it is.
    """
    level, values, memory = [content], 0, 0
    for _ in range(_DEEPEST):
        tensors = [each for each in level if isinstance(each, torch.Tensor)]
        memory += sum(each.numel() * each.element_size() for each in tensors)
        inner = [each for outer in level for each in _inner(outer)]
        values += len(inner)
        if memory > _MOST_SHARED * size or values > _MOST_VALUES:
            break
        if not inner:
            return
        level = inner
    raise ValueError("it repeats itself")


def _inner(content: object) -> Iterator[object]:
    if isinstance(content, Mapping):
        yield from islice(content.values(), _MOST_VALUES)
    elif isinstance(content, Sequence) and not isinstance(content, str | bytes):
        yield from islice(content, _MOST_VALUES)


def check_digest(content: dict[str, Any], path: Path) -> None:
    """Refuse a training state that is not what was written; torch itself does not notice a changed bit.

    States written before there were checksums have none and are taken as they are.

    Raises:
        DamageError: If the checksum, or a key, is not as it was; names the file.
    """
    kept = content.pop("sha256", None)
    if not _KEYS.issuperset(content) or (kept is not None and kept != digest(content)):
        raise DamageError(f"Checkpoint {path} is damaged: its checksum does not fit its content.")


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
