"""Lists and tables of images that lie in a folder: what they list, and whether it is there."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from alseg.errors import DataError
from alseg.toolkit.text_file import read_lines

_TABLES = (".csv", ".tsv")
_MOST_BYTES = 50_000_000


@dataclass(frozen=True)
class ImageList:
    """A list of images.

    Attributes:
        name: Its path below the folder.
        images: Images that are there, by path.
        missing: Number of listed images that are not there.
        labels: Label files that it names, by image; empty unless it names one that is there for each.
        splits: Texts in its column ``split``.
        has_groups: It has a column ``group``.
    """

    name: str
    images: frozenset[str]
    missing: int
    labels: Mapping[str, str]
    splits: tuple[str, ...] = ()
    has_groups: bool = False


def read_lists(root: Path, names: Sequence[str], images: Collection[str]) -> list[ImageList]:
    """Return the files that list images; others, such as licences, are passed over.

    Args:
        root: The folder.
        names: Text files and tables below it.
        images: Paths of all image files below it.
    """
    known = _known(images)
    lists = [found for name in names if (found := _read(root, name, known)) is not None]
    return [one for one in lists if one.images]


def _read(root: Path, name: str, known: dict[str, str | None]) -> ImageList | None:
    path = root / name
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        lines = [line for line in read_lines(path) if line.strip()]
    except (DataError, OSError):
        return None
    if path.suffix.lower() in _TABLES:
        return _table(name, lines, known)
    rows = [line.split("\t") if "\t" in line else line.split() for line in lines]
    if not rows or any(len(row) > 2 for row in rows):
        return None
    found = [_image(row[0], known) for row in rows]
    there = frozenset(image for image in found if image is not None)
    labels = _labels(found, [row[1] if len(row) == 2 else "" for row in rows], known)
    return ImageList(name, there, found.count(None), labels)


def _table(name: str, lines: Sequence[str], known: dict[str, str | None]) -> ImageList | None:
    delimiter = max((",", ";", "\t"), key=lines[0].count) if lines else ","
    try:
        rows = [
            {(key or "").strip().lower(): (value or "").strip() for key, value in row.items() if key}
            for row in csv.DictReader(lines, skipinitialspace=True, delimiter=delimiter)
        ]
    except csv.Error:
        return None
    if not rows or "image" not in rows[0]:
        return None
    found = [_image(row["image"], known) for row in rows]
    return ImageList(
        name,
        frozenset(image for image in found if image is not None),
        found.count(None),
        _labels(found, [row.get("label", "") for row in rows], known),
        tuple(dict.fromkeys(row["split"] for row in rows if row.get("split"))),
        any(row.get("group") for row in rows),
    )


def _labels(
    images: Sequence[str | None], listed: Sequence[str], known: dict[str, str | None]
) -> dict[str, str]:
    found = {
        image: label
        for image, name in zip(images, listed, strict=True)
        if image is not None and name and (label := _image(name, known)) is not None
    }
    return found if len(found) == len(images) else {}


def _known(images: Collection[str]) -> dict[str, str | None]:
    """Return images by what lists may call them; None for what several are called."""
    known: dict[str, str | None] = {}
    for image in images:
        parts = PurePosixPath(image).parts
        for start in range(len(parts)):
            below = PurePosixPath(*parts[start:])
            for called in {str(below), str(below.with_suffix(""))}:
                known[called] = None if known.get(called, image) != image else image
    return known | {image: image for image in images}


def _image(listed: str, known: dict[str, str | None]) -> str | None:
    """Return the image that a list means; leading folders of another machine are left out."""
    parts = PurePosixPath(listed).parts
    for start in range(len(parts)):
        found = known.get("/".join(parts[start:]))
        if found is not None:
            return found
    return None
