"""People in Label Studio and CVAT who know the label maps of the toy, and runs that wait for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from click.testing import CliRunner
from numpy.typing import NDArray

from alseg.cli import main
from alseg.contracts.annotating import ImageQuestions, QuestionSheet
from alseg_annotators._labels import ClassLabels
from alseg_annotators._sheet import picture_name
from alseg_annotators.cvat_rle import encode_runs
from alseg_annotators.label_studio_rle import encode_mask
from toys import Stripes

METHODS: dict[str, dict[str, Any]] = {
    "pixels": {"annotation": {"name": "region", "radius": 1}, "budget": "20%"},
    "dominant": {
        "annotation": {"name": "superpixel", "answer": "dominant"},
        "partition": {"name": "grid", "side": 4},
        "budget": "30%",
    },
}


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


def label_studio_results(data: dict[str, Any], sheet: QuestionSheet) -> list[dict[str, Any]]:
    """Return what a person who knows the label maps draws or chooses in a task of Label Studio."""
    labels = ClassLabels(sheet.label_space)
    asked = next(asked for asked in sheet.images if asked.image_id == data["alseg_image"])
    if sheet.kind != "pixels":
        positions = [question.position for question in asked.questions]
        choice = labels.name(most_frequent(asked, positions.index((data["alseg_y"], data["alseg_x"]))))
        value: dict[str, Any] = {"choices": [choice]}
        return [{"id": "r", "from_name": "answer", "to_name": "image", "type": "choices", "value": value}]
    height, width = asked.size
    results = []
    for index in np.unique(truth(asked)).tolist():
        mask = {"format": "rle", "rle": encode_mask(truth(asked) == index)}
        frame = {"id": f"r{index}", "to_name": "image", "original_width": width, "original_height": height}
        results.append(frame | {"from_name": "masks", "type": "brush", "value": mask})
        labelled = mask | {"labels": [labels.name(index)]}
        results.append(frame | {"from_name": "class", "type": "labels", "value": labelled})
    return results


def in_label_studio(task_folder: Path, sheet: QuestionSheet) -> Path:
    """Answer all tasks as Label Studio exports it."""
    tasks = []
    for file in sorted(task_folder.glob("tasks-*.json")):
        for task in json.loads(file.read_text(encoding="utf-8")):
            data = task["data"]
            results = label_studio_results(data, sheet)
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


def bought(results: Path) -> dict[str, bytes]:
    """Return what the only run bought, and its metrics."""
    [folder] = (results / "toy" / "runs").glob("m__*")
    names = ("ledger.npy", "ledger.json", "metrics.json", "confusion.npz")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.glob("rounds/*/*"))
        if path.name in names
    }
