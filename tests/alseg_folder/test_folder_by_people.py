"""Photographs without any label map: from two folders to a network, by YAML and commands alone."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import alseg_folder
import alseg_partitions
from people import call
from toycommand import write_toy
from toys import toy_document, toy_registry

SIZE = (24, 32)
CLASSES = ["left", "right"]
METHODS: dict[str, dict[str, Any]] = {
    "masks": {"annotation": {"name": "region", "radius": 2}, "budget": "20%"},
    "table": {
        "annotation": {"name": "superpixel", "answer": "dominant"},
        "partition": {"name": "grid", "side": 8},
        "budget": "50%",
    },
}


def truth() -> np.ndarray[Any, Any]:
    """Return the label map of all photographs: the left half is of one class, the right half of the other."""
    return (np.indices(SIZE)[1] >= SIZE[1] // 2).astype(np.uint8)


def photographs(folder: Path, *, labels: bool) -> None:
    """Write four JPEG photographs, dark on the left and bright on the right, in a folder of subfolders."""
    for index in range(4):
        noise = np.random.default_rng(index).integers(0, 60, (*SIZE, 3))
        file = folder / "rgb" / f"trip {index % 2}" / f"{index}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((noise + 150 * truth()[:, :, None]).astype(np.uint8)).save(file)
        if labels:
            label = folder / "seg" / f"{index}.png"
            label.parent.mkdir(exist_ok=True)
            Image.fromarray(truth()).save(label)


def answer(task: Path) -> Path:
    """Fill in a task folder as a person would who looks at the pictures."""
    if (task / "masks").is_dir():
        for file in (task / "masks").iterdir():
            mask = np.array(Image.open(file))
            Image.fromarray(np.where(mask == 254, truth(), mask).astype(np.uint8)).save(file)
        return task / "masks"
    table = task / "questions.csv"
    with table.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row["answer"] = CLASSES[truth()[int(row["y"]), int(row["x"])]]
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return table


@pytest.mark.parametrize("kind", METHODS)
def test_a_team_gets_from_two_folders_to_a_network(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = toy_registry(alseg_folder, alseg_partitions)
    monkeypatch.setattr("alseg.registry.loading.load_registry", lambda: registry)
    for command in ("export", "predict"):
        monkeypatch.setattr(f"alseg.cli.{command}.read_registry", lambda: registry)
    monkeypatch.chdir(tmp_path)
    photographs(tmp_path / "old", labels=True)
    photographs(tmp_path / "new", labels=False)
    common = {"name": "folder", "images": "rgb/**/*.jpg", "ids": CLASSES, "splits": {"train": "100%"}}
    scenario = {
        "source": {**common, "root": "old", "labels": "seg/{stem}.png"},
        "target": {**common, "root": "new"},
        "evaluation_split": "none",
    }
    method = {"label": "m", "acquisition": "entropy", "annotator": "files", **METHODS[kind]}
    file = write_toy(tmp_path, toy_document(scenario=scenario, methods=[method]))
    for number in (1, 2):
        call("run", file, code=3)
        call("ask", "results/toy", "-o", "tasks")
        [task] = Path("tasks").glob(f"*-round-{number}")
        assert {"README.txt", "classes.csv", "images", "pictures"} <= {path.name for path in task.iterdir()}
        assert "The round is complete" in call("answer", "results/toy", answer(task), "--who", "Mia").output
    call("run", file)

    [run] = Path("results/toy/runs").iterdir()
    cost = json.loads((run / "rounds/02/metrics.json").read_text())["cost"]
    assert cost["pixels"] == cost["valid_pixels"] > 0
    assert "m" in call("compare", "results/toy").output
    call("report", "results/toy", "-o", "report.html")
    assert Path("report.html").stat().st_size > 10_000
    call("export", "results/toy", "--as", "masks", "-o", "bought")
    masks = [np.array(Image.open(path)) for path in Path("bought/masks").rglob("*.png")]
    known = [mask != 255 for mask in masks]
    assert sum(map(np.count_nonzero, known)) == cost["pixels"]
    if kind == "masks":
        assert all((mask[where] == truth()[where]).all() for mask, where in zip(masks, known, strict=True))
    call("predict", "results/toy", "new", "-o", "predicted")
    predicted = [np.array(Image.open(path)) for path in Path("predicted/masks").rglob("*.png")]
    assert [mask.shape for mask in predicted] == [SIZE] * 4
    assert all(mask.max() < len(CLASSES) for mask in predicted)
