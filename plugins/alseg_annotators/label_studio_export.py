"""Writing the questions of a round for Label Studio."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from alseg.contracts.annotating import ImageQuestions, QuestionSheet
from alseg.toolkit.question_pictures import encoded, outlined, question_picture
from alseg_annotators._labels import ClassLabels
from alseg_annotators._proposal import proposed_areas, proposed_classes
from alseg_annotators._sheet import PROMPTS, picture_name
from alseg_annotators.label_studio_config import CHOICE, IMAGE, LABELS, TOOLS, labeling_config
from alseg_annotators.label_studio_rle import encode_mask

PREDICTED_BY = "alseg"
"""Name of the model in predictions."""

_FILE_BYTES = 50_000_000
"""About where a file of tasks ends: Label Studio takes uploads of 250 MB by default."""

_HOW = """How to label these questions with Label Studio

1. Start it, {start}
2. Make a project. Settings, Labeling Interface, Code: paste labels.xml.
{storage}{step}. Import {files}.
{next}. Label. What the network proposes is shown as a prediction; it counts once you submit it.
{last}. Export as JSON (not JSON-MIN where shapes overlap), then: alseg answer RESULTS FILE
"""
_SERVE = (
    "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT=$PWD "
    "label-studio start"
)
_STORAGE = "3. Settings, Cloud Storage, Add Source Storage, Local Files: path of images/ here; no sync.\n"


def write_tasks(sheet: QuestionSheet, folder: Path, *, served: bool, proposals: bool) -> Sequence[Path]:
    """Write all that people need; see `PeopleAnnotator.export`.

    Args:
        sheet: The questions.
        folder: Where to write.
        served: Pictures are files in ``images``, not part of the tasks.
        proposals: Predictions are laid before people.
    """
    labels = ClassLabels(sheet.label_space)
    config = folder / "labels.xml"
    config.write_text(labeling_config(sheet.kind, labels), encoding="utf-8")
    if served:
        (folder / "images").mkdir()
    files: list[Path] = []
    with tempfile.TemporaryFile(dir=folder) as spool:  # with their pictures, tasks may not fit into memory
        kept = []
        for asked in sheet.images:
            for number, task, picture, name in _tasks(sheet, asked, labels, proposals=proposals):
                if served:
                    (folder / "images" / name).write_bytes(picture)
                    task["data"][IMAGE] = f"/data/local-files/?d=images/{name}"
                else:
                    task["data"][IMAGE] = "data:image/jpeg;base64," + base64.b64encode(picture).decode(
                        "ascii"
                    )
                text = json.dumps(task).encode("ascii")
                kept.append((number, spool.tell(), len(text)))
                spool.write(text)
        # What is asked first is wanted most.
        for part in _parts(sorted(kept)):
            files.append(_write_part(folder, len(files) + 1, spool, part))
    _write_how(folder, files, served=served)
    return [config, *files]


def _parts(kept: Sequence[tuple[int, int, int]]) -> Iterator[list[tuple[int, int, int]]]:
    """Cut tasks, as number, start and bytes, into those of one file each."""
    part: list[tuple[int, int, int]] = []
    size = 0
    for task in kept:
        part.append(task)
        size += task[2]
        if size > _FILE_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _write_part(folder: Path, number: int, spool: IO[bytes], part: Sequence[tuple[int, int, int]]) -> Path:
    path = folder / f"tasks-{number:03d}.json"
    with path.open("wb") as file:
        for place, (_, start, size) in enumerate(part):
            spool.seek(start)
            file.write(b",\n" if place else b"[\n")
            file.write(spool.read(size))
        file.write(b"\n]\n")
    return path


def _tasks(
    sheet: QuestionSheet, asked: ImageQuestions, labels: ClassLabels, *, proposals: bool
) -> Iterator[tuple[int, dict[str, Any], bytes, str]]:
    """Yield tasks about an image: number of the first question, task, picture and the name of that."""
    image, footprint = asked.image(), asked.footprint()
    prediction = asked.prediction() if proposals else None
    height, width = asked.size
    data: dict[str, Any] = {
        "alseg_experiment": sheet.experiment,
        "alseg_run": sheet.run,
        "alseg_round": sheet.round,
        "alseg_image": asked.image_id,
        "alseg_height": height,
        "alseg_width": width,
    }
    if sheet.kind == "pixels":
        data["alseg_prompt"] = PROMPTS["pixels"]
        results = [] if prediction is None else _drawn(asked, footprint, prediction, labels)
        picture = encoded(outlined(image, footprint))
        first = asked.questions[0].number
        yield first, _task(data, results), picture, picture_name(sheet, first, asked.image_id)
        return
    for place, question in enumerate(asked.questions):
        classes = proposed_classes(sheet.kind, question, prediction, footprint == place)
        named = [labels.name(index) for index in classes]
        y, x = question.position
        of_question = data | {
            "alseg_question": question.number,
            "alseg_y": y,
            "alseg_x": x,
            "alseg_prompt": PROMPTS[sheet.kind].format(proposed=named[0] if named else ""),
        }
        chosen = {
            "id": "p0",
            "from_name": CHOICE,
            "to_name": IMAGE,
            "type": "choices",
            "value": {"choices": named},
        }
        results = [chosen] if named and proposals else []
        picture = encoded(question_picture(image, footprint, place))
        name = picture_name(sheet, question.number, asked.image_id)
        yield question.number, _task(of_question, results), picture, name


def _drawn(
    asked: ImageQuestions, footprint: NDArray[np.int32], prediction: NDArray[np.uint8], labels: ClassLabels
) -> list[dict[str, Any]]:
    """Return what is proposed within the questions as results."""
    height, width = asked.size
    areas, points = proposed_areas(footprint, prediction)
    drawn: list[tuple[str, dict[str, Any], int]] = []
    for index, mask in areas:
        drawn.append(("masks", {"format": "rle", "rle": encode_mask(mask)}, index))
    for index, y, x in points:
        middle = {"x": 100 * (x + 0.5) / width, "y": 100 * (y + 0.5) / height}
        drawn.append(("points", middle | {"width": 100 * 3 / width}, index))
    results = []
    for number, (tool, value, index) in enumerate(drawn):
        frame = {
            "id": f"p{number}",
            "to_name": IMAGE,
            "original_width": width,
            "original_height": height,
            "image_rotation": 0,
        }
        results.append(frame | {"from_name": tool, "type": TOOLS[tool].lower(), "value": value})
        labelled = value | {"labels": [labels.name(index)]}
        results.append(frame | {"from_name": LABELS, "type": "labels", "value": labelled})
    return results


def _task(data: dict[str, Any], results: list[dict[str, Any]]) -> dict[str, Any]:
    task: dict[str, Any] = {"data": dict(data)}
    if results:
        task["predictions"] = [{"model_version": PREDICTED_BY, "result": results}]
    return task


def _write_how(folder: Path, files: Sequence[Path], *, served: bool) -> None:
    step = 4 if served else 3
    text = _HOW.format(
        start=f"in this folder, with: {_SERVE}" if served else "with: label-studio start",
        storage=_STORAGE if served else "",
        files=", ".join(path.name for path in files),
        step=step,
        next=step + 1,
        last=step + 2,
    )
    (folder / "README.txt").write_text(text, encoding="utf-8")
