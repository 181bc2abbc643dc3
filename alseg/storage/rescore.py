"""Metrics computed anew from the confusion counts that every round keeps. Nothing is trained or predicted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alseg.contracts import ClassInfo, LabelSpace
from alseg.errors import AlsegError, DamageError
from alseg.files import write_record
from alseg.storage.layout import METRICS_NAME, round_folders
from alseg.storage.records import AnswerScores, ResultClasses
from alseg.storage.round_files import COUNTS_NAME, HELD_OUT_NAME, NEW_ANSWERS_NAME, read_image_counts
from alseg.storage.round_metrics import percent, read_metrics
from alseg.storage.run_description import Space, read_run_content, read_run_file
from alseg.storage.run_folder import RunFolder
from alseg.toolkit.metrics import SCORER_VERSION, Metrics, counts_are_current, metrics_of

OF_ANSWERS = {"prequential": NEW_ANSWERS_NAME, "estimate": HELD_OUT_NAME}
"""Keys of ``metrics.json`` without evaluation labels, and the counts they follow from."""

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
    after = dict(before)
    if "iou" in before:
        after |= scores_of(_counted(folder / COUNTS_NAME, space)[0], space)
    for key, name in OF_ANSWERS.items():
        if before.get(key) is not None:
            after[key] = asdict(answer_scores(folder / name, space, before[key]["answers"]))
    return RoundChange(folder, tuple(_differences(before, after)), after)


def scores_of(metrics: Metrics, space: LabelSpace) -> dict[str, Any]:
    """Return what ``metrics.json`` has of an evaluation: ``miou``, ``accuracy``, ``iou`` and ``subsets``.

    Args:
        metrics: Of the confusion counts of the evaluation.
        space: Names the classes of the counts.
    """
    return {
        "miou": percent(metrics.miou),
        "accuracy": percent(metrics.accuracy),
        "iou": {name: percent(value) for name, value in zip(space.names, metrics.iou, strict=True)},
        "subsets": {name: percent(value) for name, value in metrics.subsets.items()},
    }


def answer_scores(path: Path, space: LabelSpace, answers: int) -> AnswerScores:
    """Return how a network predicts answers that it was not trained on.

    Args:
        path: Confusion counts of the pixels to which the answers give a class.
        space: Names the classes of the counts.
        answers: Number of answers.

    Raises:
        DamageError: If the counts are missing or damaged; names the file.
    """
    metrics, images, pixels = _counted(path, space)
    return AnswerScores(
        answers=answers,
        images=images,
        pixels=pixels,
        miou_of_answers=percent(metrics.miou),
        accuracy_of_answers=percent(metrics.accuracy),
        iou_of_answers={name: percent(value) for name, value in zip(space.names, metrics.iou, strict=True)},
    )


def _counted(path: Path, space: LabelSpace) -> tuple[Metrics, int, int]:
    """Return the metrics of confusion counts, and of how many images and pixels they are."""
    _, counts = read_image_counts(path)
    total = counts.sum(axis=0, dtype=np.int64)
    try:
        return metrics_of(total, space), len(counts), int(total.sum())
    except ValueError as error:
        raise DamageError(f"{path} is damaged: {error}") from error


def _differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """Yield each number that is not the same, the mean first."""
    for key in ("miou", "accuracy"):
        yield from _difference(key, before.get(key), after.get(key))
    for key in ("iou", "subsets"):
        old = before.get(key) or {}
        for name in dict.fromkeys([*old, *after.get(key, {})]):
            yield from _difference(f"{key} {name}", old.get(name), after[key].get(name))
    for key in OF_ANSWERS:
        yield from _differences_of_answers(key, before.get(key) or {}, after.get(key) or {})


def _differences_of_answers(key: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """Yield each number about answers that is not the same."""
    for name in ("images", "pixels", "miou_of_answers", "accuracy_of_answers"):
        yield from _difference(f"{key} {name}", before.get(name), after.get(name))
    old, new = before.get("iou_of_answers") or {}, after.get("iou_of_answers") or {}
    for name in dict.fromkeys([*old, *new]):
        yield from _difference(f"{key} iou_of_answers {name}", old.get(name), new.get(name))


def _difference(name: str, before: float | None, after: float | None) -> Iterator[str]:
    same = before == after or (before is not None and after is not None and abs(before - after) <= TOLERANCE)
    if not same:
        yield f"{name} {_text(before)} -> {_text(after)}"


def _text(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"


def label_space_of(space: ResultClasses) -> LabelSpace:
    """Return the label space that ``run.json`` describes under its key ``label_space``.

    Args:
        space: As the file has it, or without colours; classes are black then.
    """
    colors = (isinstance(space, Space) and space.colors) or [(0, 0, 0)] * len(space.classes)
    classes = tuple(ClassInfo(name, color) for name, color in zip(space.classes, colors, strict=True))
    return LabelSpace(space.name, "", "", classes, space.subsets)
