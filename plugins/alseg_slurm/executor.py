"""Units as jobs of a SLURM cluster.

By SLURM's own programs: submitit, which wraps them, keeps pickled code in the results folder, ignores the
SIGTERM at which a unit saves, and knows states of jobs from accounting alone.
"""

from __future__ import annotations

import re
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from alseg import AlsegError
from alseg.contracts import Standing, WorkUnit
from alseg_slurm.batch import Batch
from alseg_slurm.ending import Ending
from alseg_slurm.queue import ANSWER_SECONDS, Accounting, Queue, Snapshot
from alseg_slurm.request import JobRequest
from alseg_slurm.states import JobRecord, place_of, record_of

SUBMIT_SECONDS = 60.0
"""How long sbatch may take."""

RETRY_SECONDS = 20.0
"""After which a controller that did not answer is asked again."""

FIRST_SECONDS = 10.0
"""How long whoever asks for units of another process waits for the first answer."""

_BUSY = re.compile(
    r"unable to contact|timed out|connection refused|transport endpoint|zero bytes|temporarily|not respond",
    re.IGNORECASE,
)
"""What sbatch says where the controller is busy or starts again."""


class SlurmExecutor:
    """Submits units in arrays, one for each kind, and asks for all of them at once.

    Args:
        request: What every job asks for.
        poll_seconds: Between two looks at the queue.
    """

    outlives = True

    def __init__(self, request: JobRequest, *, poll_seconds: float = 15.0) -> None:
        self._request = request
        self._batches: dict[str, Batch] = {}
        self._queue = Queue(poll_seconds)
        self._accounting = Accounting()
        self._ending = Ending()
        self._missed: dict[str, int] = {}

    def submit(self, unit: WorkUnit, after: Sequence[str]) -> str:
        """Take a unit; it is submitted at the next look, with others of its kind."""
        before = tuple(after)
        batch = next((each for each in self._batches.values() if each.takes(unit, before)), None)
        if batch is None:
            batch = Batch(_name(unit), before)
            self._batches[batch.name] = batch
        return batch.add(unit)

    def poll(self, ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return where units stand.

        Raises:
            AlsegError: If SLURM refuses what was submitted.
        """
        snapshot = self._queue.look(hurry=self._ending.is_due)
        if snapshot is None and any(_array(unit_id) not in self._batches for unit_id in ids):
            snapshot = self._queue.wait(FIRST_SECONDS)
        if snapshot is None and self._queue.problem and not _BUSY.search(self._queue.problem):
            raise AlsegError(
                f"squeue does not work here: {self._queue.problem}. alseg needs SLURM 20.11 or newer, and a "
                "machine from which `squeue` shows your jobs."
            )
        for batch in self._batches.values():
            if batch.job is None and time.monotonic() >= batch.retry_at:
                self._send(batch, snapshot)
        standings = {unit_id: self._standing(unit_id, snapshot) for unit_id in ids}
        self._ending.go_on([unit_id for unit_id in ids if standings[unit_id].state != "gone"], self._job_of)
        return standings

    def cancel(self, ids: Sequence[str], grace: float) -> None:
        """Have units save and end; those that still work after ``grace`` seconds are killed."""
        for unit_id in ids:
            batch = self._batches.get(_array(unit_id))
            if batch is not None and batch.job is None and not batch.retry_at:
                batch.dropped.add(place_of(unit_id))
        if any(_array(unit_id) not in self._batches for unit_id in ids):
            self._queue.wait(ANSWER_SECONDS)
        self._ending.begin(ids, grace)
        self._ending.go_on(ids, self._job_of)

    def close(self) -> None:
        """End questions to SLURM; units go on."""
        self._queue.close()
        self._accounting.close()

    def _send(self, batch: Batch, snapshot: Snapshot | None) -> None:
        """Submit a batch, unless it must wait; SLURM may have it from an earlier try without an answer."""
        known = None if snapshot is None else _any_of(batch, snapshot)
        if known is not None:
            batch.job, batch.submitted = known.job, time.monotonic()
            return
        if len(batch.dropped) == len(batch.units) or (batch.retry_at and not _is_since(snapshot, batch)):
            return
        dependency = self._dependency(batch, snapshot)
        if dependency is None:
            return
        batch.submitted = time.monotonic()
        answer, problem = _sbatch(batch.command(self._request, dependency), batch.script(self._request))
        if answer is not None:
            batch.job, batch.submitted = answer, time.monotonic()
        elif problem is None or _BUSY.search(problem):
            batch.retry_at = time.monotonic() + RETRY_SECONDS
        else:
            count = len(batch.units)
            raise AlsegError(
                f"SLURM refused {count} job{'s' * (count > 1)}: {problem}. Change the parameters of the "
                "executor 'slurm' (see docs/cluster.md), and give the command again."
            )

    def _dependency(self, batch: Batch, snapshot: Snapshot | None) -> list[str] | None:
        """Return jobs that must end before; None where it is not known yet whether there are such."""
        jobs = []
        for unit_id in batch.after:
            other = self._batches.get(_array(unit_id))
            if other is not None and other.job is None:
                if place_of(unit_id) in other.dropped:
                    continue
                return None
            since = float("-inf") if other is None else other.submitted
            if (
                snapshot is not None
                and snapshot.asked > since
                and record_of(unit_id, snapshot.records) is None
            ):
                continue  # it ended so long ago that SLURM has forgotten it
            job = self._job_of(unit_id)
            if job is None:
                return None
            jobs.append(f"{job}_{place_of(unit_id)}")
        return jobs

    def _job_of(self, unit_id: str) -> str | None:
        """Return SLURM's number of the array of an id; None where nobody knows it."""
        batch = self._batches.get(_array(unit_id))
        if batch is not None:
            return batch.job
        snapshot = self._queue.snapshot
        record = None if snapshot is None else record_of(unit_id, snapshot.records)
        return None if record is None else record.job

    def _standing(self, unit_id: str, snapshot: Snapshot | None) -> Standing:
        batch = self._batches.get(_array(unit_id))
        if batch is not None and place_of(unit_id) in batch.dropped:
            return Standing(state="gone", reason="cancelled before it was submitted")
        if batch is not None and batch.job is None:
            return Standing(state="waiting", reason="not submitted yet")
        if snapshot is None or (batch is not None and snapshot.asked <= batch.submitted):
            return Standing(state="waiting")
        record = record_of(unit_id, snapshot.records)
        if record is not None:
            self._missed.pop(unit_id, None)
            return record.standing(place_of(unit_id))
        # Twice in a row, since a controller that has just started may not have read all of its state.
        if snapshot.number <= self._missed.setdefault(unit_id, snapshot.number):
            return Standing(state="waiting", reason="SLURM does not show it")
        records = self._accounting.records(_array(unit_id))
        if records is None:
            return Standing(state="waiting", reason="SLURM does not show it")
        record = record_of(unit_id, records)
        standing = None if record is None else record.standing(place_of(unit_id))
        if standing is None or standing.state != "gone":
            return Standing(state="gone", reason="SLURM no longer knows its job")
        return standing


def _name(unit: WorkUnit) -> str:
    """Return a name for an array that no other has, and by which people know the experiment."""
    experiment = re.sub(r"[^A-Za-z0-9.-]", "-", Path(unit.experiment).parent.name)[:60]
    return f"alseg-{experiment}-{uuid.uuid4().hex[:12]}"


def _array(unit_id: str) -> str:
    return unit_id.rpartition("_")[0]


def _any_of(batch: Batch, snapshot: Snapshot) -> JobRecord | None:
    """Return what the queue knows of any unit of a batch."""
    ids = [batch.name, *(f"{batch.name}_{place}" for place in range(len(batch.units)))]
    return next((snapshot.records[unit_id] for unit_id in ids if unit_id in snapshot.records), None)


def _is_since(snapshot: Snapshot | None, batch: Batch) -> bool:
    """Whether the queue was asked after the last try to submit a batch had ended."""
    return snapshot is not None and snapshot.asked >= batch.retry_at - RETRY_SECONDS


def _sbatch(command: Sequence[str], script: str) -> tuple[str | None, str | None]:
    """Return the number of the job, or what sbatch complains about; neither where it has not answered."""
    try:
        done = subprocess.run(
            command,
            input=script,
            capture_output=True,
            text=True,
            timeout=SUBMIT_SECONDS,
            start_new_session=True,  # Ctrl-C is for the process that submits
        )
    except subprocess.TimeoutExpired:
        return None, None
    if done.returncode == 0:
        return done.stdout.strip().partition(";")[0], None
    lines = [line.removeprefix("sbatch: error: ").strip() for line in done.stderr.splitlines()]
    return None, "; ".join(line for line in lines if line) or f"sbatch ended with {done.returncode}"
