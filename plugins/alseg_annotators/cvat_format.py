"""What CVAT's files are called here, and the one label that is no class."""

from __future__ import annotations

from alseg_annotators._labels import ClassLabels

IMAGES = "images"
"""Folder of the pictures."""
ANNOTATIONS = "annotations.xml"
LABELS = "labels.json"
UNTOUCHED = frozenset({"auto", "file"})
"""Values of ``source`` of annotations that no person has touched."""
_CHECKED_COLOR = (0, 255, 0)


def checked_label(labels: ClassLabels) -> str:
    """Return the tag by which a person says that an image is right as it is."""
    return "checked" if "checked" not in labels.colors else "all checked"


def label_colors(labels: ClassLabels) -> dict[str, tuple[int, int, int]]:
    """Return all labels of a task with their colours, the tag last."""
    return labels.colors | {checked_label(labels): _CHECKED_COLOR}
