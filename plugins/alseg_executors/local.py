"""Several processes of this machine, side by side."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from alseg import AlsegError
from alseg.contracts import Standing, WorkUnit

MOST_PROCESSES = 1024
CLOSING_SECONDS = 60.0
"""How long units may save when the executor is closed while they work."""


def build_local(*, address: str | None) -> LocalExecutor:
    """Return an executor that does ``address`` units at a time.

    Raises:
        AlsegError: If the address is no number of processes.
    """
    digits = (address or "").strip()
    if not (digits.isascii() and digits.isdigit() and 1 <= int(digits[:9]) <= MOST_PROCESSES):
        given = "no number" if address is None else repr(address)
        raise AlsegError(
            f"Executor 'local' needs a number of processes from 1 to {MOST_PROCESSES:,}, got {given}. "
            "Write local:4, for instance."
        )
    return LocalExecutor(int(digits))


@dataclass(eq=False)
class _Job:
    """A unit in this process's hands.

    Attributes:
        unit: The unit.
        after: Ids that must be gone before.
        slot: Which of the places it works in.
        process: Once it was started.
        kill_at: When it is killed, of `time.monotonic`.
        gone: How it ended; empty before.
    """

    unit: WorkUnit
    after: tuple[str, ...]
    slot: int = 0
    process: subprocess.Popen[bytes] | None = None
    kill_at: float | None = None
    gone: str = field(default="")


class LocalExecutor:
    """Does a number of units at a time, each in a process of its own that ends with this one.

    Args:
        count: How many.
        command: What a process is; it is given the unit as one line of JSON on standard input, which then
            stays open for as long as the unit may work.
    """

    outlives = False

    def __init__(self, count: int, command: Sequence[str] | None = None) -> None:
        self._count = count
        self._command = list(command or (sys.executable, "-m", "alseg", "work", "-", "--until-eof"))
        self._jobs: dict[str, _Job] = {}
        self._host = socket.gethostname()

    def submit(self, unit: WorkUnit, after: Sequence[str]) -> str:
        """Put a unit into the queue, and start it if there is a place."""
        name = f"{os.getpid()}-{len(self._jobs) + 1}"
        self._jobs[name] = _Job(unit, tuple(after))
        self._go_on()
        return name

    def poll(self, ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return where units stand."""
        self._go_on()
        return {name: self._standing(self._jobs.get(name)) for name in ids}

    def cancel(self, ids: Sequence[str], grace: float) -> None:
        """Ask processes to save and end; they are killed once ``grace`` seconds are over."""
        for job in (self._jobs[name] for name in ids if name in self._jobs):
            if job.gone:
                continue
            if job.process is None:
                job.gone = "cancelled"
                continue
            if grace > 0:
                with suppress(ProcessLookupError):
                    job.process.terminate()
            job.kill_at = time.monotonic() + grace
        self._go_on()

    def close(self) -> None:
        """End what still works, which saves first."""
        self.cancel(list(self._jobs), CLOSING_SECONDS)
        while any(not job.gone for job in self._jobs.values()):
            self._go_on()
            time.sleep(0.05)

    def _standing(self, job: _Job | None) -> Standing:
        if job is None:
            return Standing(state="gone", reason="unknown to this process")
        if job.gone:
            return Standing(state="gone", host=self._host, reason=job.gone)
        if job.process is None:
            return Standing(state="waiting")
        return Standing(state="working", host=self._host)

    def _go_on(self) -> None:
        """See which processes have ended or are to be killed, and start units in free places."""
        working = [job for job in self._jobs.values() if job.process is not None and not job.gone]
        for job in working:
            _look_after(job)
        taken = {job.slot for job in working if not job.gone}
        free = [slot for slot in range(self._count) if slot not in taken]
        for job in self._jobs.values():
            if not free:
                return
            if job.process is None and not job.gone and all(self._is_gone(name) for name in job.after):
                job.slot = free.pop(0)
                self._start(job)

    def _is_gone(self, name: str) -> bool:
        job = self._jobs.get(name)
        return job is None or bool(job.gone)

    def _start(self, job: _Job) -> None:
        """Start a process; what it prints is kept beside the experiment."""
        unit = job.unit
        folder = Path(unit.experiment).parent / "units"
        try:
            folder.mkdir(exist_ok=True)
            with (folder / f"{unit.key}.log").open("ab") as log:
                # A session of its own: Ctrl-C reaches the process that submits, which decides.
                job.process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    env={**os.environ, **self._environment(job)},
                )
        except OSError as error:
            job.gone = f"could not be started: {error}"
            return
        with suppress(BrokenPipeError):  # it has ended already
            _stdin(job.process).write(f"{json.dumps(unit.as_json())}\n".encode())
            _stdin(job.process).flush()

    def _environment(self, job: _Job) -> dict[str, str]:
        """Return a unit's share of the machine: threads, and a GPU."""
        needs = job.unit.needs
        threads = needs.cpus or max(1, _all_threads() // self._count)
        found = {"OMP_NUM_THREADS": str(threads)}
        devices = _devices() if needs.devices else []
        if devices:
            found["CUDA_VISIBLE_DEVICES"] = devices[job.slot % len(devices)]
        return found


def _look_after(job: _Job) -> None:
    """Note the end of a process, or bring it about."""
    process = job.process
    assert process is not None
    if process.poll() is None and job.kill_at is not None and time.monotonic() >= job.kill_at:
        process.kill()
        process.wait()
    code = process.poll()
    if code is not None:
        with suppress(OSError):
            _stdin(process).close()
        job.gone = f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def _stdin(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin


def _all_threads() -> int:
    """Return how many threads all processes may have together."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isascii() and given.isdigit() and int(given) > 0:
        return int(given)
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _devices() -> list[str]:
    """Return the GPUs that this process may use, as ``CUDA_VISIBLE_DEVICES`` names them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip()]
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]
