"""Everything that is made and checked before the runs of an experiment begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lightning_fabric import Fabric

from alseg.config.experiment import Experiment, RunSpec
from alseg.engine.assembly import Assembler
from alseg.engine.observers import build_observers
from alseg.launch.passed_checks import PassedChecks
from alseg.launch.preflight import Plan, check
from alseg.launch.preflight_ranks import check_ranks, ranks_of
from alseg.launch.same_threads import other_devices, settings_here
from alseg.registry.registry import Registry
from alseg.storage.layout import DATA_NAME
from alseg.training.device import make_fabric


@dataclass(frozen=True, kw_only=True)
class CheckedObjects:
    """What several preparations of one experiment have in common.

    Attributes:
        assembler: Makes objects.
        passed: Which of them were checked.
    """

    assembler: Assembler
    passed: PassedChecks


@dataclass(frozen=True, kw_only=True)
class CheckedExperiment:
    """An experiment in which no mistake was found.

    Attributes:
        experiment: What was asked for.
        plan: Checked runs.
        assembler: Makes objects.
    """

    experiment: Experiment
    plan: Plan
    assembler: Assembler


@dataclass(frozen=True, kw_only=True)
class PreparedExperiment(CheckedExperiment):
    """An experiment that can begin in this process, with its settings.

    Attributes:
        fabric: Device and precision.
    """

    fabric: Fabric


def checked_objects(experiment: Experiment, registry: Registry, root: Path | None = None) -> CheckedObjects:
    """Return objects of which nothing is made and checked yet.

    Args:
        experiment: What they belong to.
        registry: What is installed.
        root: As for `check_experiment`.
    """
    cache = experiment.settings.cache
    kept = root / DATA_NAME if root is not None else None
    assembler = Assembler(registry, Path(cache).expanduser() if cache else None, kept)
    return CheckedObjects(assembler=assembler, passed=PassedChecks())


def check_experiment(
    experiment: Experiment,
    specs: Sequence[RunSpec],
    registry: Registry,
    root: Path | None = None,
    objects: CheckedObjects | None = None,
) -> CheckedExperiment:
    """Check runs, wherever they are done: no device is used, and nothing is written.

    Args:
        experiment: What the runs belong to.
        specs: The runs.
        registry: What is installed.
        root: The experiment's results folder, in which an earlier process may have kept what it found in data
            sets; None where there is none.
        objects: Of an earlier preparation of the same experiment in this process.

    Raises:
        AlsegError: If data is missing or faulty, or a component cannot be built.
    """
    objects = objects or checked_objects(experiment, registry, root)
    assembler = objects.assembler
    build_observers(experiment.settings.observers, registry)  # what one lacks is told before data is read
    check_ranks(experiment.settings, specs, assembler)
    plan = check(specs, assembler, objects.passed)
    return CheckedExperiment(experiment=experiment, plan=plan, assembler=assembler)


def prepare(
    experiment: Experiment,
    specs: Sequence[RunSpec],
    registry: Registry,
    root: Path,
    *,
    fresh: bool = False,
    objects: CheckedObjects | None = None,
) -> PreparedExperiment:
    """Make what the runs share, and check them.

    Args:
        experiment: What the runs belong to.
        specs: The runs.
        registry: What is installed.
        root: The experiment's results folder, which says with how many threads it was begun.
        fresh: Whether the runs begin anew, so that nobody asks with how many threads.
        objects: Of an earlier preparation of the same experiment in this process.

    Raises:
        AlsegError: If a device or data is missing or faulty, or a component cannot be built.
    """
    notes: tuple[str | None, ...] = ()
    if not fresh:
        settings, note = settings_here(experiment.settings, root)
        notes = (note, other_devices(root, ranks_of(settings)))
        experiment = replace(experiment, settings=settings)
    fabric = make_fabric(experiment.settings)
    checked = check_experiment(experiment, specs, registry, root, objects)
    plan = checked.plan
    plan = replace(plan, notes=(*plan.notes, *(note for note in notes if note is not None)))
    return PreparedExperiment(experiment=experiment, plan=plan, assembler=checked.assembler, fabric=fabric)
