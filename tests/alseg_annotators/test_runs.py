"""Runs that wait for people with Label Studio or CVAT, through the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

import alseg_partitions
from alseg.asking.waiting_run import find_waiting
from alseg.cli import main
from alseg.contracts.annotating import ImageQuestions, QuestionSheet
from alseg_annotators._names import ClassLabels
from alseg_annotators._sheet import picture_name
from alseg_annotators.cvat_rle import encode_runs
from alseg_annotators.label_studio_rle import encode_mask
from toycommand import write_toy
from toys import Stripes, toy_document, toy_registry

REGISTRY = toy_registry(alseg_partitions)


@pytest.fixture(autouse=True)
def _registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alseg.registry.loading.load_registry", lambda: REGISTRY)


def call(*arguments: str | Path, code: int = 0) -> str:
    """Run ``alseg`` in this process, check its exit code and return what it says."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output


def truth(asked: ImageQuestions) -> NDArray[np.uint8]:
    """Return the label map of an image of the toy's pool."""
    return Stripes("train", 6, (12, 24)).label(int(asked.image_id.rsplit("-", 1)[1]))


def most_frequent(asked: ImageQuestions, place: int) -> int:
    """Return the class of most pixels of a question, the smaller of equally frequent ones."""
    classes, counts = np.unique(truth(asked)[asked.footprint() == place], return_counts=True)
    return int(classes[counts.argmax()])


def in_label_studio(task_folder: Path, sheet: QuestionSheet) -> Path:
    """Answer all tasks as Label Studio exports it."""
    labels = ClassLabels(sheet.label_space)
    images = {asked.image_id: asked for asked in sheet.images}
    tasks = []
    for file in sorted(task_folder.glob("tasks-*.json")):
        for task in json.loads(file.read_text(encoding="utf-8")):
            data = task["data"]
            asked = images[data["alseg_image"]]
            results = []
            if sheet.kind == "pixels":
                height, width = asked.size
                frame = {"type": "labels", "original_width": width, "original_height": height}
                for index in np.unique(truth(asked)).tolist():
                    value = {"rle": encode_mask(truth(asked) == index), "labels": [labels.name(index)]}
                    results.append(frame | {"id": f"r{index}", "value": value})
            else:
                positions = [question.position for question in asked.questions]
                place = positions.index((data["alseg_y"], data["alseg_x"]))
                choice = labels.name(most_frequent(asked, place))
                results.append({"id": "r", "type": "choices", "value": {"choices": [choice]}})
            tasks.append(
                {"data": data, "annotations": [{"completed_by": 1, "result": results, "lead_time": 8}]}
            )
    path = task_folder / "project-1.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def in_cvat(task_folder: Path, sheet: QuestionSheet) -> Path:
    """Answer all pictures as CVAT exports it."""
    labels = ClassLabels(sheet.label_space)
    root = ElementTree.parse(task_folder / "annotations.xml").getroot()
    pictures = {image.get("name"): image for image in root.findall("image")}
    for asked in sheet.images:
        for place, question in enumerate(asked.questions[:1] if sheet.kind == "pixels" else asked.questions):
            image = pictures[picture_name(sheet, question.number, asked.image_id)]
            for child in list(image):
                image.remove(child)
            if sheet.kind != "pixels":
                label = labels.name(most_frequent(asked, place))
                ElementTree.SubElement(image, "tag", label=label, source="manual")
                continue
            height, width = map(str, asked.size)
            for index in np.unique(truth(asked)).tolist():
                runs = encode_runs(truth(asked) == index)
                box = {"left": "0", "top": "0", "width": width, "height": height, "rle": runs}
                ElementTree.SubElement(image, "mask", {"label": labels.name(index), "source": "manual"} | box)
    path = task_folder / "export.xml"
    ElementTree.ElementTree(root).write(path, encoding="utf-8")
    return path


TOOLS = {"label-studio": in_label_studio, "cvat": in_cvat}
METHODS: dict[str, dict[str, Any]] = {
    "pixels": {"annotation": {"name": "region", "radius": 1}, "budget": "20%"},
    "dominant": {
        "annotation": {"name": "superpixel", "answer": "dominant"},
        "partition": {"name": "grid", "side": 4},
        "budget": "30%",
    },
}


def bought(results: Path) -> dict[str, bytes]:
    """Return what the only run bought, and its metrics."""
    [folder] = (results / "toy" / "runs").glob("m__*")
    names = ("ledger.npy", "ledger.json", "metrics.json", "confusion.npz")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.glob("rounds/*/*"))
        if path.name in names
    }


@pytest.mark.parametrize("kind", METHODS)
@pytest.mark.parametrize("tool", TOOLS)
def test_people_who_know_the_label_maps_give_the_bytes_of_the_oracle(
    tool: str, kind: str, tmp_path: Path
) -> None:
    method = {"label": "m", "acquisition": "entropy", **METHODS[kind]}
    file = write_toy(tmp_path, toy_document(methods=[method]))
    call("run", file, "--results", tmp_path / "oracle")
    file = write_toy(tmp_path, toy_document(methods=[method | {"annotator": tool}]))
    answer: Callable[[Path, QuestionSheet], Path] = TOOLS[tool]
    for _ in range(2):
        call("run", file, "--results", tmp_path / "people", code=3)
        call("ask", tmp_path / "people" / "toy", "-o", tmp_path / "tasks")
        [run] = find_waiting(tmp_path / "people" / "toy", REGISTRY)
        [folder] = (tmp_path / "tasks").glob(f"*-round-{run.round}")
        said = call("answer", tmp_path / "people" / "toy", answer(folder, run.sheet))
        assert "The round is complete" in said
    call("run", file, "--results", tmp_path / "people")
    found = bought(tmp_path / "people")
    assert len(found) >= 8
    assert found == bought(tmp_path / "oracle")


def test_an_export_with_a_mistake_leaves_the_run_waiting(tmp_path: Path) -> None:
    method = {"label": "m", "acquisition": "entropy", **METHODS["pixels"], "annotator": "label-studio"}
    file, results = write_toy(tmp_path, toy_document(methods=[method])), tmp_path / "people"
    call("run", file, "--results", results, code=3)
    call("ask", results / "toy", "-o", tmp_path / "tasks")
    [run] = find_waiting(results / "toy", REGISTRY)
    [folder] = (tmp_path / "tasks").glob("*-round-1")
    export = in_label_studio(folder, run.sheet)
    tasks = json.loads(export.read_text(encoding="utf-8"))
    tasks[-1]["annotations"][0]["result"][0]["value"]["labels"] = ["rode"]
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(tasks), encoding="utf-8")

    said = call("answer", results / "toy", broken, code=2)

    where = f"{broken}, task {len(tasks)}, annotation 1, result 1: unknown class 'rode'."
    assert where in " ".join(said.split())
    assert "0 of" in call("run", file, "--results", results, code=3)
    assert "The round is complete" in call("answer", results / "toy", export)
