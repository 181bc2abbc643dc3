"""Measuring time and memory."""

from __future__ import annotations

import ctypes
import gc
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from alseg.perf.result import Spread

Work = Callable[[], object]

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"


def alternate(sides: Mapping[str, Work], repeats: int, at_least: float = 0.0) -> dict[str, Spread]:
    """Time several ways of doing something, see `alternate_with_faults`."""
    return alternate_with_faults(sides, repeats, at_least)[0]


def alternate_with_faults(
    sides: Mapping[str, Work], repeats: int, at_least: float = 0.0
) -> tuple[dict[str, Spread], dict[str, Spread]]:
    """Time several ways of doing something, all of them in every turn, and count minor page faults.

    What slows down the machine for a while then slows down all sides; ratios within a turn hardly move.

    Args:
        sides: Name to work. Each is done once beforehand, untimed.
        repeats: Turns.
        at_least: Seconds for which the work of a side is done again and again in a turn, each time after the
            other has ended; the turn's time is the mean. A GPU that has just been idle is slow at first.

    Returns:
        Name to seconds, and name to page faults, one value per turn. A system that does not count page
        faults has 0.
    """
    for work in sides.values():
        work()
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    faults: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, work in sides.items():
            gc.collect()
            settle()
            before = _minor_faults()
            times, passed, started = 0, 0.0, time.perf_counter()
            while times == 0 or passed < at_least:
                work()
                settle()
                times, passed = times + 1, time.perf_counter() - started
            seconds[name].append(passed / times)
            faults[name].append(_minor_faults() - before)
    return (
        {name: Spread(values) for name, values in seconds.items()},
        {name: Spread(values) for name, values in faults.items()},
    )


def settle() -> None:
    """Wait until a GPU has done what it was told to, if this process uses one."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.synchronize()


def _minor_faults() -> int:
    try:
        import resource  # not on Windows
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def peak_extra_bytes(work: Work, device: str = "cpu") -> int | None:
    """Return how much more memory the process held at most while doing something than before.

    The peak of the resident memory, which Linux keeps, is set back first, and memory that was freed but kept
    for later is given back, so that it does not hide what is needed. None on other systems. On ``cuda`` it is
    the memory of the GPU that torch's tensors take.
    """
    if device == "cuda":
        settle()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        work()
        settle()
        return torch.cuda.max_memory_allocated() - before
    try:
        ctypes.CDLL(None).malloc_trim(0)
        _RESET.write_text(_RESET_PEAK)
        before = _resident_bytes("VmRSS")
        work()
        return max(0, _resident_bytes("VmHWM") - before)
    except (OSError, AttributeError):
        return None


def _resident_bytes(key: str) -> int:
    found = re.search(rf"^{key}:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    if found is None:
        raise OSError(f"{_STATUS} has no {key}")
    return 1024 * int(found[1])
