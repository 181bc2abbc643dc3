"""People in tests: they fill in what ``alseg ask`` has written, from label maps that the run never reads."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner, Result
from numpy.typing import NDArray
from PIL import Image

from alseg.annotation.revealed import RevealedLabels
from alseg.asking.waiting_run import WaitingRun, find_waiting
from alseg.cli import main
from alseg.registry.registry import Registry
from alseg_annotators.files_masks import TO_ANSWER
from toys import Stripes

Pretend = Callable[[str], NDArray[np.uint8]]


def call(*arguments: str | Path, code: int = 0) -> Result:
    """Run ``alseg`` in this process and check its exit code."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result


def truth(image_id: str) -> NDArray[np.uint8]:
    """Return the label map of an image of the toy's pool."""
    return Stripes("train", 6, (12, 24)).label(int(image_id.rsplit("-", 1)[1]))


def fill_masks(
    folder: Path, label_of: Pretend = truth, keep: Callable[[int, int], bool] | None = None
) -> Path:
    """Give every marked pixel of the masks in a task folder its class; ``keep(y, x)`` leaves some marked."""
    for file in sorted((folder / "masks").glob("*.png")):
        mask = np.array(Image.open(file))
        mask = np.where(mask == TO_ANSWER, label_of(file.stem), mask).astype(np.uint8)
        Image.fromarray(mask).save(file)
    return folder / "masks"


def oracle_of(run: WaitingRun) -> RevealedLabels:
    """Return what the oracle would say of the questions of a waiting run."""
    saved = run.saved
    labels = RevealedLabels(
        saved.pool.dataset,
        saved.pool.translation,
        mode=saved.mode,
        regions=saved._regions,
        num_classes=len(saved.space.classes),
    )
    for number, purchase in saved.purchases.items():
        if number < run.round:
            labels.restore(purchase)
    regions = run.questions.regions
    if regions is not None:
        labels.deciding = lambda index: regions.of_image(labels.dataset.image_id(index))
    return labels


def fill_table(folder: Path, run: WaitingRun, first: int | None = None, **columns: str) -> Path:
    """Fill in the answers that the oracle would give; only those to the first questions, where it says so."""
    path, labels = folder / "questions.csv", oracle_of(run)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = (*run.saved.space.names, "void")
    for row in rows:
        if first is not None and int(row["question"]) > first:
            continue
        index = labels.history.index_of(row["image"])
        earlier = labels.history.positions(row["image"])
        position = np.array([[int(row["y"]), int(row["x"])]], np.int32)
        said = labels.said(index, np.concatenate([earlier, position]), wants_sets=True)
        assert said.sets is not None
        answer = "|".join(names[place] for place in np.flatnonzero(said.sets[-1]))
        row["answer"] = "yes" if answer == row.get("proposed") else answer
        row.update(columns)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def answer_round(results: Path, tasks: Path, registry: Registry, **options: Any) -> None:
    """Ask for one round of the only waiting run, answer all of it, and give it back."""
    call("ask", results, "-o", tasks)
    [run] = find_waiting(results, registry)
    [folder] = tasks.glob(f"*-round-{run.round}")
    filled = fill_masks(folder) if run.kind == "pixels" else fill_table(folder, run, **options)
    call("answer", results, filled)


def answer_all(file: Path, results: Path, tasks: Path, registry: Registry, rounds: int) -> None:
    """Run an experiment to its end, with people who know the label maps."""
    for _ in range(rounds):
        call("run", file, "--results", results, code=3)
        answer_round(results / file.stem, tasks, registry)
    call("run", file, "--results", results)
