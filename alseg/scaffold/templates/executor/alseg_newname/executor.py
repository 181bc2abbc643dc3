"""Units as processes of this machine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alseg.contracts import Standing, WorkUnit

CLOSING_SECONDS = 60.0
"""How long units may save when the executor is closed while they work."""


@dataclass(eq=False)
class _Job:
    """A unit in this process's hands.

    Attributes:
        unit: The unit.
        after: Ids that must be gone before.
        process: Once it was started.
        kill_at: When it is killed, of `time.monotonic`; None while it may go on.
        gone: How it ended; empty before.
    """

    unit: WorkUnit
    after: tuple[str, ...]
    process: subprocess.Popen[str] | None = None
    kill_at: float | None = None
    gone: str = ""


class NewnameExecutor:
    """Does a number of units at a time, each in a process that ends with this one.

    Args:
        count: How many.
    """

    outlives = False

    def __init__(self, count: int) -> None:
        self._count = count
        self._jobs: dict[str, _Job] = {}

    def submit(self, unit: WorkUnit, after: Sequence[str]) -> str:
        """Put a unit into the queue, and start it if there is a place; return its id."""
        name = f"{os.getpid()}-{len(self._jobs) + 1}"
        self._jobs[name] = _Job(unit, tuple(after))
        self._go_on()
        return name

    def poll(self, ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return where units stand, by id; called every second or so, so it must not wait."""
        self._go_on()
        return {name: self._standing(name) for name in ids}

    def cancel(self, ids: Sequence[str], grace: float) -> None:
        """Send SIGTERM, at which units save; they are killed once ``grace`` seconds are over."""
        for job in (self._jobs[name] for name in ids if not self._is_gone(name)):
            if job.process is None:
                job.gone = "cancelled"
                continue
            if grace > 0:
                job.process.send_signal(signal.SIGTERM)
            job.kill_at = time.monotonic() + grace
        self._go_on()

    def close(self) -> None:
        """End what still works, which saves first."""
        self.cancel(list(self._jobs), CLOSING_SECONDS)
        while not all(job.gone for job in self._jobs.values()):
            self._go_on()
            time.sleep(0.05)

    def _standing(self, name: str) -> Standing:
        job = self._jobs.get(name)
        if job is None:
            return Standing(state="gone", reason="unknown to this process")
        if job.gone:
            return Standing(state="gone", host=socket.gethostname(), reason=job.gone)
        if job.process is None:
            return Standing(state="waiting")
        return Standing(state="working", host=socket.gethostname())

    def _is_gone(self, name: str) -> bool:
        job = self._jobs.get(name)
        return job is None or bool(job.gone)

    def _go_on(self) -> None:
        """See which processes have ended or are to be killed, and start units in free places."""
        for job in self._jobs.values():
            if job.process is None or job.gone:
                continue
            if job.kill_at is not None and time.monotonic() >= job.kill_at:
                job.process.kill()
            code = job.process.poll()
            job.gone = "" if code is None else f"exit code {code}"
        free = self._count - sum(job.process is not None and not job.gone for job in self._jobs.values())
        for job in self._jobs.values():
            if free > 0 and job.process is None and not job.gone and all(map(self._is_gone, job.after)):
                self._start(job)
                free -= 1

    def _start(self, job: _Job) -> None:
        """Start a process; what it prints is kept beside the experiment."""
        log = Path(job.unit.experiment).parent / "units" / f"{job.unit.key}.log"
        # The unit is one line of standard input, which stays open: at its end the process saves and ends.
        command = [sys.executable, "-P", "-m", "alseg", "work", "-", "--until-eof"]
        try:
            log.parent.mkdir(exist_ok=True)
            with log.open("a", encoding="utf-8") as file:
                job.process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    text=True,
                    start_new_session=True,  # Ctrl-C reaches this process, which decides
                )
            assert job.process.stdin is not None
            job.process.stdin.write(json.dumps(job.unit.as_json()) + "\n")
            job.process.stdin.flush()
        except OSError as error:
            job.gone = f"could not be started: {error}"
