"""Reads run folders (docs/internals.md) into the records of `alseg.storage.records`. No torch.

A damaged run never stops the others: it is left out and named, with what is wrong, in `Results.damaged`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from alseg.errors import AlsegError
from alseg.storage.attempts import devices_of, read_attempt
from alseg.storage.layout import (
    METRICS_NAME,
    RUN_NAME,
    STATUS_NAME,
    attempt_files,
    folder_of_round,
    round_folders,
)
from alseg.storage.records import DamagedRun, ResultClasses, Results, RoundResult, Run
from alseg.storage.round_files import refuse_damaged_round
from alseg.storage.round_metrics import read_round
from alseg.storage.run_description import RunFile, read_run_file
from alseg.storage.status_file import StatusFile, read_status, telling_line

OLD = ".old"
"""What follows a run's name in the name of a folder that was put aside to start anew."""

_WANTED = "Name a result folder such as results/quickstart, made by 'alseg run'."

_CODE = ", code "
"""Before the hash of code in ``made_with`` of a run."""


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
    disagreeing: list[Path] = []
    seen: dict[tuple[str, str, str], Run] = {}
    for folder in folders.values():
        try:
            run = read_run(folder)
        except AlsegError as error:
            damaged.append(DamagedRun(folder, str(error)))
            continue
        identity = (run.experiment, run.name, run.fingerprint)
        if identity in seen:
            (copies if has_same_results(run, seen[identity]) else disagreeing).append(folder)
            continue
        seen[identity] = run
        runs.append(run)
    if not runs:
        raise AlsegError("No run can be read:" + "".join(f"\n  {run.problem}" for run in damaged))
    experiments = list(dict.fromkeys(run.experiment for run in runs))
    runs.sort(
        key=lambda run: (experiments.index(run.experiment), run.method.order, run.method.label, run.seed)
    )
    return Results(tuple(runs), tuple(damaged), tuple(copies), tuple(disagreeing))


def has_same_results(run: Run, other: Run) -> bool:
    """Return whether two records of one run say the same; one may be further than the other."""
    return all(first == second for first, second in zip(run.rounds, other.rounds, strict=False))


def read_run(folder: Path) -> Run:
    """Read one run folder.

    Raises:
        AlsegError: If a file is missing, damaged or of another format; names the file.
    """
    file = read_run_file(folder)
    status_path = folder / STATUS_NAME
    # A run killed before its first status was written has begun and will not go on by itself.
    status = read_status(folder) if status_path.exists() else StatusFile("interrupted")
    rounds = list(_read_rounds(folder, file))
    _refuse_gaps(folder, [result.round for result in rounds])
    last = rounds[-1].round if rounds else None
    if status.state == "done" and (last is None or last != status.round):
        found = "there is none" if last is None else f"the last one there is round {last}"
        raise AlsegError(f"{status_path} says that round {status.round} is done, but {found}.")
    space = file.label_space
    attempts = [read_attempt(path) for path in attempt_files(folder).values()]
    threads = [attempt.get("threads") for attempt in attempts]
    return Run(
        folder=folder,
        experiment=file.experiment,
        name=file.run,
        fingerprint=file.fingerprint,
        method=file.method,
        seed=file.seed,
        label_space=ResultClasses(space.name, space.classes, space.subsets),
        scenario=file.scenario,
        scorer=str(file.scorer),
        spec=file.spec,
        state=status.state,
        explanation=telling_line(status.reason or status.error or ""),
        rounds=tuple(rounds),
        devices=devices_of(attempts),
        planned_rounds=len(file.rounds) + 1,
        clicks_of_answers=file.format > 1,
        evaluated=file.evaluated,
        threads=tuple(dict.fromkeys(number for number in threads if isinstance(number, int))),
        code=_code_of(file.made_with),
    )


def _code_of(made_with: Mapping[str, str]) -> dict[str, str]:
    """Return whose code has which hash; without libraries, weights and data."""
    parts = {name: text.partition(_CODE) for name, text in made_with.items()}
    return {name: code for name, (_, found, code) in parts.items() if found}


def run_folders(path: Path) -> list[Path]:
    """Return the run folders that ``path`` stands for: itself, or those in it.

    Raises:
        AlsegError: If there is none.
    """
    if not path.is_dir():
        raise AlsegError(f"There is no folder {path}. {_WANTED}")
    if (path / RUN_NAME).exists():
        return [path]
    runs = path if path.name == "runs" else path / "runs"
    if not runs.is_dir():
        inside = sorted(str(folder.parent) for folder in path.glob("*/runs"))
        remedy = f"Name one or more of the result folders in it: {', '.join(inside)}." if inside else _WANTED
        raise AlsegError(f"{path} holds no results: neither a folder 'runs' nor a run.json. {remedy}")
    try:
        folders = sorted(entry for entry in runs.iterdir() if entry.is_dir() and not _is_aside(entry.name))
    except OSError as error:
        raise AlsegError(f"Cannot read {runs}: {error.strerror or error}.") from error
    if not folders:
        raise AlsegError(f"There are no runs in {runs}. Start some with 'alseg run'.")
    return folders


def the_only_results(folder: Path) -> Path:
    """Return the one result folder in a folder.

    Args:
        folder: Such as ``results``.

    Raises:
        AlsegError: If there is none, or more than one.
    """
    found = sorted({path.parent for path in (*folder.glob("*/runs"), *folder.glob("*/experiment.yaml"))})
    if len(found) == 1:
        return found[0]
    if not found:
        raise AlsegError(f"There are no results in {folder}. {_WANTED}")
    raise AlsegError(f"There are several results in {folder}. Name one: {', '.join(map(str, found))}.")


def _is_aside(name: str) -> bool:
    """Whether a folder beside runs is none: hidden, or put aside by ``alseg run --fresh``."""
    return name.startswith(".") or f"{OLD}-" in name


def _read_rounds(folder: Path, file: RunFile) -> Iterator[RoundResult]:
    """Yield the committed rounds in order; a round is committed by its ``metrics.json``."""
    for round_folder in round_folders(folder).values():
        refuse_damaged_round(round_folder, len(file.label_space.classes))
        if (round_folder / METRICS_NAME).exists():
            yield read_round(round_folder, file)


def _refuse_gaps(folder: Path, numbers: Sequence[int]) -> None:
    """Refuse a run of which a round is missing: areas under its curve would be those of another curve."""
    for expected, number in enumerate(numbers):
        if number != expected:
            missing = folder_of_round(folder, expected) / METRICS_NAME
            raise AlsegError(f"{missing} is missing, but round {number} is there.")
