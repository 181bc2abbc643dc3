"""The one place that decodes and resizes images and label maps.

All functions are safe in worker processes and threads. Every file that cannot be used is a `DataError` that
names it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeVar

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from alseg.contracts import IGNORE_INDEX, Size
from alseg.errors import DataError
from alseg.toolkit.image_file import (
    AGAIN,
    check_color_kind,
    check_image_kind,
    check_label16_kind,
    check_label_kind,
    opened,
    raw_mode,
)

Content = Literal["image", "label", "label16", "color"]
"""How a file is read: as RGB, as class ids, as class ids in red of 16-bit RGB, or as exact colours."""

_CHECKS = {
    "image": check_image_kind,
    "label": check_label_kind,
    "label16": check_label16_kind,
    "color": check_color_kind,
}

_Pixel = TypeVar("_Pixel", np.uint8, np.uint16)
_Id = TypeVar("_Id", np.uint8, np.int32)

# Pillow stretches grayscale PNGs of 2 and 4 bits to 0-255, which would change class ids.
_STRETCHED = {"L;2": 85, "L;4": 17}


def read_image(path: Path) -> NDArray[np.uint8]:
    """Decode an image to RGB.

    Grayscale, palette, CMYK and YCbCr images are converted; an alpha channel is dropped; 16-bit RGB keeps its
    high bytes. An EXIF orientation is not applied: label maps lie in the order in which pixels are stored.

    Args:
        path: The file, of any format that Pillow or imagecodecs decodes.

    Returns:
        uint8 RGB ``(H, W, 3)``, writable.

    Raises:
        DataError: If the file is missing, unreadable, empty, truncated, no image, larger than Pillow's safety
            limit, or of a kind with no agreed way to 8 bits (16-bit grayscale, float).
    """
    with opened(path) as image:
        check_image_kind(image, path)
        if image.format == "PNG" and raw_mode(image) == "RGB":
            pixels = _decoded_png(path, (image.height, image.width, 3), np.uint8)
            if pixels is not None:
                return pixels
        if image.mode in ("P", "PA"):
            # By way of RGBA, or Pillow warns about palettes with transparency.
            return np.array(image.convert("RGBA").convert("RGB"))
        return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def read_label(path: Path) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Decode a label map to the raw ids in the file.

    A palette image gives its indices, not its colours; a GIF of grey colours gives those, for it has nothing
    else in which to hold the values of a mask. Grayscale of 1, 2, 4, 8 and 16 bits gives the stored values.

    Args:
        path: The file.

    Returns:
        uint8 ``(H, W)``, or uint16 for 16-bit files; writable.

    Raises:
        DataError: As `read_image`, or if the file holds several channels, or is a JPEG (whose ids are not
            exact).
    """
    with opened(path) as image:
        check_label_kind(image, path)
        if image.format == "PNG" and raw_mode(image) == "L":
            stored = _decoded_png(path, (image.height, image.width), np.uint8)
            if stored is not None:
                return stored
        if image.format == "GIF" and (gray := _gray_of(image)) is not None:
            return gray
        factor = _STRETCHED.get(raw_mode(image), 1)
        ids = np.array(image)
        if image.mode in ("I", "I;16"):
            return _sixteen_bits(ids, path)
        ids = ids.astype(np.uint8, copy=False)
        return ids if factor == 1 else ids // np.uint8(factor)


def read_label16(path: Path, channel: int = 0) -> NDArray[np.uint16]:
    """Decode one channel of a 16-bit RGB PNG, as SYNTHIA stores class and instance ids.

    Pillow would give the high byte of each value only.

    Args:
        path: The PNG file.
        channel: 0, 1 or 2 for red, green, blue.

    Returns:
        uint16 ``(H, W)``, writable.

    Raises:
        DataError: As `read_image`, or if the file is no 16-bit RGB PNG.
        ValueError: If ``channel`` is not 0, 1 or 2.
    """
    if channel not in (0, 1, 2):
        raise ValueError(f"channel must be 0, 1 or 2, got {channel}")
    with opened(path) as image:
        check_label16_kind(image, path)
        values = _decoded_png(path, (image.height, image.width, 3), np.uint16)
        if values is None:
            image.load()  # says what is wrong with most files
            raise DataError(f"{path} is damaged: its pixels cannot be decoded.", AGAIN)
        return np.ascontiguousarray(values[..., channel])


def image_size(path: Path, content: Content | None = None) -> Size:
    """Return height and width in pixels from the file's header, without decoding pixels.

    Args:
        path: The file.
        content: What it will be read as; refuses at once what `read_image` (``image``), `read_label`
            (``label``) or `read_label16` (``label16``) would refuse for its kind, or files whose colours are
            not exact (``color``). None takes any image.

    Raises:
        DataError: If the file is missing, unreadable, empty, cut off, no image, larger than Pillow's safety
            limit, or not of the kind that ``content`` needs.
    """
    with opened(path) as image:
        if content is not None:
            _CHECKS[content](image, path)
        return image.height, image.width


def image_of_size(image: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """Return an image at another size, as `resize_image` does, with its channels last.

    Args:
        image: uint8 RGB ``(H, W, 3)``.
        size: Height and width in pixels.

    Returns:
        uint8 RGB ``(h, w, 3)``; the image itself where it has this size.

    Raises:
        ValueError: If ``size`` is not positive.
    """
    if image.shape[:2] == tuple(size):
        return image
    return np.ascontiguousarray(resize_image(image, size).transpose(1, 2, 0))


def resize_image(image: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """Resize an image by a bicubic filter that averages over all source pixels when shrinking.

    The filter is Pillow's, which the field's loaders use, computed by torch several times as fast: about one
    value in 200 differs by 1 of 255, hardly any by 2.

    Args:
        image: uint8 RGB ``(H, W, 3)``.
        size: New height and width in pixels.

    Returns:
        uint8 RGB ``(3, h, w)``, contiguous: planes, as networks take them.

    Raises:
        ValueError: If ``size`` is not positive.
    """
    import torch  # here, so that whoever reads images only need not wait for it

    _check_size(size)
    planes = image.transpose(2, 0, 1)
    if image.shape[:2] == size:
        return np.ascontiguousarray(planes)
    # Torch warns about arrays that must not be written to.
    given = torch.from_numpy(planes if image.flags.writeable else planes.copy())
    resized = torch.nn.functional.interpolate(given[None], size=size, mode="bicubic", antialias=True)
    return resized[0].contiguous().numpy()


def resize_label_nearest(label: NDArray[_Id], size: Size) -> NDArray[_Id]:
    """Resize a map of classes or other ids by taking the source pixel under the centre of each new pixel.

    That is ``floor((y + 0.5) * H / h)``, computed by Pillow itself, so that reruns of published recipes get
    the same pixels where rounding decides. Most single labelled pixels are lost when shrinking.

    Args:
        label: uint8 or int32 ``(H, W)``.
        size: New height and width in pixels.

    Returns:
        The same type and the new size; ``label`` itself where the size is the same.

    Raises:
        ValueError: If ``size`` is not positive.
    """
    _check_size(size)
    if label.shape == size:
        return label
    return np.array(Image.fromarray(label).resize(size[::-1], Image.Resampling.NEAREST))


def resize_label_points(label: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """Resize a sparse label map so that every labelled pixel keeps its place.

    Along an axis that shrinks from ``H`` to ``h``, a labelled pixel at ``y`` goes to ``floor((y + 0.5) * h
    / H)``. Where several fall on one place, the first in row-major order wins. Along an axis that grows,
    new pixels take the nearest old one, as `resize_label_nearest` does.

    Args:
        label: uint8 ``(H, W)``, 255 where nothing is labelled.
        size: New height and width in pixels.

    Returns:
        uint8 of the new size, 255 where nothing is labelled; ``label`` itself where the size is the same.

    Raises:
        ValueError: If ``size`` is not positive.
    """
    _check_size(size)
    if label.shape == size:
        return label
    shrunk = (min(size[0], label.shape[0]), min(size[1], label.shape[1]))
    return resize_label_nearest(_move_points(label, shrunk), size)


def _move_points(label: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    if label.shape == size:
        return label
    height, width = label.shape
    # Whole numbers: no pixel changes its place by rounding.
    to_row = (2 * np.arange(height) + 1) * size[0] // (2 * height) * size[1]
    to_column = (2 * np.arange(width) + 1) * size[1] // (2 * width)
    labelled = np.flatnonzero(label != IGNORE_INDEX)[::-1]
    rows, columns = np.divmod(labelled, width)
    moved = np.full(size, IGNORE_INDEX, np.uint8)
    # Of repeated places the last one assigned stays, so the reversed order lets the first one win.
    moved.reshape(-1)[to_row[rows] + to_column[columns]] = label.reshape(-1)[labelled]
    return moved


def _check_size(size: Size) -> None:
    if min(size) < 1:
        raise ValueError(f"size must be positive, got {size}")


def _gray_of(image: Image.Image) -> NDArray[np.uint8] | None:
    """Return grey values; None where a colour is not grey."""
    pixels = np.array(image.convert("RGB"))
    is_gray = (pixels == pixels[..., :1]).all()
    return np.ascontiguousarray(pixels[..., 0]) if is_gray else None


def _decoded_png(path: Path, shape: tuple[int, ...], dtype: type[_Pixel]) -> NDArray[_Pixel] | None:
    """Decode a PNG, faster than Pillow and with all 16 bits where there are as many.

    Returns:
        What the file stores; None where that cannot be decoded, or has another shape or type, as with a
        transparent colour, which gives a channel more.
    """
    try:
        pixels: NDArray[_Pixel] = imagecodecs.png_decode(path.read_bytes())
    except (RuntimeError, ValueError):
        return None
    return pixels if pixels.shape == shape and pixels.dtype == dtype else None


def _sixteen_bits(ids: NDArray[np.generic], path: Path) -> NDArray[np.uint16]:
    values = ids.astype(np.int64)
    if values.size and not 0 <= values.min() <= values.max() <= 65535:
        raise DataError(f"{path} holds values outside 0-65535, which are no class ids.", AGAIN)
    return ids.astype(np.uint16)
