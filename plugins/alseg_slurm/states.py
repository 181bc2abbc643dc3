"""What squeue and sacct say of jobs, as standings of units."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass

from alseg.contracts import Standing

SQUEUE_FORMAT = ",".join(
    f"{name}:|" for name in ("JobArrayID", "State", "exit_code", "NodeList", "Reason", "Name")
)
"""Fields of squeue, each followed by a bar and as wide as it is."""

SACCT_FORMAT = "JobID,State,ExitCode,NodeList,JobName"

_WAITING = frozenset(
    {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD"}
)

_GONE = {
    "COMPLETED": "ended",
    "FAILED": "ended",
    "CANCELLED": "cancelled",
    "TIMEOUT": "its time limit was reached",
    "DEADLINE": "its deadline was reached",
    "OUT_OF_MEMORY": "out of memory",
    "NODE_FAIL": "its node was lost",
    "BOOT_FAIL": "its node did not start",
    "LAUNCH_FAILED": "it could not be started",
    "RECONFIG_FAIL": "its node could not be set up",
    "PREEMPTED": "preempted",
    "REVOKED": "done by another cluster",
}
"""States in which a job has ended; one that is not known here counts as working."""


@dataclass(frozen=True, kw_only=True)
class JobRecord:
    """A job of an array, as SLURM tells of it.

    Attributes:
        job: Number of the array.
        state: Such as ``RUNNING``.
        exit_code: Of the script; 128 and the signal where one ended it.
        nodes: Where it works or worked.
        reason: Why it waits, or how it ended, in SLURM's words.
    """

    job: str
    state: str
    exit_code: int = 0
    nodes: str = ""
    reason: str = ""

    def standing(self, place: int) -> Standing:
        """Return where the unit at a place of the array stands."""
        if self.state in _WAITING:
            return Standing(state="waiting", reason="" if self.reason == "None" else self.reason)
        if self.state not in _GONE:
            return Standing(state="working", host=self.nodes)
        return Standing(state="gone", host=self.nodes, reason=f"{self._ending()}, job {self.job}_{place}")

    def _ending(self) -> str:
        if self.state in ("COMPLETED", "FAILED"):
            return f"exit code {self.exit_code}{_signal_words(self.exit_code)}"
        return f"{_GONE[self.state]} ({self.state})"


def read_squeue(text: str) -> dict[str, JobRecord]:
    """Return what squeue says, by id: the job's name and its place in the array.

    Where jobs of an array were cancelled before they began, SLURM has one record for all of them, without a
    place; it is kept by the name alone.
    """
    found = {}
    for line in text.splitlines():
        words = line.rstrip().split("|")
        if len(words) < 6:
            continue
        job, state, code, nodes, reason, name = words[:6]
        number, _, place = job.partition("_")
        record = JobRecord(job=number, state=state, exit_code=_exit_code(code), nodes=nodes, reason=reason)
        if place.isdecimal() or not place:
            found[f"{name}_{place}" if place else name] = record
    return found


def read_sacct(text: str) -> dict[str, JobRecord]:
    """Return what sacct says, by id as `read_squeue` does."""
    found = {}
    for line in text.splitlines():
        words = line.split("|")
        if len(words) < 5:
            continue
        job, state, code, nodes, name = words[:5]
        number, _, places = job.partition("_")
        state = state.split(" ")[0]  # CANCELLED by 1000
        nodes = "" if nodes == "None assigned" else nodes
        record = JobRecord(job=number, state=state, exit_code=_exit_code(code), nodes=nodes)
        for place in _places(places):
            found[f"{name}_{place}"] = record
    return found


def record_of(unit_id: str, records: Mapping[str, JobRecord]) -> JobRecord | None:
    """Return what is known of an id; None for nothing."""
    return records.get(unit_id) or records.get(unit_id.rpartition("_")[0])


def place_of(unit_id: str) -> int:
    """Return the place in the array of an id that this executor has given; -1 for another one."""
    place = unit_id.rpartition("_")[2]
    return int(place) if place.isdecimal() else -1


def _places(text: str) -> list[int]:
    """Return the places in ``7``, or in ``[0,2-5%4]``, as jobs are named that never began."""
    places: list[int] = []
    for part in text.partition("%")[0].strip("[]").split(","):
        first, _, last = part.partition("-")
        if first.isdecimal():
            places += range(int(first), int(last if last.isdecimal() else first) + 1)
    return places


def _exit_code(text: str) -> int:
    """Return the exit code in ``768``, the status as the system tells it, or in ``3:0``, code and signal."""
    match = re.fullmatch(r"(\d+)(?::(\d+))?", text)
    if match is None:
        return 0
    if match[2] is None:
        status = int(match[1])
        code, number = status >> 8, status & 0x7F
    else:
        code, number = int(match[1]), int(match[2])
    return 128 + number if number else code


def _signal_words(code: int) -> str:
    """Return the signal that an exit code stands for, in brackets."""
    if code <= 128:
        return ""
    try:
        return f" ({signal.Signals(code - 128).name})"
    except ValueError:
        return ""
