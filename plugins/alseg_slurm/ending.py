"""Ending jobs: those that wait at once, those that work after they have saved."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence

from alseg_slurm.states import place_of

AGAIN_SECONDS = 3.0
"""After which jobs are told again: one may only have begun since, or the controller was busy."""

COMMAND_SECONDS = 20.0


class Ending:
    """The jobs that are to end."""

    def __init__(self) -> None:
        self._kill_at: dict[str, float] = {}
        self._told = float("-inf")

    @property
    def is_due(self) -> bool:
        """Whether anything is to end."""
        return bool(self._kill_at)

    def begin(self, ids: Sequence[str], grace: float) -> None:
        """Take jobs that are to end.

        Args:
            ids: Of the units.
            grace: Seconds until they are killed.
        """
        self._told = float("-inf")
        self._kill_at.update(dict.fromkeys(ids, time.monotonic() + grace))

    def go_on(self, ids: Sequence[str], job_of: Callable[[str], str | None]) -> None:
        """Tell jobs to end, again and again until they have.

        Args:
            ids: Of units that are not gone.
            job_of: Returns SLURM's number of the array of an id, None for one that has none.
        """
        now = time.monotonic()
        if now - self._told < AGAIN_SECONDS:
            return
        self._told = now
        ending = [unit_id for unit_id in ids if unit_id in self._kill_at]
        saving = _elements([unit_id for unit_id in ending if self._kill_at[unit_id] > now], job_of)
        killed = _elements([unit_id for unit_id in ending if self._kill_at[unit_id] <= now], job_of)
        if saving:
            _scancel("--state=PENDING", *saving)
            # To the steps of jobs, so to units themselves: the script, and srun, would end without them.
            _scancel("--signal=TERM", *saving)
        if killed:
            _scancel("--signal=KILL", *killed)
            _scancel(*killed)


def _elements(ids: Sequence[str], job_of: Callable[[str], str | None]) -> list[str]:
    """Return jobs of arrays as scancel names them, such as ``12_[0,3]``."""
    places: dict[str, list[int]] = {}
    for unit_id in ids:
        job = job_of(unit_id)
        if job is not None:
            places.setdefault(job, []).append(place_of(unit_id))
    return [f"{job}_[{','.join(map(str, sorted(found)))}]" for job, found in places.items()]


def _scancel(*arguments: str) -> None:
    """Call scancel; it complains of jobs that have ended meanwhile, and the queue tells how all ended."""
    try:
        subprocess.run(
            ["scancel", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        return
