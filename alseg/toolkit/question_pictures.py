"""Pictures with the questions of an annotator drawn, for people to look at."""

from __future__ import annotations

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

_COLOR = (255, 0, 255)
"""Magenta, which streets, tissue and fields hardly have."""
_RING = 7
"""Radius in pixels of the ring around a question that is too small for an outline."""
_SMALL = 6
"""Longest side in pixels of such a question."""
_CROP_SIDE = 512
"""Height in pixels of the pictures of one question."""
_MARGIN = 24
"""Least pixels around a question in its picture."""
_ROWS_PER_LINE = 700
"""A picture of so many rows gets outlines of one pixel, of twice as many two."""
_LEAST_ROWS = 640
"""Pictures of fewer rows are enlarged."""

_DARK = 96
"""A picture of a question whose median of the brightest channel is below this value is lightened to it."""
_MOST_LIGHT = 5.0
"""Largest factor, so that noise does not become a pattern."""

_QUALITY = 95
"""Of JPEG, which is to be looked at only."""


def outlined(image: NDArray[np.uint8], footprint: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return the image with questions outlined.

    Pixels asked about stay as they are, but where two questions touch.

    Args:
        image: uint8 ``(H, W, 3)``.
        footprint: int32 ``(H, W)``, the question of each pixel, -1 where none is.
    """
    picture = image.copy()
    thickness = max(1, image.shape[0] // _ROWS_PER_LINE)
    near = np.ones((2 * thickness + 1, 2 * thickness + 1), np.uint8)
    places = footprint.astype(np.float32)  # OpenCV grows no int32; questions are far fewer than 2^24
    largest = cv2.dilate(places, near)
    edge = (footprint < 0) & (largest >= 0)
    # Where two touch, the line runs in the later one.
    lowest = cv2.erode(np.where(footprint < 0, np.float32(np.inf), places), near)
    edge |= (footprint >= 0) & (lowest < places)
    picture[edge] = _COLOR
    _ring_small_ones(picture, footprint)
    return picture


def enlarged(
    image: NDArray[np.uint8], footprint: NDArray[np.int32]
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Return an image and its questions, each pixel repeated so often that there are 640 rows or more.

    Args:
        image: uint8 ``(H, W, 3)``.
        footprint: int32 ``(H, W)``, the question of each pixel, -1 where none is.

    Returns:
        uint8 ``(k H, k W, 3)`` and int32 ``(k H, k W)``.
    """
    factor = -(-_LEAST_ROWS // image.shape[0])
    return (
        image.repeat(factor, axis=0).repeat(factor, axis=1),
        footprint.repeat(factor, axis=0).repeat(factor, axis=1),
    )


def question_picture(image: NDArray[np.uint8], footprint: NDArray[np.int32], place: int) -> NDArray[np.uint8]:
    """Return one question enlarged, outlined, with the whole image beside it.

    Where the enlarged part is dark, as in the dusk, it is lightened; the whole image stays as it is.

    Args:
        image: uint8 ``(H, W, 3)``.
        footprint: int32 ``(H, W)``, the question of each pixel, -1 where none is.
        place: Which question.

    Returns:
        uint8 RGB, 512 pixels high.
    """
    mask = footprint == place
    top, bottom, left, right = _box(mask)
    margin = max(_MARGIN, bottom - top, right - left)
    height, width = mask.shape
    rows = slice(max(0, top - margin), min(height, bottom + margin))
    columns = slice(max(0, left - margin), min(width, right + margin))
    alone = np.where(mask, 0, -1).astype(np.int32)
    crop = outlined(_lightened(image[rows, columns]), alone[rows, columns])
    overview = image.copy()
    thickness = max(1, height // 256)
    corners = (columns.start, rows.start), (columns.stop - 1, rows.stop - 1)
    cv2.rectangle(overview, *corners, _COLOR, thickness)
    gap = np.full((_CROP_SIDE, 8, 3), 255, np.uint8)
    return np.concatenate([_scaled(crop), gap, _scaled(overview)], axis=1)


def encoded(picture: NDArray[np.uint8]) -> bytes:
    """Return a picture as a JPEG file.

    Args:
        picture: uint8 RGB ``(H, W, 3)``.
    """
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=_QUALITY, subsampling=0)
    return file.getvalue()


def _lightened(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture with its colours multiplied, where it is too dark to see anything in it."""
    level = max(1.0, float(np.median(picture.max(axis=2))))
    if level >= _DARK:
        return picture
    lightened = np.minimum(picture * min(_MOST_LIGHT, _DARK / level), 255)
    return np.asarray(lightened, np.uint8)


def _scaled(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    size = (max(1, round(width * _CROP_SIDE / height)), _CROP_SIDE)
    how = cv2.INTER_NEAREST if height < _CROP_SIDE else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)


def _ring_small_ones(picture: NDArray[np.uint8], footprint: NDArray[np.int32]) -> None:
    """Draw a ring around questions that are too small to be seen by their outline."""
    rows, columns = np.nonzero(footprint >= 0)
    places = footprint[rows, columns]
    count = int(places.max()) + 1 if len(places) else 0
    first = np.full((2, count), np.iinfo(np.int64).max)
    last = np.full((2, count), -1)
    for axis, values in enumerate((rows, columns)):
        np.minimum.at(first[axis], places, values)
        np.maximum.at(last[axis], places, values)
    for place in np.flatnonzero((last >= 0).all(axis=0) & (last - first < _SMALL).all(axis=0)):
        y, x = (first[:, place] + last[:, place]) // 2
        cv2.circle(picture, (int(x), int(y)), _RING, _COLOR, 1)


def _box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
