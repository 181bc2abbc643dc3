"""Writing the questions of a round for Label Studio."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from alseg.contracts.annotating import ImageQuestions, QuestionSheet
from alseg.toolkit.question_pictures import encoded, outlined, question_picture
from alseg_annotators._labels import ClassLabels
from alseg_annotators._proposal import proposed_areas, proposed_classes
from alseg_annotators._sheet import PROMPTS, picture_name
from alseg_annotators.label_studio_config import CHOICE, IMAGE, labeling_config
from alseg_annotators.label_studio_tasks import drawn_results, embedded, write_files

PREDICTED_BY = "alseg"
"""Name of the model in predictions."""

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

    def tasks() -> Iterator[tuple[int, dict[str, Any]]]:
        for asked in sheet.images:
            for number, task, picture, name in _tasks(sheet, asked, labels, proposals=proposals):
                if served:
                    (folder / "images" / name).write_bytes(picture)
                task["data"][IMAGE] = f"/data/local-files/?d=images/{name}" if served else embedded(picture)
                yield number, task

    files = write_files(tasks(), folder)  # what is asked first is wanted most
    _write_how(folder, files, served=served)
    return [config, *files]


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
        results = (
            []
            if prediction is None
            else drawn_results(*proposed_areas(footprint, prediction), asked.size, labels)
        )
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
