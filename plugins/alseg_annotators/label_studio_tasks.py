"""Files of tasks for Label Studio, and drawings in them."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from alseg.contracts.types import Size
from alseg_annotators._labels import ClassLabels
from alseg_annotators.label_studio_config import IMAGE, LABELS, TOOLS
from alseg_annotators.label_studio_rle import encode_mask

_FILE_BYTES = 50_000_000
"""About where a file of tasks ends: Label Studio takes uploads of 250 MB by default."""


def embedded(picture: bytes) -> str:
    """Return a JPEG file as an address that holds it."""
    return "data:image/jpeg;base64," + base64.b64encode(picture).decode("ascii")


def write_files(tasks: Iterable[tuple[int, dict[str, Any]]], folder: Path) -> list[Path]:
    """Write ``tasks-001.json`` and following.

    Args:
        tasks: Rank and task; those of low rank come first in the files.
        folder: Where to write.
    """
    files: list[Path] = []
    with tempfile.TemporaryFile(dir=folder) as spool:  # with their pictures, tasks may not fit into memory
        kept = []
        for number, task in tasks:
            text = json.dumps(task).encode("ascii")
            kept.append((number, spool.tell(), len(text)))
            spool.write(text)
        for part in _parts(sorted(kept)):
            files.append(_write_part(folder, len(files) + 1, spool, part))
    return files


def drawn_results(
    areas: Iterable[tuple[int, NDArray[np.bool_]]],
    points: Iterable[tuple[int, int, int]],
    size: Size,
    labels: ClassLabels,
) -> list[dict[str, Any]]:
    """Return drawings as results.

    Args:
        areas: Class and mask, bool ``(H, W)``, of what is drawn by brush.
        points: Class, y and x of points.
        size: Height and width of the image.
        labels: The classes.
    """
    height, width = size
    drawn: list[tuple[str, dict[str, Any], int]] = []
    for index, mask in areas:
        drawn.append(("masks", {"format": "rle", "rle": encode_mask(mask)}, index))
    for index, y, x in points:
        middle = {"x": 100 * (x + 0.5) / width, "y": 100 * (y + 0.5) / height}
        drawn.append(("points", middle | {"width": 100 * 3 / width}, index))
    results = []
    for number, (tool, value, index) in enumerate(drawn):
        frame = {
            "id": f"p{number}",
            "to_name": IMAGE,
            "original_width": width,
            "original_height": height,
            "image_rotation": 0,
        }
        results.append(frame | {"from_name": tool, "type": TOOLS[tool].lower(), "value": value})
        labelled = value | {"labels": [labels.name(index)]}
        results.append(frame | {"from_name": LABELS, "type": "labels", "value": labelled})
    return results


def _parts(kept: Sequence[tuple[int, int, int]]) -> Iterator[list[tuple[int, int, int]]]:
    """Cut tasks, as number, start and bytes, into those of one file each."""
    part: list[tuple[int, int, int]] = []
    size = 0
    for task in kept:
        part.append(task)
        size += task[2]
        if size > _FILE_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _write_part(folder: Path, number: int, spool: IO[bytes], part: Sequence[tuple[int, int, int]]) -> Path:
    path = folder / f"tasks-{number:03d}.json"
    with path.open("wb") as file:
        for place, (_, start, size) in enumerate(part):
            spool.seek(start)
            file.write(b",\n" if place else b"[\n")
            file.write(spool.read(size))
        file.write(b"\n]\n")
    return path
