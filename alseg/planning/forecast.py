"""What an experiment will take: its units, what they do, and when they are done on a number of devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alseg.config.experiment import Experiment, RunSpec
from alseg.contracts import WorkUnit
from alseg.engine.assembly import Assembler
from alseg.engine.shared_training import shared_specification
from alseg.files import content_hash
from alseg.launch.needs import unmet_need, unmet_recipe_need
from alseg.launch.preflight import Plan, PlannedRun
from alseg.launch.preparation import CheckedExperiment
from alseg.launch.units import plan_units
from alseg.planning.amounts import Amounts, Measure
from alseg.planning.images import count_images
from alseg.planning.measured import Samples
from alseg.planning.rates import GivenSeconds, Rate, Rates
from alseg.planning.schedule import Job, Schedule, TimeLimit, busy_seconds, critical_path, pieces, simulate
from alseg.planning.seconds import Seconds
from alseg.registry.registry import Registry

_ENOUGH = 1.01
"""Devices bring nothing more where the wall time is at most so many times the critical path."""


@dataclass(frozen=True, kw_only=True)
class PlannedUnit:
    """A unit and what it takes.

    Attributes:
        unit: As the dispatcher gives it to an executor; only keys of shared units are others.
        amounts: What it does; None for a run that is skipped.
        skipped: Why it is skipped; empty otherwise.
        seconds: How long, its start included.
        devices: How many it takes.
        pieces: Processes that it takes under the time limit, at the likeliest times.
    """

    unit: WorkUnit
    amounts: Amounts | None
    skipped: str
    seconds: Seconds
    devices: int
    pieces: int


@dataclass(frozen=True, kw_only=True)
class OnDevices:
    """An experiment on a number of devices.

    Attributes:
        devices: How many.
        wall: Seconds until all is done.
        utilisation: Share of the devices' time in which they work, at the likeliest times.
        speed_up: Over one device, likewise.
    """

    devices: int
    wall: Seconds
    utilisation: float
    speed_up: float


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What an experiment will take.

    Attributes:
        name: Of the experiment.
        runs: How many, those included that are skipped.
        units: Those before others first.
        path: Keys of the units that take longest one after the other.
        path_seconds: How long they take.
        device_seconds: Of all units.
        start_seconds: Device-seconds of it in which processes begin, at the likeliest times.
        resubmissions: How often a time limit ends a process that goes on later, likewise.
        most_devices: With so many the experiment takes as long as its critical path.
        on: Wall times.
        rates: What it was computed from, with labels of methods.
        samples: Runs that were measured.
        limit: On each process; None without.
        notes: What the user should know, one line each.
    """

    name: str
    runs: int
    units: tuple[PlannedUnit, ...]
    path: tuple[str, ...]
    path_seconds: Seconds
    device_seconds: Seconds
    start_seconds: float
    resubmissions: int
    most_devices: int
    on: tuple[OnDevices, ...]
    rates: tuple[tuple[Rate, tuple[str, ...]], ...]
    samples: Samples
    limit: TimeLimit | None
    notes: tuple[str, ...]


def planned_units(
    experiment: Experiment, specs: Sequence[RunSpec], assembler: Assembler, root: Path
) -> tuple[list[WorkUnit], dict[str, str]]:
    """Return the units of an experiment, and why runs are skipped, by folder; no data is read.

    Args:
        experiment: What the runs belong to.
        specs: The runs.
        assembler: Makes methods and recipes.
        root: Its results folder.

    Raises:
        AlsegError: If a component cannot be built.
    """
    planned = [PlannedRun(spec, _skipped(spec, assembler), 0, 1) for spec in specs]
    checked = CheckedExperiment(experiment=experiment, plan=Plan(tuple(planned), ()), assembler=assembler)
    units = plan_units(checked, root, key_of=lambda spec: content_hash(shared_specification(spec))[:16])
    return units, {each.spec.folder: each.skipped for each in planned if each.skipped is not None}


def forecast(
    experiment: Experiment,
    specs: Sequence[RunSpec],
    registry: Registry,
    given: GivenSeconds,
    samples: Samples,
    devices: Sequence[int],
    root: Path,
    limit: TimeLimit | None = None,
    *,
    file: str = "FILE",
) -> Forecast:
    """Return what is left to do of an experiment, and what it will take.

    Args:
        experiment: What the runs belong to.
        specs: The runs.
        registry: What is installed.
        given: Seconds that the user gives.
        samples: Seconds that were measured.
        devices: Numbers of devices for which wall times are wanted.
        root: The results folder; one that does not exist plans everything.
        limit: On each process; None without.
        file: The experiment file, for messages.

    Raises:
        AlsegError: If a time or a number of images is not known, a component cannot be built, a unit needs
            more devices than there are, or a time limit leaves no time for work.
    """
    assembler = Assembler(registry)
    units, skipped = planned_units(experiment, specs, assembler, root)
    measure = Measure({spec.folder: spec for spec in specs if spec.folder not in skipped}, assembler, root)
    rates = Rates(given, samples, lambda: count_images(specs[0], assembler))
    shared = {unit.key: unit for unit in units if unit.is_shared}
    amounts = {unit.key: measure.of_unit(unit, shared) for unit in units}
    work = {key: rates.of(each) for key, each in amounts.items()}
    rates.refuse_gaps(file)
    jobs = [_jobs(units, work, given.start, place) for place in range(3)]
    planned = [
        PlannedUnit(
            unit=unit,
            amounts=amounts[unit.key],
            skipped=skipped.get(unit.key, ""),
            seconds=work[unit.key].plus(Seconds.exactly(given.start)),
            devices=job.devices,
            pieces=len(pieces(job, limit)),
        )
        for unit, job in zip(units, jobs[1], strict=True)
    ]
    path, _ = critical_path(jobs[1], limit)
    starts = sum(each.pieces * each.devices * given.start for each in planned)
    return Forecast(
        name=experiment.name,
        runs=len(specs),
        units=tuple(planned),
        path=tuple(path),
        path_seconds=Seconds(*(critical_path(each, limit)[1] for each in jobs)),
        device_seconds=Seconds(*(sum(busy_seconds(job, limit) for job in each) for each in jobs)),
        start_seconds=starts,
        resubmissions=sum(each.pieces - 1 for each in planned),
        most_devices=_most_devices(jobs[1], limit),
        on=tuple(_on(jobs, number, limit) for number in devices),
        rates=tuple((rate, tuple(labels)) for rate, labels in rates.used.items()),
        samples=samples,
        limit=limit,
        notes=tuple(filter(None, [rates.images_note])),
    )


def _skipped(spec: RunSpec, assembler: Assembler) -> str | None:
    """Return why a run cannot be done, as the checks before training say it."""
    reason = unmet_recipe_need(spec, assembler)
    parts = assembler.method(spec)
    if reason is None and parts is not None:
        reason = unmet_need(spec, parts, assembler)
    return reason


def _jobs(units: Sequence[WorkUnit], work: dict[str, Seconds], start: float, place: int) -> list[Job]:
    """Return the units as a schedule sees them, at their shortest (0), likeliest (1) or longest (2) times."""
    return [
        Job(
            key=unit.key,
            after=unit.after,
            devices=max(1, unit.needs.devices * unit.needs.nodes),
            start=start,
            work=work[unit.key][place],
        )
        for unit in units
    ]


def _on(jobs: Sequence[Sequence[Job]], devices: int, limit: TimeLimit | None) -> OnDevices:
    schedules: list[Schedule] = [simulate(each, devices, limit) for each in jobs]
    return OnDevices(
        devices=devices,
        wall=Seconds(*(each.wall for each in schedules)),
        utilisation=schedules[1].utilisation,
        speed_up=schedules[1].speed_up,
    )


def _most_devices(jobs: Sequence[Job], limit: TimeLimit | None) -> int:
    """Return the smallest number of devices that brings the wall time down to the critical path."""
    shortest = critical_path(jobs, limit)[1] * _ENOUGH
    low, high = max(job.devices for job in jobs), sum(job.devices for job in jobs)
    while low < high:
        middle = (low + high) // 2
        if simulate(jobs, middle, limit).wall <= shortest:
            high = middle
        else:
            low = middle + 1
    return low
