"""Whether the Triton kernels are used."""

from __future__ import annotations

import os
from importlib.util import find_spec

import torch

SWITCH = "ALSEG_NO_TRITON"
"""Environment variable; anything but nothing and 0 turns the kernels off."""


def use_triton(device: torch.device) -> bool:
    """Return whether work on a device is for the kernels; otherwise it is done with operations of torch.

    They are used on GPUs of the type ``cuda`` where Triton is installed, as it is with torch for Linux. An
    installed Triton that does not work is no reason to go on without: it raises where it is used.
    """
    return (
        device.type == "cuda" and os.environ.get(SWITCH, "") in {"", "0"} and find_spec("triton") is not None
    )
