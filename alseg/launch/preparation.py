"""Everything that is made and checked before the runs of an experiment begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lightning_fabric import Fabric

from alseg.config.experiment import Experiment, RunSpec
from alseg.engine.assembly import Assembler
from alseg.engine.observers import build_observers
from alseg.launch.preflight import Plan, check
from alseg.launch.same_threads import settings_here
from alseg.registry.registry import Registry
from alseg.training.device import make_fabric


@dataclass(frozen=True, kw_only=True)
class PreparedExperiment:
    """An experiment that can begin.

    Attributes:
        experiment: What was asked for, with the settings of this process.
        plan: Checked runs.
        assembler: Makes objects.
        fabric: Device and precision.
    """

    experiment: Experiment
    plan: Plan
    assembler: Assembler
    fabric: Fabric


def prepare(
    experiment: Experiment, specs: Sequence[RunSpec], registry: Registry, root: Path, *, fresh: bool = False
) -> PreparedExperiment:
    """Make what the runs share, and check them.

    Args:
        experiment: What the runs belong to.
        specs: The runs.
        registry: What is installed.
        root: The experiment's results folder, which says with how many threads it was begun.
        fresh: Whether the runs begin anew, so that nobody asks with how many threads.

    Raises:
        AlsegError: If a device or data is missing or faulty, or a component cannot be built.
    """
    note = None
    if not fresh:
        settings, note = settings_here(experiment.settings, root)
        experiment = replace(experiment, settings=settings)
    fabric = make_fabric(experiment.settings)
    cache = experiment.settings.cache
    assembler = Assembler(registry, Path(cache).expanduser() if cache else None)
    build_observers(experiment.settings.observers, registry)  # what one lacks is told before data is read
    plan = check(specs, assembler)
    if note is not None:
        plan = replace(plan, notes=(*plan.notes, note))
    return PreparedExperiment(experiment=experiment, plan=plan, assembler=assembler, fabric=fabric)
