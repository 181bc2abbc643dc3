"""The same bytes on a GPU: torch is told to use deterministic kernels only, for as long as a run is at work.

Kernels of a GPU add in an order that varies from call to call, and sums of floats depend on it. Torch has
slower ones that do not, for most operations; for the others it refuses.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from alseg.errors import AlsegError

CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
"""The environment variable that cuBLAS reads when it is first used."""

_WORKSPACES = (":4096:8", ":16:8")
"""Its values with which cuBLAS computes the same every time; the first is the faster one."""

_REFUSAL = " does not have a deterministic implementation"


def prepare() -> None:
    """Choose a deterministic workspace of cuBLAS; to be called before CUDA is used at all.

    Raises:
        AlsegError: If CUDA has been used without one, or the environment asks for another.
    """
    found = os.environ.get(CUBLAS)
    if found in _WORKSPACES:
        return
    if found is not None:
        raise AlsegError(
            f"settings.deterministic needs {CUBLAS} to be {' or '.join(_WORKSPACES)}, but the environment "
            f"has {found!r}. Unset it."
        )
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        raise AlsegError(
            f"settings.deterministic comes too late: CUDA is in use in this process already. Set {CUBLAS}="
            f"{_WORKSPACES[0]} in the environment before the process starts."
        )
    os.environ[CUBLAS] = _WORKSPACES[0]


@contextmanager
def deterministic(wanted: bool) -> Iterator[None]:
    """Let torch use deterministic kernels only, if wanted, and put everything back afterwards.

    Raises:
        AlsegError: If an operation has no deterministic kernel; names it and says what to do.
    """
    if not wanted:
        yield
        return
    cudnn = torch.backends.cudnn
    before = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        cudnn.deterministic,
        cudnn.benchmark,
    )
    torch.use_deterministic_algorithms(True)
    cudnn.deterministic, cudnn.benchmark = True, False
    try:
        yield
    except RuntimeError as error:
        operation, found, _ = str(error).partition(_REFUSAL)
        if not found:
            raise
        name = operation.rpartition("\n")[2]
        raise AlsegError(
            f"settings.deterministic is on, and torch {torch.__version__} has no deterministic kernel for "
            f"{name}, which the network, the recipe or the acquisition uses. Choose others, "
            "or set settings.deterministic to false."
        ) from error
    finally:
        enabled, warn_only, cudnn.deterministic, cudnn.benchmark = before
        torch.use_deterministic_algorithms(enabled, warn_only=warn_only)
