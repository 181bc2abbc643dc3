"""Several processes of this machine, side by side."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from alseg import AlsegError
from alseg.contracts import Resources, Standing, WorkUnit
from alseg_executors.processes import ALSEG_WORK, ForkServer, StartedProcess, UnitProcess, in_words

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
        environment: Variables that were set for it.
        kill_at: When it is killed, of `time.monotonic`.
        gone: How it ended; empty before.
    """

    unit: WorkUnit
    after: tuple[str, ...]
    slot: int = 0
    process: UnitProcess | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    kill_at: float | None = None
    gone: str = field(default="")


@dataclass(frozen=True)
class _FreeProcess:
    """A process that has done its unit well, in the place that it keeps.

    Attributes:
        process: The process.
        environment: Variables that were set for it.
    """

    process: UnitProcess
    environment: Mapping[str, str]


class LocalExecutor:
    """Does a number of units at a time, each place in a process of its own that ends with this one.

    A process does one unit after the other as long as they end well: what it has read and prepared serves
    the next one. After a unit that fails or is stopped, its place has a new process.

    On Linux without a GPU, processes are copies of one that has imported torch and the plugins already: what
    CUDA sets up in a process cannot be copied.

    Args:
        count: How many.
        command: What a process is; without it, ``alseg work``. It is given one unit as one line of JSON on
            standard input, which then stays open for as long as the unit may work.
    """

    outlives = False

    def __init__(self, count: int, command: Sequence[str] | None = None) -> None:
        self._count = count
        self._command = command
        self._jobs: dict[str, _Job] = {}
        self._free: dict[int, _FreeProcess] = {}
        self._servers: dict[str, ForkServer] = {}
        self._host = socket.gethostname()

    def get_ready(self, needs: Resources) -> None:
        """Import what units need, beside what this process does until it submits the first one."""
        with suppress(OSError):  # which is told when a unit is started
            if self._command is None:
                self._server(self._threads(needs))

    def wait(self, seconds: float) -> None:
        """Wait until a process has news, or for so long."""
        working = [job.process for job in self._jobs.values() if job.process is not None and not job.gone]
        news = {process.news for process in working}
        if os.name != "posix" or None in news or not news:
            time.sleep(seconds)
            return
        with selectors.DefaultSelector() as selector:
            for descriptor in news:
                assert descriptor is not None
                selector.register(descriptor, selectors.EVENT_READ)
            selector.select(seconds)

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
        for free in self._free.values():
            free.process.close()
        self._free.clear()
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
        for server in self._servers.values():
            server.look()
        working = [job for job in self._jobs.values() if job.process is not None and not job.gone]
        for job in working:
            self._look_after(job)
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

    def _look_after(self, job: _Job) -> None:
        """Note the end of a unit, or bring it about."""
        assert job.process is not None
        if job.kill_at is not None and time.monotonic() >= job.kill_at:
            job.process.send(signal.SIGKILL)
        if job.process.is_free():
            job.gone = in_words(0)
            self._free[job.slot] = _FreeProcess(job.process, job.environment)
        else:
            job.gone = job.process.ended() or ""

    def _threads(self, needs: Resources) -> str:
        return str(needs.cpus or max(1, _all_threads() // self._count))

    def _start(self, job: _Job) -> None:
        """Give a unit to the process of its place, or start one; what it prints goes to a log."""
        log = Path(job.unit.experiment).parent / "units" / f"{job.unit.key}.log"
        needs = job.unit.needs
        threads = self._threads(needs)
        devices = _devices() if needs.devices else []
        environment = {"OMP_NUM_THREADS": threads}
        if devices:
            places = range(job.slot * needs.devices, (job.slot + 1) * needs.devices)
            own = dict.fromkeys(devices[place % len(devices)] for place in places)
            environment["CUDA_VISIBLE_DEVICES"] = ",".join(own)
        job.environment = environment
        free = self._free.pop(job.slot, None)
        if free is not None and free.environment == environment and free.process.ended() is None:
            job.process = free.process
            job.process.give(job.unit)
            return
        if free is not None and free.process.ended() is None:
            free.process.close()
        try:
            log.parent.mkdir(exist_ok=True)
            server = None if self._command or devices else self._server(threads)
            if server is not None:
                job.process = server.start(job.unit, log, environment)
            else:
                command = self._command or (sys.executable, "-P", "-m", *ALSEG_WORK)
                in_turn = self._command is None and os.name == "posix"
                job.process = StartedProcess(command, job.unit, log, environment, in_turn=in_turn)
        except OSError as error:
            job.gone = f"could not be started: {error}"

    def _server(self, threads: str) -> ForkServer | None:
        """Return the process that is copied for units with so many threads; None where there is none."""
        if sys.platform != "linux":  # elsewhere, libraries of the system do not survive it
            return None
        if threads not in self._servers:
            self._servers[threads] = ForkServer({"OMP_NUM_THREADS": threads}, in_turn=True)
        server = self._servers[threads]
        server.look()
        return server if server.works else None


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
