"""Label maps as tasks of Label Studio: what was bought as annotations, what a network says as predictions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from alseg import IGNORE_INDEX
from alseg.contracts.annotating import LabelledImages
from alseg.toolkit.question_pictures import encoded
from alseg_annotators._labels import ClassLabels
from alseg_annotators.label_studio_config import IMAGE, labeling_config
from alseg_annotators.label_studio_export import PREDICTED_BY
from alseg_annotators.label_studio_tasks import drawn_results, embedded, write_files


def write_labels(found: LabelledImages, folder: Path) -> Sequence[Path]:
    """Write ``labels.xml``, ``tasks-001.json`` and following; see `LabelExporter.export_labels`."""
    labels = ClassLabels(found.space)
    config = folder / "labels.xml"
    config.write_text(labeling_config("pixels", labels), encoding="utf-8")
    return [config, *write_files(_tasks(found, labels), folder)]


def _tasks(found: LabelledImages, labels: ClassLabels) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, image in enumerate(found.images):
        classes = [index for index in np.unique(image.label).tolist() if index != IGNORE_INDEX]
        areas = [(index, image.label == index) for index in classes]
        height, width = image.label.shape
        results = drawn_results(areas, (), (height, width), labels)
        data = {
            "alseg_prompt": found.source,
            "alseg_image": image.name,
            IMAGE: embedded(encoded(image.read())),
        }
        task: dict[str, Any] = {"data": data}
        if found.predicted:
            task["predictions"] = [{"model_version": PREDICTED_BY, "result": results}]
        else:
            task["annotations"] = [{"result": results}]
        yield number, task
