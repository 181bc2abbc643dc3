"""How torch's threads on the processor wait for each other: chosen before torch is imported.

OpenMP's threads wait for each other hundreds of times in a training step. GNU's library, which torch's wheels
for Linux bring along, lets them spin for 300,000 rounds, some milliseconds, before they sleep. On idle cores
that is quick. Beside other busy processes a thread spins away the time slice of the thread that it waits for,
and a step takes many times as long. A short spin costs next to nothing on idle cores and hands over quickly
on busy ones, so that nothing must be known of the load in the hours to come.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

SPINS = 1000
"""Rounds, of some tens of nanoseconds, that a thread spins before it sleeps."""

SPIN_VARIABLE = "GOMP_SPINCOUNT"

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OMP_THREAD_LIMIT")
"""What users say with them about the number of threads is not touched."""

WAIT_VARIABLES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY", "OMP_DYNAMIC")
"""The same about how they wait."""


@dataclass(frozen=True)
class Machine:
    """What of the machine this process may use.

    Attributes:
        cores: Cores that it may run on.
        quota: Cores' worth of time that its container or job may use; None for no limit.
        busy: How many of the cores were busy with other work just now; None where the system does not tell.
    """

    cores: int
    quota: float | None = None
    busy: float | None = None


@dataclass(frozen=True)
class Choice:
    """How threads work, and why.

    Attributes:
        machine: What there was.
        environment: Variables that alseg has set.
        given: Variables that the user had set.
        reason: In words.
    """

    machine: Machine
    environment: Mapping[str, str]
    given: Mapping[str, str]
    reason: str

    def text(self, threads: int) -> str:
        """Return one line for people.

        Args:
            threads: That torch uses.
        """
        machine = self.machine
        parts = [f"{threads} on {machine.cores} core{'' if machine.cores == 1 else 's'}"]
        if machine.quota is not None:
            parts.append(f"limited to {machine.quota:g} by the container")
        if machine.busy is not None:
            parts.append(f"{machine.busy:.1f} busy with other work")
        return f"threads: {', '.join(parts)}; {self.reason}"

    def as_json(self) -> dict[str, Any]:
        """Return everything, for records."""
        return {
            "cores": self.machine.cores,
            "quota": self.machine.quota,
            "busy_at_start": None if self.machine.busy is None else round(self.machine.busy, 2),
            "set": dict(self.environment),
            "given": dict(self.given),
            "reason": self.reason,
        }


def choose(machine: Machine, environ: Mapping[str, str], *, gnu: bool) -> Choice:
    """Decide how threads work.

    Args:
        machine: What there is.
        environ: Variables of the environment; what they say is kept.
        gnu: Whether torch comes with GNU's OpenMP library. Others yield by themselves.
    """
    given = {name: environ[name] for name in (*THREAD_VARIABLES, *WAIT_VARIABLES) if environ.get(name)}
    chosen: dict[str, str] = {}
    reasons = []
    said = [f"{name}={given[name]}" for name in WAIT_VARIABLES if name in given]
    if said:
        reasons.append(f"they wait as {' and '.join(said)} says")
    elif gnu:
        chosen[SPIN_VARIABLE] = str(SPINS)
        reasons.append(
            f"they spin for {SPINS:,} rounds, then sleep, so that busy cores do not slow them down"
        )
    else:
        reasons.append("they wait as their library does")
    limit = None if machine.quota is None else max(1, math.floor(machine.quota))
    if limit is not None and limit < machine.cores and not any(name in given for name in THREAD_VARIABLES):
        chosen["OMP_NUM_THREADS"] = str(limit)
        reasons.append("as many as the container's limit is worth")
    return Choice(machine, chosen, given, "; ".join(reasons))


_made: list[Choice] = []
"""The choice of this process, once it is made."""


def prepare(environ: MutableMapping[str, str] = os.environ) -> Choice:
    """Choose, and tell OpenMP by the environment; to be called before torch is imported.

    Where torch is there already nothing can be changed any more.
    """
    late = "torch" in sys.modules
    choice = choose(look(), environ, gnu=sys.platform == "linux" and not late)
    if late:
        choice = replace(choice, environment={})
    environ.update(choice.environment)
    _made[:] = [choice]
    return choice


def chosen() -> Choice:
    """Return what `prepare` chose; where it was never called, what the environment says."""
    return _made[0] if _made else choose(look(), os.environ, gnu=False)


# ----------------------------------------------------------------------------------------------------
# What the system tells


def look(root: Path = Path("/")) -> Machine:
    """Return what of the machine this process may use.

    Args:
        root: Below it are ``proc`` and ``sys``; for tests.
    """
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    allowed = affinity(0) if affinity else set(range(os.cpu_count() or 1))
    return Machine(len(allowed), _quota(root), _busy(root, len(allowed)))


def _busy(root: Path, cores: int) -> float | None:
    """Return how many cores others keep busy, from the load average of the last minute; at most all."""
    try:
        load = float((root / "proc/loadavg").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return min(load, float(cores))


def _quota(root: Path) -> float | None:
    """Return the tightest CPU limit of the control groups this process is in, in cores."""
    limits = []
    for folder in _group_folders(root):
        for limit in (_limit_v2(folder), _limit_v1(folder)):
            if limit is not None:
                limits.append(limit)
    return min(limits, default=None)


def _group_folders(root: Path) -> list[Path]:
    """Return where the limits of this process's control groups and those above may be found."""
    mount = root / "sys/fs/cgroup"
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    folders = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        base = mount if not controllers else mount / controllers
        if controllers and "cpu" not in controllers.split(","):
            continue
        inner = Path(path.lstrip("/"))
        # Inside a container the path is often that of the host, and the mount begins at the group itself.
        folders += [base, *(base / part for part in (inner, *inner.parents) if part != Path())]
    return folders


def _limit_v2(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _limit_v1(folder: Path) -> float | None:
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text(encoding="ascii"))
        period = int((folder / "cpu.cfs_period_us").read_text(encoding="ascii"))
        return quota / period if quota > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None
