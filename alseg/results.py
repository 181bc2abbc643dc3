"""Reads run folders (docs/internals.md) into frozen records, for tables, statistics and reports. No torch.

A damaged run never stops the others: it is left out and named, with what is wrong, in `Results.damaged`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from alseg.contracts import Cost
from alseg.errors import AlsegError
from alseg.files import content_hash, read_json, refuse_unknown_keys

OLD = ".old"
"""What follows a run's name in the name of a folder that was put aside to start anew."""

RUN_FORMAT = 1
"""The run-folder format this version reads."""

State = Literal["running", "done", "failed", "interrupted", "skipped"]
"""What ``status.json`` says about a run."""

_WANTED = "Name a result folder such as results/quickstart, made by 'alseg run'."

_Record = TypeVar("_Record")


# ----------------------------------------------------------------------------------------------------
# Records: the fields are the keys of the files; keys that no table needs are not read


@dataclass(frozen=True)
class Method:
    """One line of an experiment's ``methods``.

    Attributes:
        label: The name people gave it.
        order: Its place in the experiment file, from 0.
        target_labels: ``none`` (source only), ``acquired`` (buys labels) or ``all`` (fully supervised).
        acquisition: Plugin name, or None.
        annotation: Plugin name, or None.
        budget: As written in the experiment file, or None.
    """

    label: str
    order: int
    target_labels: Literal["none", "acquired", "all"]
    acquisition: str | None = None
    annotation: str | None = None
    budget: str | None = None


@dataclass(frozen=True)
class ResultClasses:
    """The label space in which a run's results are given.

    Attributes:
        name: Such as ``cityscapes-19``.
        classes: Class names in table order.
        subsets: Named groups of class names.
    """

    name: str
    classes: tuple[str, ...]
    subsets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Pool:
    """The target training set, of which costs are a share: number of pixels and of images."""

    pixels: int
    images: int


@dataclass(frozen=True)
class RoundResult:
    """A round's ``metrics.json``.

    Attributes:
        round: 0 before the first purchase.
        iteration: Optimiser steps taken.
        cost: All labels bought so far.
        pool: The target training set.
        miou: Percent, mean over the classes that the ground truth holds; None if it holds none.
        accuracy: Percent of valid pixels; None if there are none.
        iou: Class name to percent; None for a class that the ground truth does not hold.
        subsets: Subset name to mean percent; None where the ground truth holds no class of it.
        allowance_pixels: Most pixels the budget allowed so far; None without acquisition.
    """

    round: int
    iteration: int
    cost: Cost
    pool: Pool
    miou: float | None
    accuracy: float | None
    iou: Mapping[str, float | None]
    subsets: Mapping[str, float | None] = field(default_factory=dict)
    allowance_pixels: int | None = None


@dataclass(frozen=True)
class _RunFile:
    format: int
    experiment: str
    run: str
    fingerprint: str
    method: Method
    seed: int
    rounds: tuple[int, ...]
    iterations: int
    label_space: ResultClasses
    scenario: str
    scorer: str | int
    spec: Mapping[str, Any]
    plugins: tuple[Mapping[str, str], ...] = ()
    made_with: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _StatusFile:
    state: State
    round: int | None = None
    error: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Run:
    """All that tables need to know about one run.

    Attributes:
        folder: Where it was read from.
        experiment: Name of the experiment.
        name: The folder's name when it was made, such as ``ripu-ra__s0__3f9c1a7e``.
        fingerprint: Hash of all that can change a result, the seed included.
        method: The method.
        seed: The seed.
        label_space: What the results are about.
        scenario: Short text such as ``streets (render) -> streets (camera)``.
        scorer: Version of the code that computed the metrics.
        spec: The whole resolved specification.
        state: How far it is.
        explanation: Why it failed or was skipped, one line; empty otherwise.
        rounds: Committed rounds in order.
        devices: What its attempts ran on, in order, each once.
        planned_rounds: Rounds when it is done, round 0 included.
    """

    folder: Path
    experiment: str
    name: str
    fingerprint: str
    method: Method
    seed: int
    label_space: ResultClasses
    scenario: str
    scorer: str
    spec: Mapping[str, Any]
    state: State
    explanation: str
    rounds: tuple[RoundResult, ...]
    devices: tuple[str, ...]
    planned_rounds: int

    @cached_property
    def scenario_hash(self) -> str:
        """Hash of the scenario, wherever its data lies."""
        return content_hash(self._conditions["scenario"])

    @cached_property
    def conditions_hash(self) -> str:
        """Hash of all settings but seed and method: those that methods must share to be compared fairly."""
        return content_hash(self._conditions)

    @cached_property
    def settings_hash(self) -> str:
        """Hash of all settings but the seed, which the runs of one method share."""
        method = _without(self.spec.get("method"), "label", "order", "twin")
        return content_hash([self._conditions, method])

    @property
    def data_sets(self) -> tuple[str, str]:
        """Names of the source and the target data set; empty where the specification names none."""
        scenario = _without(self.spec.get("scenario"))
        source, target = (_without(scenario.get(key)).get("name", "") for key in ("source", "target"))
        return str(source), str(target)

    @property
    def _conditions(self) -> dict[str, Any]:
        scenario = _without(self.spec.get("scenario"), "root")
        return {**_without(self.spec, "experiment", "seed", "method"), "scenario": scenario}

    @property
    def final(self) -> RoundResult | None:
        """The last round of a run that is done; None for any other run."""
        return self.rounds[-1] if self.state == "done" and self.rounds else None

    def at(self, number: int) -> RoundResult | None:
        """Return round ``number``, or None where it has not been committed."""
        return next((result for result in self.rounds if result.round == number), None)


@dataclass(frozen=True)
class DamagedRun:
    """A run that was left out: its folder, and one line that says what is wrong with which file."""

    folder: Path
    problem: str


@dataclass(frozen=True)
class Results:
    """What was found.

    Attributes:
        runs: By experiment as given, then method as in the experiment file, then seed.
        damaged: Runs that could not be read.
        copies: Folders that hold a run already read from another folder; each run counts once.
    """

    runs: tuple[Run, ...]
    damaged: tuple[DamagedRun, ...] = ()
    copies: tuple[Path, ...] = ()


# ----------------------------------------------------------------------------------------------------
# Reading

_RUN_FILE = TypeAdapter(_RunFile)
_RUN_KEYS = frozenset(each.name for each in fields(_RunFile))
_STATUS_FILE = TypeAdapter(_StatusFile)
_STATUS_KEYS = frozenset(each.name for each in fields(_StatusFile))
_ROUND_FILE = TypeAdapter(RoundResult)
_ROUND_KEYS = frozenset(each.name for each in fields(RoundResult))


def load_results(paths: Sequence[Path]) -> Results:
    """Read all runs of the given result folders and run folders.

    Args:
        paths: Result folders (such as ``results/quickstart``), their ``runs`` folders, or run folders.

    Returns:
        Everything found; at least one run could be read.

    Raises:
        AlsegError: If a path is neither, or if no run can be read.
    """
    folders = {folder.resolve(): folder for path in paths for folder in run_folders(path)}
    runs: list[Run] = []
    damaged: list[DamagedRun] = []
    copies: list[Path] = []
    seen: set[tuple[str, str, str]] = set()
    for folder in folders.values():
        try:
            run = read_run(folder)
        except AlsegError as error:
            damaged.append(DamagedRun(folder, str(error)))
            continue
        identity = (run.experiment, run.name, run.fingerprint)
        if identity in seen:
            copies.append(folder)
            continue
        seen.add(identity)
        runs.append(run)
    if not runs:
        raise AlsegError("No run can be read:" + "".join(f"\n  {run.problem}" for run in damaged))
    experiments = list(dict.fromkeys(run.experiment for run in runs))
    runs.sort(
        key=lambda run: (experiments.index(run.experiment), run.method.order, run.method.label, run.seed)
    )
    return Results(tuple(runs), tuple(damaged), tuple(copies))


def read_run(folder: Path) -> Run:
    """Read one run folder.

    Raises:
        AlsegError: If a file is missing, damaged or of another format; names the file.
    """
    path = folder / "run.json"
    file = _read(path, _RUN_FILE, _RUN_KEYS)
    if file.format != RUN_FORMAT:
        raise AlsegError(
            f"{path} has format {file.format}, but this alseg reads format {RUN_FORMAT}. "
            "Read it with the version that wrote it."
        )
    status_path = folder / "status.json"
    # A run killed before its first status was written has begun and will not go on by itself.
    status = (
        _read(status_path, _STATUS_FILE, _STATUS_KEYS) if status_path.exists() else _StatusFile("interrupted")
    )
    rounds = sorted(
        _read_rounds(folder / "rounds", file.label_space.classes), key=lambda result: result.round
    )
    last = rounds[-1].round if rounds else None
    if status.state == "done" and (last is None or last != status.round):
        found = "there is none" if last is None else f"the last one there is round {last}"
        raise AlsegError(f"{status_path} says that round {status.round} is done, but {found}.")
    return Run(
        folder=folder,
        experiment=file.experiment,
        name=file.run,
        fingerprint=file.fingerprint,
        method=file.method,
        seed=file.seed,
        label_space=file.label_space,
        scenario=file.scenario,
        scorer=str(file.scorer),
        spec=file.spec,
        state=status.state,
        explanation=_one_line(status.reason or status.error or ""),
        rounds=tuple(rounds),
        devices=tuple(dict.fromkeys(_devices(folder / "attempts"))),
        planned_rounds=len(file.rounds) + 1,
    )


def run_folders(path: Path) -> list[Path]:
    """Return the run folders that ``path`` stands for: itself, or those in it.

    Raises:
        AlsegError: If there is none.
    """
    if not path.is_dir():
        raise AlsegError(f"There is no folder {path}. {_WANTED}")
    if (path / "run.json").exists():
        return [path]
    runs = path if path.name == "runs" else path / "runs"
    if not runs.is_dir():
        inside = sorted(str(folder.parent) for folder in path.glob("*/runs"))
        remedy = f"Name one or more of the result folders in it: {', '.join(inside)}." if inside else _WANTED
        raise AlsegError(f"{path} holds no results: neither a folder 'runs' nor a run.json. {remedy}")
    folders = sorted(entry for entry in runs.iterdir() if entry.is_dir() and not _is_aside(entry.name))
    if not folders:
        raise AlsegError(f"There are no runs in {runs}. Start some with 'alseg run'.")
    return folders


def _is_aside(name: str) -> bool:
    """Whether a folder beside runs is none: hidden, or put aside by ``alseg run --fresh``."""
    return name.startswith(".") or f"{OLD}-" in name


def _read(path: Path, schema: TypeAdapter[_Record], known: frozenset[str]) -> _Record:
    content = read_json(path)
    refuse_unknown_keys(path, content, known)
    try:
        return schema.validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise AlsegError(f"{path} is damaged: {where}: {first['msg']}.") from error


def _read_rounds(folder: Path, classes: tuple[str, ...]) -> Iterator[RoundResult]:
    """Yield the committed rounds; a round is committed by its ``metrics.json``."""
    for path in folder.glob("[0-9]*/metrics.json"):
        result = _read(path, _ROUND_FILE, _ROUND_KEYS)
        if path.parent.name != f"{result.round:02d}":
            raise AlsegError(f"{path} is damaged: it says that it is of round {result.round}.")
        if tuple(sorted(result.iou)) != tuple(sorted(classes)):
            raise AlsegError(f"{path} is damaged: its classes are not those of the run's label space.")
        yield result


def _devices(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("[0-9]*.json")):
        device = read_json(path).get("device")
        if device:
            yield str(device)


def _without(value: Any, *keys: str) -> dict[str, Any]:
    content = value if isinstance(value, Mapping) else {"": value}
    return {key: inner for key, inner in content.items() if key not in keys}


def _one_line(text: str) -> str:
    """Return the line that says what happened: the last of a traceback, the first of anything else."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    return lines[-1] if lines[0].startswith("Traceback") else lines[0]
