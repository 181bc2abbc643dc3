"""Weights from files: read without running pickled code, and loaded whole or refused with what differs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alseg.errors import AlsegError, nearest
from alseg.system.archives import refuse_compressed
from alseg.system.regular_file import open_regular

if TYPE_CHECKING:
    import torch

State = Mapping[str, "torch.Tensor"]
"""Names to tensors, as ``torch.nn.Module.state_dict`` gives them."""

_WRAPPERS = ("state_dict", "model", "model_state_dict")
_SUFFIXES = (".pt", ".pth", ".safetensors")
_LISTED = 5
_LARGEST_FILE = 2**37


def weights_path(weights: str, named: Iterable[str]) -> Path:
    """Return the file that a ``weights`` parameter means, once it is none of the names a model knows.

    Args:
        weights: The parameter's value.
        named: The values that are not files, such as ``imagenet``.

    Raises:
        AlsegError: If there is no such file; says which names and files would be right.
    """
    path = Path(weights).expanduser()
    if path.is_file():
        return path
    if path.suffix in _SUFFIXES or len(path.parts) > 1:
        raise AlsegError(
            f"No weights file at {path}. Correct the path, or use one of: {_alternatives(named)}."
        )
    names = sorted(named)
    guess = nearest(weights, names)
    hint = f" Did you mean '{guess}'?" if guess else ""
    raise AlsegError(f"Unknown weights '{weights}'.{hint} Available: {_alternatives(names)}.")


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read what a ``.pt``, ``.pth`` or ``.safetensors`` file holds, on the CPU.

    Args:
        path: The file.

    Raises:
        AlsegError: If the file is missing, damaged, no checkpoint, or holds pickled objects other than
            tensors and plain values.
    """
    if not path.is_file():
        raise AlsegError(f"No weights file at {path}.")
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)
    if not isinstance(content, Mapping):
        raise AlsegError(
            f"{path} holds a {type(content).__name__}, not a checkpoint. "
            "Write one with torch.save(model.state_dict(), path)."
        )
    return dict(content)


def read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    """Read one network's weights from a file, as `find_state_dict` finds them.

    Args:
        path: The file.

    Raises:
        AlsegError: As `read_checkpoint`, and if the file holds no state dict.
    """
    return find_state_dict(read_checkpoint(path), path)


def find_state_dict(content: object, path: Path) -> dict[str, torch.Tensor]:
    """Return the weights in a checkpoint or in a part of it.

    A state dict under ``state_dict``, ``model`` or ``model_state_dict`` is found, and the prefix ``module.``
    that parallel training adds is removed.

    Args:
        content: What the file holds, or a part of it.
        path: Where it was read, for messages.

    Raises:
        AlsegError: If it is anything but names and tensors.
    """
    import torch

    if not isinstance(content, Mapping):
        raise AlsegError(f"{path} holds a {type(content).__name__} where weights should be.")
    content = next((content[key] for key in _WRAPPERS if isinstance(content.get(key), Mapping)), content)
    if not content:
        raise AlsegError(f"{path} holds no weights.")
    stray = [str(key) for key, value in content.items() if not isinstance(value, torch.Tensor)]
    if stray:
        raise AlsegError(
            f"{path} holds no state dict; not tensors: {_some(stray)}. "
            "Write one with torch.save(model.state_dict(), path)."
        )
    return without_prefix({str(key): value for key, value in content.items()}, "module.")


def without_prefix(state: State, prefix: str) -> dict[str, torch.Tensor]:
    """Return the state with ``prefix`` removed from its names, if every name has it; else as it is.

    Args:
        state: Name to tensor.
        prefix: Such as ``module.``.
    """
    if all(name.startswith(prefix) for name in state):
        return {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    return dict(state)


def load_exactly(module: torch.nn.Module, state: State, path: Path, *, what: str = "the model") -> None:
    """Copy weights into a module; every one of both sides must have its counterpart.

    Counters of batch norm (``num_batches_tracked``) may be absent on either side: nothing reads them.

    Args:
        module: Changed in place.
        state: What to load.
        path: Where it was read, for messages.
        what: What the module is, for messages.

    Raises:
        AlsegError: If names or shapes differ; names the first five of each kind. Nothing is loaded then.
    """
    import torch

    own = module.state_dict()
    refuse_differences(own, state, path, what=what)
    known = {name: tensor for name, tensor in state.items() if name in own}
    # Of torch itself: modules of other libraries have methods of this name that take no `strict`.
    torch.nn.Module.load_state_dict(module, known, strict=False)


def refuse_differences(expected: State, state: State, path: Path, *, what: str) -> None:
    """Raise if two states differ in names or shapes, batch-norm counters aside.

    Args:
        expected: Names and tensors as they should be.
        state: As they are.
        path: Where ``state`` was read.
        what: What ``expected`` belongs to.

    Raises:
        AlsegError: Names the first five missing, unexpected and misshapen weights.
    """
    wanted = {name: tuple(tensor.shape) for name, tensor in expected.items() if not _is_counter(name)}
    given = {name: tuple(tensor.shape) for name, tensor in state.items() if not _is_counter(name)}
    missing = [name for name in wanted if name not in given]
    unexpected = [name for name in given if name not in wanted]
    misshapen = [
        f"{name} (file {_shape(given[name])}, model {_shape(shape)})"
        for name, shape in wanted.items()
        if name in given and given[name] != shape
    ]
    kinds = (("missing", missing), ("unexpected", unexpected), ("of another shape", misshapen))
    differing = [f"{len(names)} {kind}: {_some(names)}" for kind, names in kinds if names]
    if differing:
        raise AlsegError(
            f"The weights in {path} do not fit {what}. {'; '.join(differing)}. "
            "Give weights of the same model, options and number of classes."
        )


def _read_safetensors(path: Path) -> Mapping[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(path))
    except SafetensorError as error:
        raise AlsegError(f"{path} is damaged or no safetensors file: {error}") from error
    except OSError as error:
        raise AlsegError(f"{path} cannot be read: {error}") from error


def _read_torch(path: Path) -> object:
    import torch

    try:
        with open_regular(path, _LARGEST_FILE) as file:
            refuse_compressed(file)
            return torch.load(file, map_location="cpu", weights_only=True)
    except AlsegError:
        raise
    except OSError as error:
        raise AlsegError(f"{path} cannot be read: {error}") from error
    except Exception as error:  # torch raises many types for a damaged file
        found = re.search(r"Unsupported global: GLOBAL (\S+)", str(error))
        if found is None:
            raise AlsegError(f"{path} is damaged or no checkpoint of torch.") from error
        raise AlsegError(
            f"{path} holds a pickled {found[1]}, and reading such objects could run code. "
            "Write the weights alone with torch.save(model.state_dict(), path)."
        ) from error


def _alternatives(named: Iterable[str]) -> str:
    return ", ".join(sorted(named)) + ", or a file (.pt, .pth, .safetensors)"


def _is_counter(name: str) -> bool:
    return name.endswith("num_batches_tracked")


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "scalar"


def _some(names: list[str]) -> str:
    rest = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {rest} more" if rest > 0 else "")
