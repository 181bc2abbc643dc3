"""Writing the questions of a round for CVAT."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from alseg.contracts.annotating import ImageQuestions, QuestionSheet
from alseg.toolkit.question_pictures import encoded, outlined, question_picture
from alseg_annotators._labels import ClassLabels, hex_color
from alseg_annotators._proposal import proposed_areas, proposed_classes
from alseg_annotators._sheet import PROMPTS, picture_name
from alseg_annotators.cvat_format import ANNOTATIONS, IMAGES, LABELS, checked_label, label_colors
from alseg_annotators.cvat_rle import encode_runs

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
    (folder / IMAGES).mkdir()
    root = ElementTree.Element("annotations")
    ElementTree.SubElement(root, "version").text = "1.1"
    _add_meta(root, sheet, labels)
    number = 0
    for asked in sheet.images:
        for name, picture, shapes in _pictures(sheet, asked, labels, proposals=proposals):
            (folder / IMAGES / name).write_bytes(encoded(picture))
            height, width = picture.shape[:2]
            image = ElementTree.SubElement(
                root, "image", id=str(number), name=name, width=str(width), height=str(height)
            )
            image.extend(shapes)
            number += 1
    ElementTree.indent(root)
    annotations = folder / ANNOTATIONS
    ElementTree.ElementTree(root).write(annotations, encoding="utf-8", xml_declaration=True)
    label_file = folder / LABELS
    label_file.write_text(json.dumps(_constructor(sheet, labels), indent=1) + "\n", encoding="utf-8")
    how = _HOW.format(prompt=_prompt(sheet), checked=checked_label(labels))
    (folder / "README.txt").write_text(how, encoding="utf-8")
    return [label_file, folder / IMAGES, annotations]


def _prompt(sheet: QuestionSheet) -> str:
    if sheet.kind != "correction":
        return PROMPTS[sheet.kind]
    return (
        "The tag of each picture is what the network says. Is it the class of most pixels within the outline?"
    )


def _constructor(sheet: QuestionSheet, labels: ClassLabels) -> list[dict[str, Any]]:
    """Return the labels as CVAT's page for new tasks takes them."""
    checked = checked_label(labels)
    kind = "any" if sheet.kind == "pixels" else "tag"
    return [
        {
            "name": name,
            "color": hex_color(color),
            "type": "tag" if name == checked else kind,
            "attributes": [],
        }
        for name, color in label_colors(labels).items()
    ]


def _add_meta(root: ElementTree.Element, sheet: QuestionSheet, labels: ClassLabels) -> None:
    task = ElementTree.SubElement(ElementTree.SubElement(root, "meta"), "task")
    ElementTree.SubElement(task, "name").text = f"{sheet.experiment} {sheet.run} round {sheet.round}"
    ElementTree.SubElement(task, "mode").text = "annotation"
    listed = ElementTree.SubElement(task, "labels")
    for name, color in label_colors(labels).items():
        label = ElementTree.SubElement(listed, "label")
        ElementTree.SubElement(label, "name").text = name
        ElementTree.SubElement(label, "color").text = hex_color(color)
        ElementTree.SubElement(label, "attributes")


def _pictures(
    sheet: QuestionSheet, asked: ImageQuestions, labels: ClassLabels, *, proposals: bool
) -> Iterator[tuple[str, NDArray[np.uint8], list[ElementTree.Element]]]:
    """Yield pictures of an image, each with its name and what is proposed for it."""
    image, footprint = asked.image(), asked.footprint()
    prediction = asked.prediction() if proposals else None
    if sheet.kind == "pixels":
        shapes = [] if prediction is None else _drawn(footprint, prediction, labels)
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


def _drawn(
    footprint: NDArray[np.int32], prediction: NDArray[np.uint8], labels: ClassLabels
) -> list[ElementTree.Element]:
    """Return what is proposed within the questions as elements."""
    areas, points = proposed_areas(footprint, prediction)
    shapes = []
    for index, mask in areas:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        shapes.append(
            ElementTree.Element(
                "mask",
                label=labels.name(index),
                source="auto",
                occluded="0",
                rle=encode_runs(mask[box]),
                left=str(columns[0]),
                top=str(rows[0]),
                width=str(len(mask[box][0])),
                height=str(len(mask[box])),
                z_order="0",
            )
        )
    for index, y, x in points:
        shapes.append(
            ElementTree.Element(
                "points",
                label=labels.name(index),
                source="auto",
                occluded="0",
                points=f"{x + 0.5:.2f},{y + 0.5:.2f}",
                z_order="0",
            )
        )
    return shapes
