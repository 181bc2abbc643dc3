"""Files that alseg writes for others: label maps with colours, and nothing that is not its own replaced."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from alseg.contracts import LabelSpace
from alseg.errors import AlsegError
from alseg.files import write_atomically, write_text
from alseg.text.printable import csv_cell

MARK = "alseg predict"
"""Stands in every picture that ``alseg predict`` writes, so that it knows its own."""


def palette_of(space: LabelSpace) -> NDArray[np.uint8]:
    """Return the colours of all 256 indices, uint8 ``(256, 3)``; what is no class, void too, is black."""
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(space.classes)] = [info.color for info in space.classes]
    return palette


def encoded_mask(classes: NDArray[np.uint8], space: LabelSpace) -> bytes:
    """Return a PNG file of class indices with a palette, so that viewers show colours.

    Args:
        classes: uint8 ``(H, W)``, class indices of ``space`` or 255.
        space: Gives the colours.
    """
    picture = Image.fromarray(classes)
    picture.putpalette(palette_of(space).reshape(-1).tolist())
    return _encoded_png(picture)


def encoded_confidence(confidence: NDArray[np.uint16]) -> bytes:
    """Return a 16-bit PNG file of one channel, uint16 ``(H, W)``."""
    return _encoded_png(Image.fromarray(confidence))


def encoded_overlay(image: NDArray[np.uint8], classes: NDArray[np.uint8], space: LabelSpace) -> bytes:
    """Return a JPEG file of an image, uint8 RGB ``(H, W, 3)``, half covered by the colours of its classes."""
    mixed = image // 2 + palette_of(space)[classes] // 2
    file = io.BytesIO()
    Image.fromarray(mixed).save(file, "JPEG", quality=90, comment=MARK.encode())
    return file.getvalue()


def is_own(path: Path) -> bool:
    """Whether ``alseg predict`` has written a picture."""
    try:
        with Image.open(path) as image:
            said = image.info.get("Software", image.info.get("comment", b""))
    except (OSError, ValueError, SyntaxError):  # no picture
        return False
    return said in (MARK, MARK.encode())


def refuse_foreign(path: Path, *, overwrite: bool) -> None:
    """Refuse to write where a file stands that is not to be replaced.

    Args:
        path: The file.
        overwrite: Whether a picture of ``alseg predict`` may be replaced; one of anybody else never is.

    Raises:
        AlsegError: Names the file.
    """
    if not path.exists() and not path.is_symlink():
        return
    if not is_own(path):
        raise AlsegError(
            f"{path} exists, and is not a file that 'alseg predict' has written. Name another folder with -o."
        )
    if not overwrite:
        raise AlsegError(f"{path} exists. Name another folder with -o, or replace it with --force.")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically."""
    write_atomically(path, lambda file: file.write(content))


def write_classes(folder: Path, space: LabelSpace) -> None:
    """Write ``classes.csv``: index, name and colour of each class."""
    write_text(folder / "classes.csv", classes_csv(space))


def classes_csv(space: LabelSpace) -> str:
    """Return index, name and colour of each class as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("index", "name", "red", "green", "blue"))
    for index, info in enumerate(space.classes):
        writer.writerow((index, csv_cell(info.name), *info.color))
    return text.getvalue()


def classes_as_json(space: LabelSpace) -> list[Mapping[str, Any]]:
    """Return index, name and colour of each class."""
    return [
        {"index": index, "name": info.name, "color": list(info.color)}
        for index, info in enumerate(space.classes)
    ]


def _encoded_png(picture: Image.Image) -> bytes:
    marks = PngInfo()
    marks.add_text("Software", MARK)
    file = io.BytesIO()
    picture.save(file, "PNG", pnginfo=marks)
    return file.getvalue()
