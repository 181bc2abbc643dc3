"""Label maps as a task of CVAT: what was bought, or what a network says, as masks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from alseg import IGNORE_INDEX
from alseg.contracts.annotating import LabelledImages
from alseg_annotators._labels import ClassLabels
from alseg_annotators._sheet import FileNames
from alseg_annotators.cvat_task import CvatTask, drawn_elements


def write_labels(found: LabelledImages, folder: Path) -> Sequence[Path]:
    """Write ``images/``, ``labels.json`` and ``annotations.xml``; see `LabelExporter.export_labels`."""
    labels, names = ClassLabels(found.space), FileNames()
    task = CvatTask(folder, found.source, labels, drawings=True)
    for image in found.images:
        classes = [index for index in np.unique(image.label).tolist() if index != IGNORE_INDEX]
        areas = [(index, image.label == index) for index in classes]
        shapes = drawn_elements(areas, (), labels, "auto" if found.predicted else "manual")
        task.add(f"{names.name(image.name)}.jpg", image.read(), shapes)
    return task.write()
