"""The runs that a results folder's experiment asks for, begun or not. No torch."""

from __future__ import annotations

from pathlib import Path

from alseg.config.experiment import Experiment, read_experiment
from alseg.config.specs import RunSpec
from alseg.errors import AlsegError
from alseg.files import is_as_written
from alseg.registry.loading import load_registry

EXPERIMENT_NAME = "experiment.yaml"
"""In an experiment's folder: the experiment as resolved."""


def wanted_runs(folder: Path) -> tuple[dict[str, RunSpec], list[str]]:
    """Return the runs an experiment asks for, by folder name, and notes on what cannot be known.

    Args:
        folder: A result folder such as ``results/quickstart``.
    """
    file = folder / EXPERIMENT_NAME
    if not file.exists():
        return {}, []
    try:
        experiment = written_experiment(folder)
    except (AlsegError, OSError) as error:
        first = str(error).splitlines()[0]
        return {}, [f"Runs not begun yet are unknown, for the experiment cannot be read: {first}"]
    if experiment is None:
        return {}, [f"Runs not begun yet are unknown: {file} is damaged, or was changed by hand."]
    return {spec.folder: spec for spec in experiment.runs()}, []


def written_experiment(folder: Path) -> Experiment | None:
    """Return the experiment that `alseg run` has written into a folder; None where it is not as written.

    Raises:
        AlsegError: If it cannot be read.
    """
    file = folder / EXPERIMENT_NAME
    return read_experiment(file, registry=load_registry()) if is_as_written(file) else None
