"""The units of an experiment: what is done as a whole, by one process each, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from alseg.config.experiment import Experiment
from alseg.config.sections import Settings
from alseg.config.specs import RunSpec
from alseg.contracts import WorkUnit
from alseg.engine.assembly import Assembler
from alseg.engine.companions import training_key
from alseg.errors import AlsegError
from alseg.launch.preparation import CheckedExperiment
from alseg.launch.unit_needs import needs_of_units
from alseg.storage.questions import Questions
from alseg.storage.run_folder import RunFolder


def plan_units(
    checked: CheckedExperiment,
    root: Path,
    *,
    accept_drift: bool = False,
    key_of: Callable[[RunSpec], str | None] | None = None,
) -> list[WorkUnit]:
    """Return a unit for each run, and before them one for what several of them share.

    A unit that was done is done again at no cost but that of its start.

    Args:
        checked: The experiment.
        root: Its results folder, absolute.
        accept_drift: Whether to go on with runs that were begun with other versions or code.
        key_of: Gives runs that share source training one name, and those that share with none None; without
            it `training_key`, which reads the data.

    Returns:
        Units, those before others first.
    """
    file = str(root / "experiment.yaml")
    needs = needs_of_units(checked.experiment.settings, root)
    own = partial(_training_key, root / "runs", checked.assembler)
    sharing = dict(_groups(checked, root / "runs", key_of or own))
    shared = [
        WorkUnit(key=key, experiment=file, runs=tuple(runs), needs=needs, accept_drift=accept_drift)
        for key, runs in sharing.items()
    ]
    leaders = {run: key for key, runs in sharing.items() for run in runs}
    runs = [
        WorkUnit(
            key=run,
            experiment=file,
            runs=(run,),
            after=(leaders[run],) if run in leaders else (),
            needs=needs,
            accept_drift=accept_drift,
        )
        for run in (planned.spec.folder for planned in checked.plan.runs)
    ]
    return [*shared, *runs]


def shares(spec: RunSpec) -> bool:
    """Whether a run begins without target labels, as runs that share source training do."""
    return spec.method.target_labels != "all" or spec.method.labels_since != "start"


def runs_of(experiment: Experiment, names: Sequence[str], file: str) -> list[RunSpec]:
    """Return runs by the names of their folders.

    Args:
        experiment: The experiment.
        names: Of run folders.
        file: Where the experiment was read.

    Raises:
        AlsegError: If the experiment has no such run.
    """
    specs = [spec for spec in experiment.runs() if spec.folder in names]
    lacking = set(names) - {spec.folder for spec in specs}
    if lacking:
        raise AlsegError(
            f"{file} has no run {min(lacking)}: other values or another version name runs differently. "
            "Give `alseg run` again."
        )
    return specs


def settings_of_unit(settings: Settings) -> Settings:
    """Return an experiment's settings for a process that does one unit."""
    return settings.model_copy(update={"processes": 1, "executor": None})


def _training_key(runs: Path, assembler: Assembler, spec: RunSpec) -> str | None:
    return training_key(spec, RunFolder(runs / spec.folder), assembler)


def _groups(
    checked: CheckedExperiment, runs: Path, key_of: Callable[[RunSpec], str | None]
) -> Iterator[tuple[str, list[str]]]:
    """Yield the name of each shared unit and its runs, two at least that still want what is shared."""
    groups: dict[str, list[RunSpec]] = {}
    for spec in (planned.spec for planned in checked.plan.runs if planned.skipped is None):
        key = key_of(spec) if shares(spec) else None
        if key is not None:
            groups.setdefault(key, []).append(spec)
    for key, specs in groups.items():
        wanting = [spec.folder for spec in specs if _wants(RunFolder(runs / spec.folder), spec)]
        if len(wanting) > 1:
            yield f"shared-{key}", wanting


def _wants(folder: RunFolder, spec: RunSpec) -> bool:
    """Whether a run has yet to take over source training, or the picks of its first purchase."""
    if not folder.round_is_committed(0):
        return True
    if spec.method.acquisition is None:
        return False
    decided: Sequence[bool] = (
        folder.purchase_is_committed(1),
        Questions.committed(folder.round_folder(1)),
    )
    return not any(decided)
