"""Units on the machines of a cluster, seen from the process that submits them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alseg import AlsegError
from alseg.contracts import Standing, WorkUnit
from alseg_ray.places import Cluster, Place, Share, why_no_room

CLOSING_SECONDS = 60.0
"""How long units may save when the executor is closed while they work."""

DEAF_SECONDS = 15.0
"""Past the grace, the cluster itself ends what has not told its end by then."""


@dataclass(eq=False)
class _Job:
    """A submitted unit.

    Attributes:
        unit: The unit.
        share: What it gets.
        after: Ids that must be gone before.
        place: Once the cluster has it.
        host: Where it works or worked.
        kill_at: When the cluster ends it, of `time.monotonic`.
        cancelled: Whether it was to be taken out of the queue.
        gone: How it ended; empty before.
    """

    unit: WorkUnit
    share: Share
    after: tuple[str, ...]
    place: Place | None = None
    host: str = ""
    kill_at: float | None = None
    cancelled: bool = False
    gone: str = ""


class RayExecutor:
    """Has units done by a cluster, which ends them when this process ends.

    Args:
        cluster: The cluster; joined when the first unit is submitted.
        cpus: Cores of a unit that does not say how many it needs.
        gpu_share: Part of a GPU for each GPU that a unit needs.
        grows: Whether the cluster adds machines that are missing.
    """

    outlives = False

    def __init__(
        self, cluster: Cluster, *, cpus: int = 1, gpu_share: float = 1.0, grows: bool = False
    ) -> None:
        self._cluster = cluster
        self._cpus = cpus
        self._gpu_share = gpu_share
        self._grows = grows
        self._jobs: dict[str, _Job] = {}
        self._hosts: dict[str, str] = {}

    def submit(self, unit: WorkUnit, after: Sequence[str]) -> str:
        """Hand a unit to the cluster once those before it are gone.

        Raises:
            AlsegError: If the cluster cannot be joined, or no machine of it can do the unit.
        """
        name = str(len(self._jobs) + 1)
        self._jobs[name] = _Job(unit, self._share_of(unit), tuple(after))
        self._go_on()
        return name

    def poll(self, ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return where units stand."""
        self._go_on()
        return {name: _standing(self._jobs.get(name)) for name in ids}

    def cancel(self, ids: Sequence[str], grace: float) -> None:
        """Ask processes to save and end; they are killed once ``grace`` seconds are over."""
        for job in (self._jobs[name] for name in ids if name in self._jobs):
            if job.place is not None and not job.gone:
                self._look_at(job, job.place)
            if job.gone:
                continue
            if job.place is None:
                job.gone = "cancelled"
            elif not job.host:
                job.cancelled = True
                job.place.kill()
            else:
                job.place.stop(grace)
                end = time.monotonic() + grace + DEAF_SECONDS
                job.kill_at = end if job.kill_at is None else min(end, job.kill_at)

    def close(self) -> None:
        """End what still works, which saves first, and leave the cluster."""
        self.cancel(list(self._jobs), CLOSING_SECONDS)
        while any(not job.gone for job in self._jobs.values()):
            self._go_on()
            time.sleep(0.05)
        self._cluster.close()

    def _share_of(self, unit: WorkUnit) -> Share:
        """Return what a unit is to have.

        Raises:
            AlsegError: If no machine has it.
        """
        needs, machines = unit.needs, self._cluster.machines()
        if needs.nodes > 1:
            raise AlsegError(
                f"Executor 'ray' does a run on one machine, and settings.nodes is {needs.nodes}. "
                "Set it to 1, or choose another executor, such as slurm."
            )
        with_gpus = self._grows or any(machine.has.gpus for machine in machines)
        share = Share(
            cpus=(needs.cpus or self._cpus) * needs.processes,
            gpus=needs.devices * self._gpu_share if with_gpus else 0.0,
            memory=int((needs.memory_gib or 0) * 2**30),
        )
        if not self._grows and not any(machine.fits(share) for machine in machines):
            raise AlsegError(why_no_room(share, machines))
        return share

    def _go_on(self) -> None:
        """See where units are and which have ended, and hand on those whose turn it is."""
        for job in self._jobs.values():
            if job.place is not None and not job.gone:
                self._look_at(job, job.place)
        for job in self._jobs.values():
            if job.place is None and not job.gone and all(self._is_gone(name) for name in job.after):
                job.place = self._cluster.begin(job.unit, job.share)

    def _look_at(self, job: _Job, place: Place) -> None:
        if not job.host and (machine := place.machine()) is not None:
            job.host = self._host(machine)
        ended = place.end()
        if ended is not None:
            job.gone = "cancelled" if job.cancelled else ended
        elif job.kill_at is not None and time.monotonic() >= job.kill_at:
            place.kill()

    def _is_gone(self, name: str) -> bool:
        job = self._jobs.get(name)
        return job is None or bool(job.gone)

    def _host(self, machine: str) -> str:
        """Return the name of a machine; its id where the cluster has lost it already."""
        if machine not in self._hosts:
            self._hosts |= {each.id: each.host for each in self._cluster.machines()}
        return self._hosts.get(machine, machine)


def _standing(job: _Job | None) -> Standing:
    if job is None:
        return Standing(state="gone", reason="unknown to this process")
    if job.gone:
        return Standing(state="gone", host=job.host, reason=job.gone)
    return Standing(state="working" if job.host else "waiting", host=job.host)
