"""Run by a Python with datumaro: imports a folder as CVAT's, says what is there, exports it.

Usage: ``python datumaro_cvat.py FOLDER EXPORT``; prints a list of ``[item, type, label, pixels or points]``.
"""

import json
import sys

from datumaro import Dataset

dataset = Dataset.import_from(sys.argv[1], "cvat")
labels = [category.name for category in dataset.categories()[next(iter(dataset.categories()))]]
found = []
for item in dataset:
    for annotation in item.annotations:
        kind = annotation.type.name
        shape = annotation.image.tolist() if kind == "mask" else getattr(annotation, "points", None)
        found.append([item.id, kind, labels[annotation.label], None if shape is None else list(shape)])
dataset.export(sys.argv[2], "cvat", save_media=True)
print(json.dumps(found))
