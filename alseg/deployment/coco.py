"""Label maps as COCO: one file of annotations, a mask of each class in each image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import IGNORE_INDEX, LabelledImages
from alseg.deployment.picture_files import write_image
from alseg.files import write_text

ANNOTATIONS = "annotations.json"


def write_coco(found: LabelledImages, folder: Path, *, images: bool) -> int:
    """Write ``annotations.json`` and, if asked for, the images.

    Each class that an image shows is one annotation: its mask as uncompressed run-length encoding, its area
    in pixels and its bounding box. Categories have the number of the class plus 1, and ``isthing`` 0: alseg
    knows classes, not objects. Pixels in no annotation have no label.

    Args:
        found: The label maps.
        folder: Where to write.
        images: Whether ``images/NAME.png`` is written, too.

    Returns:
        How many images were written.

    Source:
        Lin et al., ECCV 2014, arXiv:1405.0312; the format is described at https://cocodataset.org/#format-data.
    """
    entries: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image in found.images:
        height, width = image.label.shape
        number, file = len(entries) + 1, f"{image.name}.png"
        entries.append({"id": number, "file_name": file, "height": height, "width": width})
        for label in np.unique(image.label).tolist():
            if label != IGNORE_INDEX:
                annotation = annotation_of(image.label == label)
                about = {"id": len(annotations) + 1, "image_id": number, "category_id": label + 1}
                annotations.append({**about, **annotation})
        if images:
            write_image(folder / "images" / file, image.read())
    categories = [
        {"id": index + 1, "name": info.name, "color": list(info.color), "isthing": 0}
        for index, info in enumerate(found.space.classes)
    ]
    content = {
        "info": {"description": found.source},
        "images": entries,
        "annotations": annotations,
        "categories": categories,
    }
    write_text(folder / ANNOTATIONS, json.dumps(content, ensure_ascii=False) + "\n")
    return len(entries)


def annotation_of(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Return mask, area and bounding box as COCO has them.

    Args:
        mask: bool ``(H, W)``, with one True at least.

    Returns:
        ``segmentation`` with ``size`` (height, width) and ``counts``; ``area`` in pixels; ``bbox``: left,
        top, width and height in pixels; ``iscrowd`` 0.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    return {
        "segmentation": {"size": list(mask.shape), "counts": run_lengths(mask)},
        "area": int(mask.sum()),
        "bbox": [left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1],
        "iscrowd": 0,
    }


def run_lengths(mask: NDArray[np.bool_]) -> list[int]:
    """Return the lengths of runs of False and True in turn, column by column, beginning with False.

    Args:
        mask: bool ``(H, W)``.
    """
    values = mask.T.reshape(-1)
    changes = np.flatnonzero(values[1:] != values[:-1]) + 1
    edges = np.concatenate([[0], changes, [values.size]])
    lengths: list[int] = np.diff(edges).tolist()
    return [0, *lengths] if values.size and values[0] else lengths
