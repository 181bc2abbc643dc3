"""What a call into a plugin may leave changed in torch, NumPy and Pillow: how it is read and put back.

As `alseg.guard.state`; apart from it, for torch is imported only where networks are used.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image, ImageFile

from alseg.guard.state import State

_backends: Any = torch.backends
_SMALLEST_NORMAL = 2.0**-1022
_kept_modes: list[Any] = []
"""Inference modes that undo one which a plugin never left; they would end when they are freed."""


def _precision() -> str | None:
    try:
        return torch.get_float32_matmul_precision()
    except RuntimeError:  # torch refuses where its old and its new names for it disagree
        return None


def _set_precision(before: str | None) -> None:
    if before is not None:
        torch.set_float32_matmul_precision(before)


def _determinism() -> tuple[bool, bool]:
    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


def _set_determinism(before: tuple[bool, bool]) -> None:
    torch.use_deterministic_algorithms(before[0], warn_only=before[1])


def _kernels() -> tuple[Any, ...]:
    cudnn = _backends.cudnn
    return cudnn.enabled, cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32


def _set_kernels(before: tuple[Any, ...]) -> None:
    cudnn = _backends.cudnn
    cudnn.enabled, cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32 = before


def _attention() -> tuple[bool, bool, bool]:
    cuda = _backends.cuda
    return cuda.flash_sdp_enabled(), cuda.mem_efficient_sdp_enabled(), cuda.math_sdp_enabled()


def _set_attention(before: tuple[bool, bool, bool]) -> None:
    cuda = _backends.cuda
    cuda.enable_flash_sdp(before[0])
    cuda.enable_mem_efficient_sdp(before[1])
    cuda.enable_math_sdp(before[2])


def _pillow() -> tuple[bool, int | None]:
    return ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS


def _set_pillow(before: tuple[bool, int | None]) -> None:
    ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS = before


def _set_inference_mode(on: bool) -> None:
    mode = torch.inference_mode(on)
    mode.__enter__()
    _kept_modes.append(mode)


def _autocast() -> tuple[bool, bool]:
    return torch.is_autocast_enabled("cpu"), torch.is_autocast_enabled("cuda")


def _set_autocast(before: tuple[bool, bool]) -> None:
    torch.set_autocast_enabled("cpu", before[0])
    torch.set_autocast_enabled("cuda", before[1])


def _set_numpy_state(state: Any) -> None:
    np.random.set_state(state)


OF_PROCESS = (
    State("torch's default dtype", torch.get_default_dtype, torch.set_default_dtype, told=True),
    State("the precision of matrix products", _precision, _set_precision, told=True),
    State("torch's deterministic algorithms", _determinism, _set_determinism, told=True),
    State(
        "torch's detection of anomalies", torch.is_anomaly_enabled, lambda on: torch.set_anomaly_enabled(on)
    ),
    State("what Pillow accepts", _pillow, _set_pillow, told=True),
)
"""Shared by all threads."""

OF_KERNELS = (
    State("cuDNN's settings", _kernels, _set_kernels, told=True),
    State("torch's kernels of attention", _attention, _set_attention, told=True),
)
"""Read around every call only where there is a GPU: they take some microseconds."""

OF_THREAD = (
    State("the number of threads", torch.get_num_threads, torch.set_num_threads, told=True),
    State("inference mode", torch.is_inference_mode_enabled, _set_inference_mode, told=True),
    State("gradient mode", torch.is_grad_enabled, lambda on: torch.set_grad_enabled(on), told=True),
    State("autocast", _autocast, _set_autocast, told=True),
    State("torch's default device", lambda: torch.empty(0).device, torch.set_default_device, told=True),
    State("NumPy's handling of errors", np.geterr, lambda before: np.seterr(**before), told=True),
    State(
        "the flushing of small numbers to zero",
        lambda: _SMALLEST_NORMAL / 2 == 0,
        lambda on: torch.set_flush_denormal(on),
        told=True,
    ),
)
"""Of each thread its own."""

RANDOM = (
    State("torch's random state", torch.get_rng_state, torch.set_rng_state),
    State("NumPy's random state", np.random.get_state, _set_numpy_state),
)
"""Too slow to be read around every call."""
