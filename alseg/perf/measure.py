"""Measuring time and memory."""

from __future__ import annotations

import ctypes
import gc
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from alseg.perf.result import Spread

Work = Callable[[], object]

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"


def alternate(sides: Mapping[str, Work], repeats: int) -> dict[str, Spread]:
    """Time several ways of doing something, see `alternate_with_faults`."""
    return alternate_with_faults(sides, repeats)[0]


def alternate_with_faults(
    sides: Mapping[str, Work], repeats: int
) -> tuple[dict[str, Spread], dict[str, Spread]]:
    """Time several ways of doing something, all of them in every turn, and count minor page faults.

    What slows down the machine for a while then slows down all sides; ratios within a turn hardly move.

    Args:
        sides: Name to work. Each is done once beforehand, untimed.
        repeats: Turns.

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
            before = _minor_faults()
            started = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - started)
            faults[name].append(_minor_faults() - before)
    return (
        {name: Spread(values) for name, values in seconds.items()},
        {name: Spread(values) for name, values in faults.items()},
    )


def _minor_faults() -> int:
    try:
        import resource  # not on Windows
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def peak_extra_bytes(work: Work) -> int | None:
    """Return how much more memory the process held at most while doing something than before.

    The peak of the resident memory, which Linux keeps, is set back first, and memory that was freed but kept
    for later is given back, so that it does not hide what is needed. None on other systems.
    """
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
