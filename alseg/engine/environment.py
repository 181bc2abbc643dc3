"""What a run was done with: recorded for people, never part of a run's identity."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path
from typing import Any

import torch

from alseg.system.ranks import ALONE, Ranks
from alseg.system.threads import chosen


def describe(
    device: torch.device, precision: str, *, deterministic: bool = False, ranks: Ranks = ALONE
) -> dict[str, Any]:
    """Return versions, device, threads and the state of the source tree alseg runs from, if it is one.

    Args:
        device: Where networks are.
        precision: In Lightning Fabric's words.
        deterministic: Whether torch is told to use deterministic kernels only.
        ranks: The processes that do the run together.
    """
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "device": device_name(device),
        **(_of_ranks(ranks, device) if ranks.size > 1 else {}),
        "precision": precision,
        "deterministic": deterministic,
        "threads": torch.get_num_threads(),
        "threading": chosen().as_json(),
        "git": _git_state(Path(__file__).parent),
    }


def _of_ranks(ranks: Ranks, device: torch.device) -> dict[str, Any]:
    """Return how many devices do a run together, on which machines, and what they exchange gradients by."""
    return {
        "devices": ranks.size,
        "hosts": list(ranks.hosts),
        "backend": "nccl" if device.type == "cuda" else "gloo",
    }


def device_name(device: torch.device) -> str:
    """Return the name people know a device by."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return _processor_name() if device.type == "cpu" else device.type


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _git_state(folder: Path) -> str | None:
    """Return the commit, with ``-dirty`` where files have changed; None outside a source tree."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
