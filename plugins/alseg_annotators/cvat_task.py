"""Folders that CVAT takes: pictures, labels, and annotations as "CVAT for images 1.1"."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from alseg.toolkit.question_pictures import encoded
from alseg_annotators._labels import ClassLabels, hex_color
from alseg_annotators.cvat_format import ANNOTATIONS, IMAGES, LABELS, checked_label, label_colors
from alseg_annotators.cvat_rle import encode_runs

Source = Literal["auto", "manual"]
"""Whether a network or a person has made an annotation."""


class CvatTask:
    """A folder for a task of CVAT.

    Args:
        folder: Where to write; it is empty.
        title: Name of the task.
        labels: The classes.
        drawings: Labels are for drawings, else for tags.
    """

    def __init__(self, folder: Path, title: str, labels: ClassLabels, *, drawings: bool) -> None:
        self._folder, self._labels, self._drawings = folder, labels, drawings
        (folder / IMAGES).mkdir()
        self._root = ElementTree.Element("annotations")
        ElementTree.SubElement(self._root, "version").text = "1.1"
        self._add_meta(title)
        self._count = 0

    def add(self, name: str, picture: NDArray[np.uint8], annotations: Sequence[ElementTree.Element]) -> None:
        """Write a picture, uint8 RGB ``(H, W, 3)``, and note its annotations."""
        (self._folder / IMAGES / name).write_bytes(encoded(picture))
        height, width = map(str, picture.shape[:2])
        image = ElementTree.SubElement(
            self._root, "image", id=str(self._count), name=name, width=width, height=height
        )
        image.extend(annotations)
        self._count += 1

    def write(self) -> list[Path]:
        """Write labels and annotations; returns what people need, in the order in which they need it."""
        ElementTree.indent(self._root)
        annotations, labels = self._folder / ANNOTATIONS, self._folder / LABELS
        ElementTree.ElementTree(self._root).write(annotations, encoding="utf-8", xml_declaration=True)
        labels.write_text(json.dumps(self._constructor(), indent=1) + "\n", encoding="utf-8")
        return [labels, self._folder / IMAGES, annotations]

    def _constructor(self) -> list[dict[str, Any]]:
        """Return the labels as CVAT's page for new tasks takes them."""
        checked = checked_label(self._labels)
        kind = "any" if self._drawings else "tag"
        return [
            {
                "name": name,
                "color": hex_color(color),
                "type": "tag" if name == checked else kind,
                "attributes": [],
            }
            for name, color in label_colors(self._labels).items()
        ]

    def _add_meta(self, title: str) -> None:
        task = ElementTree.SubElement(ElementTree.SubElement(self._root, "meta"), "task")
        ElementTree.SubElement(task, "name").text = title
        ElementTree.SubElement(task, "mode").text = "annotation"
        listed = ElementTree.SubElement(task, "labels")
        for name, color in label_colors(self._labels).items():
            label = ElementTree.SubElement(listed, "label")
            ElementTree.SubElement(label, "name").text = name
            ElementTree.SubElement(label, "color").text = hex_color(color)
            ElementTree.SubElement(label, "attributes")


def drawn_elements(
    areas: Iterable[tuple[int, NDArray[np.bool_]]],
    points: Iterable[tuple[int, int, int]],
    labels: ClassLabels,
    source: Source,
) -> list[ElementTree.Element]:
    """Return drawings as elements.

    Args:
        areas: Class and mask, bool ``(H, W)``, with at least one pixel.
        points: Class, y and x of points.
        labels: The classes.
        source: Who has made them.
    """
    shapes = []
    for index, mask in areas:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        shapes.append(
            ElementTree.Element(
                "mask",
                label=labels.name(index),
                source=source,
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
                source=source,
                occluded="0",
                points=f"{x + 0.5:.2f},{y + 0.5:.2f}",
                z_order="0",
            )
        )
    return shapes
