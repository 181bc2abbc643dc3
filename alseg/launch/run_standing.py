"""Where one unit stands, from what its folder, its signs of life, its ending and the dispatcher say.

What the run's own folder says counts first, then its sign of life, then its ending, then the dispatcher.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alseg.config.specs import RunSpec
from alseg.launch.standings import UnitStanding, UnitState
from alseg.storage.live import Live
from alseg.storage.lock import noted_holder
from alseg.storage.rereading import Sighting
from alseg.storage.status_file import StatusFile, telling_line
from alseg.storage.unit_files import UNITS_NAME, Submission, UnitEnding
from alseg.system.processes import is_alive

SILENT_SECONDS = 120.0
"""After this long without a sign of life, a process is said to be silent; it gives one each ten seconds."""

_STATES = {
    "done": UnitState.DONE,
    "failed": UnitState.FAILED,
    "skipped": UnitState.SKIPPED,
    "waiting": UnitState.FOR_PEOPLE,
    "interrupted": UnitState.INTERRUPTED,
}


@dataclass(frozen=True, kw_only=True)
class RunSight:
    """What there is to see of a unit.

    Attributes:
        root: The experiment's folder.
        key: Its key.
        folder: Of the run, or of the shared unit.
        spec: What the experiment asks for; None where it does not, or cannot be read.
        status: The run's ``status.json``; None for a shared unit.
        live: Its ``live.json``, where that may be a sign of life.
        ending: Looks at ``units/KEY.json``.
        submission: Its place in an executor that somebody sees to; None where it has none.
        after: Keys of units that it waits for; None unless it is to be submitted or waits for some.
        executor: As ``--on`` names it.
    """

    root: Path
    key: str
    folder: Path
    spec: RunSpec | None = None
    status: Sighting | None = None
    live: Sighting | None = None
    ending: Callable[[], Sighting]
    submission: Submission | None = None
    after: Sequence[str] | None = None
    executor: str = ""


def standing_of_run(sight: RunSight) -> UnitStanding:
    """Return where a run stands, without the time it has left."""
    spec, status = sight.spec, _status(sight)
    known: dict[str, Any] = {"key": sight.key, "tries": sight.submission.tries if sight.submission else 1}
    if spec is not None:
        known |= {"method": spec.method.label, "seed": spec.seed, "rounds": len(spec.rounds)}
    if sight.status is not None and sight.status.exists and status is None:
        return UnitStanding(**known, state=UnitState.DAMAGED, why="its status.json cannot be read")
    if status is not None and status.state in ("done", "skipped"):
        why = status.reason or "" if status.state == "skipped" else ""
        return UnitStanding(**known, state=_STATES[status.state], why=telling_line(why))
    if status is not None:
        known["round"] = _round_at_work(status, known.get("rounds"))
    if status is not None and status.state == "running" and sight.live is not None:
        found = _alive(sight, known)
        if found is not None:
            return found
    if (sight.submission is not None or sight.after is not None) and not _is_ending(sight):
        return _submitted(sight, known)
    return _settled(sight, status, known)


def _round_at_work(status: StatusFile, rounds: int | None) -> int:
    """Return the round after the last committed one; the last one still while what follows it is done."""
    following = 0 if status.round is None else status.round + 1
    return following if rounds is None else min(following, rounds)


def standing_of_shared(sight: RunSight) -> UnitStanding | None:
    """Return where a shared unit stands; None where it is done, or was stopped.

    Args:
        sight: What there is to see of it.
    """
    known: dict[str, Any] = {"key": sight.key, "tries": sight.submission.tries if sight.submission else 1}
    found = _alive(sight, known)
    if found is not None:
        return found
    if sight.submission is not None and not _is_ending(sight):
        return _submitted(sight, known)
    ending = sight.ending().content
    if isinstance(ending, UnitEnding) and ending.state == "failed":
        return _failed(sight, ending, known, sight.folder / "log.txt")
    return None


def _status(sight: RunSight) -> StatusFile | None:
    content = None if sight.status is None else sight.status.content
    return content if isinstance(content, StatusFile) else None


def _alive(sight: RunSight, known: dict[str, Any]) -> UnitStanding | None:
    """Return where a unit stands that has given a sign of life; None where none is left, or it is old."""
    live = None if sight.live is None else sight.live.content
    if not isinstance(live, Live) or sight.live is None:
        return None
    if live.host == socket.gethostname() and not is_alive(live.pid):
        return None
    age = sight.live.age()
    is_silent = age > SILENT_SECONDS
    return UnitStanding(
        **known,
        state=UnitState.SILENT if is_silent else UnitState.AT_WORK,
        host=live.host,
        pid=live.pid,
        phase=live.phase,
        done=live.done,
        total=live.total,
        silent_seconds=age if is_silent else 0.0,
    )


def _is_ending(sight: RunSight) -> bool:
    """Whether the unit has said how it ended and its process is about to end; once for each try."""
    return bool(sight.submission is not None and sight.submission.host and sight.ending().exists)


def _submitted(sight: RunSight, known: dict[str, Any]) -> UnitStanding:
    """Return where a unit stands that an executor has, or is to have."""
    if sight.submission is not None and sight.submission.host:
        return UnitStanding(**known, state=UnitState.STARTING, host=sight.submission.host)
    why = ", ".join(sight.after or ()) or f"a free place in {sight.executor}"
    return UnitStanding(**known, state=UnitState.WAITING, why=why)


def _settled(sight: RunSight, status: StatusFile | None, known: dict[str, Any]) -> UnitStanding:
    """Return where a run stands that no dispatcher sees to and that gives no sign of life."""
    seen = sight.ending()
    ending = seen.content if isinstance(seen.content, UnitEnding) else None
    is_newer = sight.status is None or seen.written >= sight.status.written
    if ending is not None and ending.state == "failed" and is_newer:
        has_failed = status is not None and status.state == "failed"
        printed = sight.root / UNITS_NAME / f"{sight.key}.log"
        return _failed(sight, ending, known, sight.folder / "log.txt" if has_failed else printed)
    if status is None:
        return UnitStanding(**{**known, "round": None}, state=UnitState.NOT_BEGUN)
    if status.state == "running":
        return _without_sign(sight, known)
    why = telling_line(status.error or status.reason or "")
    own_log = sight.folder / "log.txt" if status.state == "failed" else None
    return UnitStanding(**known, state=_STATES[status.state], why=why, log=own_log)


def _without_sign(sight: RunSight, known: dict[str, Any]) -> UnitStanding:
    """Return where a run stands that has begun and says nothing: it begins right now, or has been killed."""
    holder = noted_holder(sight.folder / ".lock")
    age = 0.0 if sight.status is None else sight.status.age()
    if holder is None:
        return UnitStanding(**known, state=UnitState.KILLED if age > SILENT_SECONDS else UnitState.STARTING)
    if holder.has_ended:
        return UnitStanding(**known, state=UnitState.KILLED)
    where: dict[str, Any] = {"host": holder.host, "pid": holder.pid}
    if age > SILENT_SECONDS:
        return UnitStanding(**known, **where, state=UnitState.SILENT, silent_seconds=age)
    return UnitStanding(**known, **where, state=UnitState.STARTING)


def _failed(sight: RunSight, ending: UnitEnding, known: dict[str, Any], log: Path) -> UnitStanding:
    why = telling_line(ending.reason)
    return UnitStanding(**known, state=UnitState.FAILED, host=ending.host, why=why, log=log)
