"""Stopping processes of `alseg run` that do runs themselves. No torch."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alseg.launch.standings import ExperimentStanding, UnitStanding
from alseg.storage.lock import Holder
from alseg.system.processes import ask_holder_to_stop


@dataclass(frozen=True, kw_only=True)
class Cancelled:
    """What became of a wish to cancel; neither where nothing is being done.

    Attributes:
        done: What somebody was asked, a line each.
        left: What is not done, and what to do by hand, a line each.
    """

    done: Sequence[str] = ()
    left: Sequence[str] = ()


def ask_processes(folder: Path, runs: Sequence[str], standing: ExperimentStanding) -> Cancelled:
    """Send SIGTERM to processes of this host that do runs; say of others what to do.

    Args:
        folder: The results folder.
        runs: Names of run folders; empty for all.
        standing: Where the experiment stands.
    """
    at_work: dict[Holder, list[UnitStanding]] = {}
    for unit in standing.units:
        if unit.state.goes_on and unit.pid:
            at_work.setdefault(Holder(unit.host, unit.pid), []).append(unit)
    if runs:  # one signal would stop more than these
        return Cancelled(left=[_refusal(holder, folder) for holder in at_work])
    done, left = [], []
    for holder, units in at_work.items():
        if _is_asked(holder, units, folder):
            done.append(f"{_capital(holder)} saves and stops.")
        else:
            left.append(
                f"{_capital(holder)} cannot be stopped from here. Press Ctrl-C where it was started, or give "
                f"on {holder.host}: kill -TERM {holder.pid}"
            )
    return Cancelled(done=done, left=left)


def _refusal(holder: Holder, folder: Path) -> str:
    return (
        f"{_capital(holder)} does runs one after the other, and cannot leave out a single one. "
        f"`alseg cancel {folder}` stops it; then give `alseg run` with --only."
    )


def _is_asked(holder: Holder, units: Sequence[UnitStanding], folder: Path) -> bool:
    """Whether a process was sent SIGTERM: it is of this host, and has a lock of this experiment open."""
    if holder.host != socket.gethostname():
        return False
    return any(ask_holder_to_stop(holder.pid, lock) for unit in units for lock in _locks(unit, folder))


def _locks(unit: UnitStanding, folder: Path) -> list[Path]:
    """Return the lock files that a process has open while it does a unit."""
    of_run = folder / "runs" / unit.key / ".lock"
    if of_run.exists():
        return [of_run]
    return sorted(folder.glob(f"shared*/{unit.key.partition('-')[2]}/.lock"))


def _capital(holder: Holder) -> str:
    return f"P{holder.text[1:]}"
