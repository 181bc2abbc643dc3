"""Writing the questions of a round for CVAT."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from alseg.contracts.annotating import ImageQuestions, QuestionSheet
from alseg.toolkit.question_pictures import outlined, question_picture
from alseg_annotators._labels import ClassLabels
from alseg_annotators._proposal import proposed_areas, proposed_classes
from alseg_annotators._sheet import PROMPTS, picture_name
from alseg_annotators.cvat_format import checked_label
from alseg_annotators.cvat_task import CvatTask, drawn_elements

_HOW = """How to label these questions with CVAT

{prompt}

1. Create a task. Labels, Raw: paste labels.json. Select files: all of images/. Submit.
2. The task's menu, Upload annotations, CVAT 1.1: annotations.xml (what the network proposes).
3. Label. Where all of a picture is right as it is, add the tag '{checked}': what nobody has changed does
   not count otherwise.
4. Export annotations as 'CVAT for images 1.1', then: alseg answer RESULTS FILE
"""


def write_task(sheet: QuestionSheet, folder: Path, *, proposals: bool) -> Sequence[Path]:
    """Write all that people need; see `PeopleAnnotator.export`.

    Args:
        sheet: The questions.
        folder: Where to write.
        proposals: Predictions are laid before people.
    """
    labels = ClassLabels(sheet.label_space)
    title = f"{sheet.experiment} {sheet.run} round {sheet.round}"
    task = CvatTask(folder, title, labels, drawings=sheet.kind == "pixels")
    for asked in sheet.images:
        for name, picture, shapes in _pictures(sheet, asked, labels, proposals=proposals):
            task.add(name, picture, shapes)
    written = task.write()
    how = _HOW.format(prompt=_prompt(sheet), checked=checked_label(labels))
    (folder / "README.txt").write_text(how, encoding="utf-8")
    return written


def _prompt(sheet: QuestionSheet) -> str:
    if sheet.kind != "correction":
        return PROMPTS[sheet.kind]
    return (
        "The tag of each picture is what the network says. Is it the class of most pixels within the outline?"
    )


def _pictures(
    sheet: QuestionSheet, asked: ImageQuestions, labels: ClassLabels, *, proposals: bool
) -> Iterator[tuple[str, NDArray[np.uint8], list[ElementTree.Element]]]:
    """Yield pictures of an image, each with its name and what is proposed for it."""
    image, footprint = asked.image(), asked.footprint()
    prediction = asked.prediction() if proposals else None
    if sheet.kind == "pixels":
        shapes = (
            []
            if prediction is None
            else drawn_elements(*proposed_areas(footprint, prediction), labels, "auto")
        )
        yield (
            picture_name(sheet, asked.questions[0].number, asked.image_id),
            outlined(image, footprint),
            shapes,
        )
        return
    for place, question in enumerate(asked.questions):
        classes = proposed_classes(sheet.kind, question, prediction, footprint == place)
        tags = [
            ElementTree.Element("tag", label=labels.name(index), source="auto")
            for index in classes
            if proposals
        ]
        picture = question_picture(image, footprint, place)
        yield picture_name(sheet, question.number, asked.image_id), picture, tags
