"""Photographs of a task folder."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from alseg.contracts import QuestionSheet
from alseg_annotators.names import file_names


def write_images(sheet: QuestionSheet, folder: Path) -> dict[str, Path]:
    """Write every image as a PNG.

    Args:
        sheet: The questions.
        folder: Where to; it is made.

    Returns:
        Image id to file.
    """
    folder.mkdir()
    names = file_names(sheet)
    paths = {image.image_id: folder / f"{names[image.image_id]}.png" for image in sheet.images}
    for image in sheet.images:
        Image.fromarray(image.image()).save(paths[image.image_id])
    return paths
