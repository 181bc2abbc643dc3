"""Several processes of this machine, side by side."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alseg import AlsegError
from alseg.contracts import Standing, WorkUnit
from alseg_executors.processes import ALSEG_WORK, ForkServer, StartedProcess, UnitProcess

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
    process: UnitProcess | None = None
    kill_at: float | None = None
    gone: str = field(default="")


class LocalExecutor:
    """Does a number of units at a time, each in a process of its own that ends with this one.

    On Linux without a GPU, processes are copies of one that has imported torch and the plugins already: what
    CUDA sets up in a process cannot be copied.

    Args:
        count: How many.
        command: What a process is; without it, ``alseg work``. It is given the unit as one line of JSON on
            standard input, which then stays open for as long as the unit may work.
    """

    outlives = False

    def __init__(self, count: int, command: Sequence[str] | None = None) -> None:
        self._count = count
        self._command = command
        self._jobs: dict[str, _Job] = {}
        self._servers: dict[str, ForkServer] = {}
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
        kill_at = time.monotonic() + grace
        for job in (self._jobs[name] for name in ids if name in self._jobs):
            if job.gone:
                continue
            if job.process is None:
                job.gone = "cancelled"
                continue
            if grace > 0:
                job.process.send(signal.SIGTERM)
            job.kill_at = kill_at if job.kill_at is None else min(kill_at, job.kill_at)
        self._go_on()

    def close(self) -> None:
        """End what still works, which saves first."""
        self.cancel(list(self._jobs), CLOSING_SECONDS)
        while any(not job.gone for job in self._jobs.values()):
            self._go_on()
            time.sleep(0.02)
        for server in self._servers.values():
            server.close()

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
        log = Path(job.unit.experiment).parent / "units" / f"{job.unit.key}.log"
        needs = job.unit.needs
        threads = str(needs.cpus or max(1, _all_threads() // self._count))
        devices = _devices() if needs.devices else []
        environment = {"OMP_NUM_THREADS": threads}
        if devices:
            places = range(job.slot * needs.devices, (job.slot + 1) * needs.devices)
            own = dict.fromkeys(devices[place % len(devices)] for place in places)
            environment["CUDA_VISIBLE_DEVICES"] = ",".join(own)
        try:
            log.parent.mkdir(exist_ok=True)
            server = None if self._command or devices else self._server(threads)
            if server is not None:
                job.process = server.start(job.unit, log, environment)
            else:
                command = self._command or (sys.executable, "-m", *ALSEG_WORK)
                job.process = StartedProcess(command, job.unit, log, environment)
        except OSError as error:
            job.gone = f"could not be started: {error}"

    def _server(self, threads: str) -> ForkServer | None:
        """Return the process that is copied for units with so many threads; None where there is none."""
        if sys.platform != "linux":  # elsewhere, libraries of the system do not survive it
            return None
        if threads not in self._servers:
            self._servers[threads] = ForkServer({"OMP_NUM_THREADS": threads})
        server = self._servers[threads]
        server.look()
        return server if server.works else None


def _look_after(job: _Job) -> None:
    """Note the end of a process, or bring it about."""
    assert job.process is not None
    if job.kill_at is not None and time.monotonic() >= job.kill_at:
        job.process.send(signal.SIGKILL)
    job.gone = job.process.ended() or ""


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
