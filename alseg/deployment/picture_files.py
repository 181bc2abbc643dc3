"""Images and label maps as PNG files for other tools."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from alseg.contracts import LabelledImages, LabelSpace
from alseg.deployment.files import encoded_mask, write_bytes, write_classes


def write_image(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write uint8 RGB ``(H, W, 3)`` or one channel ``(H, W)`` as PNG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    write_bytes(path, file.getvalue())


def write_mask(path: Path, label: NDArray[np.uint8], space: LabelSpace) -> None:
    """Write class indices, uint8 ``(H, W)``, as PNG with the colours of the classes as palette."""
    write_bytes(path, encoded_mask(label, space))


def write_masks(found: LabelledImages, folder: Path, *, images: bool) -> int:
    """Write ``masks/NAME.png`` with palette, ``classes.csv`` and, if asked for, ``images/NAME.png``.

    Args:
        found: The label maps.
        folder: Where to write.
        images: Whether images are written, too.

    Returns:
        How many images were written.
    """
    count = 0
    for image in found.images:
        write_mask(folder / "masks" / f"{image.name}.png", image.label, found.space)
        if images:
            write_image(folder / "images" / f"{image.name}.png", image.read())
        count += 1
    write_classes(folder, found.space)
    return count
