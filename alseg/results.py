"""Reads run folders (docs/internals.md) into the records of `alseg.runs`. No torch.

A damaged run never stops the others: it is left out and named, with what is wrong, in `Results.damaged`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from alseg.errors import AlsegError
from alseg.files import read_json, refuse_unknown_keys
from alseg.roundfiles import METRICS_NAME, refuse_damaged_round
from alseg.runs import DamagedRun, Method, ResultClasses, Results, RoundResult, Run, State

OLD = ".old"
"""What follows a run's name in the name of a folder that was put aside to start anew."""

RUN_FORMATS = (1, 2)
"""The run-folder formats this version reads. In 1, an answer cost a constant number of clicks."""

_WANTED = "Name a result folder such as results/quickstart, made by 'alseg run'."

_Record = TypeVar("_Record")


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


# ----------------------------------------------------------------------------------------------------
# Reading

_RUN_FILE = TypeAdapter(_RunFile)
RUN_KEYS = frozenset(each.name for each in fields(_RunFile))
"""Keys of ``run.json``."""
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
    file = _read(path, _RUN_FILE, RUN_KEYS)
    if file.format not in RUN_FORMATS:
        raise AlsegError(
            f"{path} has format {file.format}, but this alseg reads formats "
            f"{' and '.join(map(str, RUN_FORMATS))}. "
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
    _refuse_gaps(folder, [result.round for result in rounds])
    last = rounds[-1].round if rounds else None
    if status.state == "done" and (last is None or last != status.round):
        found = "there is none" if last is None else f"the last one there is round {last}"
        raise AlsegError(f"{status_path} says that round {status.round} is done, but {found}.")
    attempts = [read_json(attempt) for attempt in sorted((folder / "attempts").glob("[0-9]*.json"))]
    threads = [attempt.get("threads") for attempt in attempts]
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
        devices=tuple(dict.fromkeys(str(each["device"]) for each in attempts if each.get("device"))),
        planned_rounds=len(file.rounds) + 1,
        clicks_of_answers=file.format > 1,
        threads=tuple(dict.fromkeys(number for number in threads if isinstance(number, int))),
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
    for round_folder in folder.glob("[0-9]*"):
        refuse_damaged_round(round_folder)
    for path in folder.glob(f"[0-9]*/{METRICS_NAME}"):
        result = _read(path, _ROUND_FILE, _ROUND_KEYS)
        if path.parent.name != f"{result.round:02d}":
            raise AlsegError(f"{path} is damaged: it says that it is of round {result.round}.")
        if tuple(sorted(result.iou)) != tuple(sorted(classes)):
            raise AlsegError(f"{path} is damaged: its classes are not those of the run's label space.")
        yield result


def _refuse_gaps(folder: Path, numbers: Sequence[int]) -> None:
    """Refuse a run of which a round is missing: areas under its curve would be those of another curve."""
    for expected, number in enumerate(numbers):
        if number != expected:
            missing = folder / "rounds" / f"{expected:02d}" / METRICS_NAME
            raise AlsegError(f"{missing} is missing, but round {number} is there.")


def _one_line(text: str) -> str:
    """Return the line that says what happened: the last of a traceback, the first of anything else."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    return lines[-1] if lines[0].startswith("Traceback") else lines[0]
