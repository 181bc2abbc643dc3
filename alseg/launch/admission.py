"""Before the first run begins: the experiment's own file, and folders that must not be gone on with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alseg.config.experiment import Experiment
from alseg.config.specs import RunSpec
from alseg.config.yaml_text import as_yaml
from alseg.engine.provenance import other_code_of_done, refuse_drift, refuse_foreign
from alseg.engine.reporter import Reporter
from alseg.files import remove_unfinished, write_checked_text
from alseg.launch.preparation import CheckedExperiment
from alseg.storage.layout import DATA_NAME, PARTITIONS_NAME
from alseg.storage.lock import exclusive_experiment
from alseg.storage.run_folder import RunFolder
from alseg.storage.unit_files import UNITS_NAME

_NAMED = 3
"""Runs that a note names."""

_IDLE_SECONDS = 3600
"""A map of regions, or a unit's end, half-written for so long was left by a killed process; no lock tells."""


def write_experiment(experiment: Experiment, root: Path) -> None:
    """Write ``experiment.yaml`` and how the folder is locked; remove what killed processes left half-written.

    Args:
        experiment: The experiment.
        root: Its results folder.

    Raises:
        AlsegError: If the folder has another kind of lock.
        WriteError: If the folder cannot be written.
    """
    document = as_yaml(experiment.document)
    with exclusive_experiment(root, experiment.settings.lock):
        remove_unfinished(root.glob)
        for name in (PARTITIONS_NAME, DATA_NAME):
            remove_unfinished((root / name).rglob, idle_seconds=_IDLE_SECONDS)
        remove_unfinished((root / UNITS_NAME).glob, idle_seconds=_IDLE_SECONDS)
        write_checked_text(root / "experiment.yaml", document)


def admit(
    checked: CheckedExperiment, root: Path, reporter: Reporter, *, fresh: bool, accept_drift: bool
) -> None:
    """Refuse folders of other runs, or of runs begun with something else; with ``fresh``, put them aside.

    From then on, what is found in data sets is kept in the experiment's folder.

    Args:
        checked: The experiment.
        root: Its results folder.
        reporter: Told of folders that are put aside.
        fresh: Whether the runs begin anew.
        accept_drift: Whether to go on with runs that were begun with other versions or code.

    Raises:
        AlsegError: If there is such a folder, or a process is writing to one that is to be put aside.
    """
    specs, runs = [planned.spec for planned in checked.plan.runs], root / "runs"
    if fresh:
        for folder in (RunFolder(runs / spec.folder) for spec in specs):
            _put_aside(folder, reporter)
    else:
        refuse_foreign(specs, runs)
        if not accept_drift:
            refuse_drift(specs, runs, checked.assembler)
        _tell_of_other_code(specs, runs, checked, reporter)
    checked.assembler.kept.begin()


def _tell_of_other_code(
    specs: Sequence[RunSpec], runs: Path, checked: CheckedExperiment, reporter: Reporter
) -> None:
    """Say which runs stay as they are though a plugin has changed: nobody would see it."""
    for name, folders in other_code_of_done(specs, runs, checked.assembler.registry).items():
        done = "A run that is" if len(folders) == 1 else f"{len(folders)} runs that are"
        reporter.note(
            f"note: {done} done used another version of {name} than is installed now "
            f"({', '.join(folders[:_NAMED])}{', ...' * (len(folders) > _NAMED)}). Nothing is made again; "
            "--fresh does, with --only for some."
        )


def _put_aside(folder: RunFolder, reporter: Reporter) -> None:
    """Keep a folder under another name; refuse if a process is writing to it."""
    if folder.path.exists():
        with folder.writing():
            old = folder.start_anew()
        reporter.note(f"{folder.path.name} is kept as {old.name}")
