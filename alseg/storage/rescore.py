"""Metrics computed anew from the confusion counts that every round keeps. Nothing is trained or predicted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alseg.contracts import ClassInfo, LabelSpace
from alseg.errors import AlsegError, DamageError
from alseg.files import write_record
from alseg.storage.layout import METRICS_NAME, round_folders
from alseg.storage.round_files import COUNTS_NAME, read_image_counts
from alseg.storage.round_metrics import percent, read_metrics
from alseg.storage.run_description import Space, read_run_content, read_run_file
from alseg.storage.run_folder import RunFolder
from alseg.toolkit.metrics import SCORER_VERSION, counts_are_current, metrics_of

TOLERANCE = 1e-9
"""Percent points by which a number may differ and still be the same: sums in another order."""


@dataclass(frozen=True)
class RoundChange:
    """What a round's metrics would become.

    Attributes:
        folder: The round's folder.
        changes: One text per number that differs, such as ``miou 61.20 -> 61.25``.
        content: The new content of ``metrics.json``.
    """

    folder: Path
    changes: tuple[str, ...]
    content: dict[str, Any]


@dataclass(frozen=True)
class Rescored:
    """One run, computed anew.

    Attributes:
        folder: The run's folder.
        rounds: How many rounds were computed.
        changes: The rounds that differ.
        scorer: The scorer version that the run has.
        problems: Rounds that could not be computed, and why; nothing of such a run is written.
    """

    folder: Path
    rounds: int
    changes: tuple[RoundChange, ...]
    scorer: str
    problems: tuple[str, ...]

    @property
    def is_outdated(self) -> bool:
        """Whether there is anything to write."""
        return not self.problems and (bool(self.changes) or self.scorer != self.new_scorer)

    @property
    def new_scorer(self) -> str:
        """The scorer version that new metrics have: the run's own where its counts are of older rules."""
        return SCORER_VERSION if counts_are_current(self.scorer) else self.scorer


def rescore(folder: Path) -> Rescored:
    """Compute the metrics of all committed rounds of a run anew, and write nothing.

    Raises:
        AlsegError: If the run's own description is missing or damaged.
    """
    file = read_run_file(folder)
    space = label_space_of(file.label_space)
    changes, problems, rounds = [], [], 0
    for round_folder in round_folders(folder).values():
        if not (round_folder / METRICS_NAME).exists():
            continue
        try:
            change = recomputed(round_folder, space)
        except AlsegError as error:
            problems.append(str(error))
            continue
        rounds += 1
        if change.changes:
            changes.append(change)
    return Rescored(folder, rounds, tuple(changes), str(file.scorer), tuple(problems))


def write(rescored: Rescored) -> None:
    """Write what has changed, and the scorer version, while nobody else writes to the run.

    A run whose counts the present scorer would not count keeps its version: it stays apart in comparisons.

    Raises:
        AlsegError: If another process is writing to the run, or a file cannot be written.
    """
    run = RunFolder(rescored.folder)
    with run.writing():
        for change in rescored.changes:
            write_record(change.folder / METRICS_NAME, change.content)
        # Last: a run that is interrupted here still has the old version, and is done again.
        description = read_run_content(rescored.folder)
        write_record(rescored.folder / "run.json", {**description, "scorer": rescored.new_scorer})


def recomputed(folder: Path, space: LabelSpace) -> RoundChange:
    """Compute a committed round's metrics anew, and write nothing.

    Args:
        folder: The round's folder.
        space: Names the classes of the counts.

    Raises:
        DamageError: If metrics or counts are missing or damaged; names the file.
    """
    before = read_metrics(folder / METRICS_NAME)
    path = folder / COUNTS_NAME
    _, counts = read_image_counts(path)
    try:
        metrics = metrics_of(counts.sum(axis=0, dtype=np.int64), space)
    except ValueError as error:
        raise DamageError(f"{path} is damaged: {error}") from error
    after = {
        **before,
        "miou": percent(metrics.miou),
        "accuracy": percent(metrics.accuracy),
        "iou": {name: percent(value) for name, value in zip(space.names, metrics.iou, strict=True)},
        "subsets": {name: percent(value) for name, value in metrics.subsets.items()},
    }
    return RoundChange(folder, tuple(_differences(before, after)), after)


def _differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """Yield each number that is not the same, the mean first."""
    for key in ("miou", "accuracy"):
        yield from _difference(key, before.get(key), after[key])
    for key in ("iou", "subsets"):
        old = before.get(key) or {}
        for name in dict.fromkeys([*old, *after[key]]):
            yield from _difference(f"{key} {name}", old.get(name), after[key].get(name))


def _difference(name: str, before: float | None, after: float | None) -> Iterator[str]:
    same = before == after or (before is not None and after is not None and abs(before - after) <= TOLERANCE)
    if not same:
        yield f"{name} {_text(before)} -> {_text(after)}"


def _text(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"


def label_space_of(space: Space) -> LabelSpace:
    """Return the label space that ``run.json`` describes under its key ``label_space``."""
    colors = space.colors or [(0, 0, 0)] * len(space.classes)
    classes = tuple(ClassInfo(name, color) for name, color in zip(space.classes, colors, strict=True))
    return LabelSpace(space.name, "", "", classes, space.subsets)
