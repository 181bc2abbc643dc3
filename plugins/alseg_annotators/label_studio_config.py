"""The labeling interface of Label Studio for each kind of answer."""

from __future__ import annotations

from xml.etree import ElementTree

from alseg.contracts.annotation import AnswerKind
from alseg_annotators._labels import ClassLabels, hex_color

IMAGE = "image"
"""Name of the picture in the interface, in results ``to_name``, and in task data."""
CHOICE = "answer"
"""Name of the choice of classes, in results ``from_name``."""
LABELS = "class"
"""Name of the labels of what is drawn, in results ``from_name``."""
TOOLS = {"masks": "Brush", "polygons": "Polygon", "boxes": "Rectangle", "points": "KeyPoint"}
"""Names of what people draw with, and their tags; in results, ``type`` is the tag in lower case."""


def labeling_config(kind: AnswerKind, labels: ClassLabels) -> str:
    """Return the interface as XML."""
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, "Header", value="$alseg_prompt")
    ElementTree.SubElement(
        view, "Image", name=IMAGE, value=f"${IMAGE}", zoom="true", zoomControl="true", smoothing="false"
    )
    if kind == "pixels":
        # One row of labels for all tools; tags with labels of their own would each repeat it.
        row = ElementTree.SubElement(view, "Labels", name=LABELS, toName=IMAGE)
        for label, color in labels.colors.items():
            ElementTree.SubElement(row, "Label", value=label, background=hex_color(color))
        for name, tag in TOOLS.items():
            ElementTree.SubElement(view, tag, name=name, toName=IMAGE)
    else:
        choice = "multiple" if kind == "classes" else "single"
        row = ElementTree.SubElement(
            view, "Choices", name=CHOICE, toName=IMAGE, choice=choice, required="true", showInline="true"
        )
        for label, color in labels.colors.items():
            ElementTree.SubElement(row, "Choice", value=label, background=hex_color(color))
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"
