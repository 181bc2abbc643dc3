"""A picture of each class: images that show most of it, everything else darkened, with a caption."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from alseg.data.init.classes import ClassRow, ClassTable
from alseg.data.init.document import Domain
from alseg.data.init.values import Value, decoded, packed
from alseg.errors import DataError
from alseg.files import write_atomically
from alseg.toolkit.imaging import read_image

_HEIGHT = 200
_WIDEST = 400
_IMAGES = 3
_CAPTION = 26
_HIGHLIGHT = np.array((255, 0, 255), np.float32)
_DARK = 0.25


def write_pictures(domain: Domain, folder: Path) -> list[Path]:
    """Write one PNG for each class, and ``all.png`` with all of them.

    Args:
        domain: A labelled folder.
        folder: Where to; it is made. Files of the same names are replaced.

    Returns:
        The files, ``all.png`` first.

    Raises:
        WriteError: If they cannot be written.
    """
    sheets = []
    for row in _rows(domain.classes):
        sheet = _sheet(domain, row)
        if sheet is not None:
            sheets.append((row, sheet))
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    if sheets:
        written.append(_save(folder / "all.png", _stacked([sheet for _, sheet in sheets])))
    for number, (row, sheet) in enumerate(sheets):
        name = re.sub(r"[^\w-]+", "-", row.name or "void").strip("-") or "class"
        written.append(_save(folder / f"{number:03}-{name}.png", sheet))
    return written


def _rows(table: ClassTable) -> Sequence[ClassRow]:
    return [row for row in table.rows if row.showing]


def _sheet(domain: Domain, row: ClassRow) -> NDArray[np.uint8] | None:
    """Return the images that show most of a value side by side, below the caption."""
    values = domain.survey.values
    assert values is not None
    shown = []
    for _, image in values.largest.get(row.value, [])[:_IMAGES]:
        try:
            shown.append(_highlighted(domain, image, row.value))
        except DataError:
            continue  # told among the files that cannot be used
    if not shown:
        return None
    strip = np.concatenate(
        [np.pad(one, ((0, 0), (0, 4), (0, 0)), constant_values=255) for one in shown], axis=1
    )
    caption = Image.new("RGB", (max(strip.shape[1], 420), _CAPTION), "white")
    draw = ImageDraw.Draw(caption)
    left = 4
    if row.color is not None:
        draw.rectangle((4, 5, 20, 20), fill=row.color, outline="black")
        left = 26
    draw.text((left, 5), _text(row), fill="black", font=ImageFont.load_default(14))
    missing = caption.width - strip.shape[1]
    strip = np.pad(strip, ((0, 0), (0, missing), (0, 0)), constant_values=255)
    return np.concatenate([np.asarray(caption), strip]).astype(np.uint8)


def _text(row: ClassRow) -> str:
    value = list(row.value) if isinstance(row.value, tuple) else row.value
    name = (row.name or "void").encode("ascii", "replace").decode()
    return f"{name}   {value}   {100 * row.share:.3g}% of pixels"


def _highlighted(domain: Domain, image: str, value: Value) -> NDArray[np.uint8]:
    found = domain.survey
    assert found.values is not None
    pixels = read_image(found.root / image)
    label = decoded(found.root, found.pairing.label_of[image], found.values.encoding)
    if label.shape != pixels.shape[:2]:
        raise DataError(f"{found.root / image} and its label map differ in size.")
    is_value = label == packed(value)
    scale = min(_HEIGHT / label.shape[0], _WIDEST / label.shape[1])
    size = (max(1, round(label.shape[1] * scale)), max(1, round(label.shape[0] * scale)))
    small = np.asarray(Image.fromarray(pixels).resize(size), np.float32)
    # The share of each small pixel: thin classes stay visible.
    share = np.asarray(Image.fromarray(is_value.astype(np.float32)).resize(size, Image.Resampling.BOX))
    inside = np.minimum(1.0, 3 * share)[..., None]
    tinted = 0.6 * small + 0.4 * _HIGHLIGHT
    result: NDArray[np.uint8] = (inside * tinted + (1 - inside) * _DARK * small).astype(np.uint8)
    return result


def _stacked(sheets: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    width = max(sheet.shape[1] for sheet in sheets)
    return np.concatenate(
        [
            np.pad(sheet, ((0, 6), (0, width - sheet.shape[1]), (0, 0)), constant_values=255)
            for sheet in sheets
        ]
    )


def _save(path: Path, pixels: NDArray[np.uint8]) -> Path:
    write_atomically(path, lambda file: Image.fromarray(pixels).save(file, "PNG"))
    return path
