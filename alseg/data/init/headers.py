"""What the headers of all files say: sizes, formats, files that cannot be used, and copies."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alseg.contracts import Size
from alseg.errors import DataError
from alseg.toolkit.image_file import check_image_kind, opened

_HEAD = 1 << 16
_MOST_COMPARED = 2000
"""So many files at most are read to find out whether they are the same."""


@dataclass
class Headers:
    """What headers say.

    Attributes:
        sizes: Height and width of images, with their number.
        formats: Format and channels of images, such as ``PNG RGBA``, likewise.
        faults: Problem by image path: an image or label map that cannot be used, or both differ in size.
        copies: Images that are byte for byte the same as an earlier one.
    """

    sizes: Counter[Size] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    copies: int = 0


def read_headers(root: Path, images: Sequence[str], labels: Mapping[str, tuple[str | None, ...]]) -> Headers:
    """Open every image and label file as far as its header.

    Args:
        root: The folder.
        images: Paths below it.
        labels: Label files by image.
    """
    headers = Headers()
    lengths: dict[int, list[str]] = defaultdict(list)
    for path in images:
        try:
            with opened(root / path) as image:
                check_image_kind(image, root / path)
                size = (image.height, image.width)
                headers.formats[f"{image.format} {image.mode}"] += 1
            headers.sizes[size] += 1
            lengths[(root / path).stat().st_size].append(path)
            for label in labels.get(path, ()):
                if label is not None and (other := _size(root / label)) != size:
                    headers.faults[path] = (
                        f"{root / label} is {other[0]} x {other[1]} pixels (height x width), the image "
                        f"{size[0]} x {size[1]}."
                    )
        except DataError as error:
            headers.faults[path] = str(error)
    headers.copies = _copies(root, [paths for paths in lengths.values() if len(paths) > 1])
    return headers


def _size(path: Path) -> Size:
    with opened(path) as image:
        return image.height, image.width


def _copies(root: Path, groups: Sequence[Sequence[str]]) -> int:
    """Count files whose bytes an earlier one has; in large groups, first bytes decide what is read whole."""
    copies = compared = 0
    for paths in groups:
        alike: dict[bytes, list[str]] = defaultdict(list)
        for path in paths:
            with (root / path).open("rb") as file:
                alike[hashlib.sha256(file.read(_HEAD)).digest()].append(path)
        for same in alike.values():
            compared += len(same)
            if len(same) > 1 and compared <= _MOST_COMPARED:
                copies += len(same) - len(
                    {hashlib.sha256((root / one).read_bytes()).digest() for one in same}
                )
    return copies
