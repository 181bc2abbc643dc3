"""When units are done on a number of devices: list scheduling, event by event."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

from alseg.errors import AlsegError


@dataclass(frozen=True, kw_only=True)
class Job:
    """A unit as the schedule sees it.

    Attributes:
        key: Name.
        after: Keys of jobs that must have ended before; all come earlier in a list of jobs.
        devices: Devices that it takes as long as it works, at least 1.
        start: Seconds that its process takes to begin, each time.
        work: Seconds after that.
    """

    key: str
    after: tuple[str, ...] = ()
    devices: int = 1
    start: float = 0.0
    work: float = 0.0


@dataclass(frozen=True, kw_only=True)
class TimeLimit:
    """A limit on each job of a queue: what is not done then is saved, submitted again and goes on.

    Attributes:
        seconds: How long a job may take, from the beginning of its process.
        delay: Seconds from its end until it may begin again.
    """

    seconds: float
    delay: float


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Jobs on devices.

    Attributes:
        devices: How many there are.
        wall: Seconds from the first start to the last end.
        busy: Device-seconds in which jobs had devices.
        ends: Key of each job to the second in which it ends.
    """

    devices: int
    wall: float
    busy: float
    ends: dict[str, float]

    @property
    def utilisation(self) -> float:
        """Share of the devices' time in which they were busy, 0 to 1."""
        return self.busy / (self.devices * self.wall) if self.wall else 0.0

    @property
    def speed_up(self) -> float:
        """How many times the devices are as fast as one that does everything."""
        return self.busy / self.wall if self.wall else 1.0


def pieces(job: Job, limit: TimeLimit | None) -> list[float]:
    """Return the seconds of each process that it takes to do a job, starts included.

    Raises:
        AlsegError: If a process has begun only when its time is over.
    """
    if limit is None or job.start + job.work <= limit.seconds:
        return [job.start + job.work]
    useful = limit.seconds - job.start
    if useful <= 0:
        raise AlsegError(
            f"--minutes {limit.seconds / 60:g} leaves no time for work: a process takes {job.start:g} "
            "seconds to begin. Give more minutes."
        )
    count = math.ceil(job.work / useful - 1e-9)
    return [limit.seconds] * (count - 1) + [job.start + job.work - useful * (count - 1)]


def busy_seconds(job: Job, limit: TimeLimit | None = None) -> float:
    """Return the device-seconds of a job."""
    return job.devices * sum(pieces(job, limit))


def simulate(jobs: Sequence[Job], devices: int, limit: TimeLimit | None = None) -> Schedule:
    """Do jobs in their order, each as soon as those before it have ended and its devices are free.

    A job that needs fewer devices may overtake one that still waits for more, as queues let it.

    Args:
        jobs: Those before others first.
        devices: How many there are.
        limit: On each process; None without.

    Raises:
        AlsegError: If a job needs more devices than there are, or the limit leaves no time for work.
    """
    largest = max(jobs, key=lambda job: job.devices, default=None)
    if largest is not None and largest.devices > devices:
        raise AlsegError(
            f"A unit needs {largest.devices} devices, and there are {devices}. Give more with --gpus, or "
            "lower settings.devices and settings.nodes."
        )
    left = {job.key: list(reversed(pieces(job, limit))) for job in jobs}
    place = {job.key: number for number, job in enumerate(jobs)}
    blocked = {job.key: {key for key in job.after if key in place} for job in jobs}
    ready = [number for number, job in enumerate(jobs) if not blocked[job.key]]
    ends: dict[str, float] = {}
    events: list[tuple[float, int, bool]] = []  # second, place of a job, whether it frees its devices
    now, free, busy = 0.0, devices, 0.0
    while ready or events:
        for number in sorted(ready):
            job = jobs[number]
            if job.devices <= free:
                seconds = left[job.key].pop()
                free, busy = free - job.devices, busy + job.devices * seconds
                heapq.heappush(events, (now + seconds, number, True))
                ready.remove(number)
        now = events[0][0]
        while events and events[0][0] == now:
            _, number, frees = heapq.heappop(events)
            job = jobs[number]
            if not frees:
                ready.append(number)
                continue
            free += job.devices
            if left[job.key]:
                assert limit is not None
                heapq.heappush(events, (now + limit.delay, number, False))
                continue
            ends[job.key] = now
            for other in jobs:
                if job.key in blocked[other.key]:
                    blocked[other.key].remove(job.key)
                    if not blocked[other.key]:
                        ready.append(place[other.key])
    return Schedule(devices=devices, wall=now, busy=busy, ends=ends)


def critical_path(jobs: Sequence[Job], limit: TimeLimit | None = None) -> tuple[list[str], float]:
    """Return the jobs that take longest one after the other, first to last, and their seconds.

    With as many devices as anybody wants, the jobs take this long together.

    Args:
        jobs: Those before others first.
        limit: On each process; None without.
    """
    found: dict[str, tuple[float, str | None]] = {}
    for job in jobs:
        before = max((key for key in job.after if key in found), key=lambda key: found[key][0], default=None)
        parts = pieces(job, limit)
        waits = (len(parts) - 1) * (limit.delay if limit else 0.0)
        found[job.key] = (sum(parts) + waits + (found[before][0] if before else 0.0), before)
    key: str | None = max(found, key=lambda each: found[each][0], default=None)
    seconds = found[key][0] if key else 0.0
    path: list[str] = []
    while key is not None:
        path.append(key)
        key = found[key][1]
    return path[::-1], seconds
