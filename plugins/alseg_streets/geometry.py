"""Camera and polygon filling.

World: x metres to the right of the camera, y metres above the ground, z metres ahead. The camera is a pin
hole without roll; its pitch is a vertical shift of the picture, so that upright edges stay upright. The road
may bend: everything at distance z is shifted sideways by ``bend * z**2``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FIXED = 256
"""Polygon vertices are rounded to 1/256 pixel: from there on filling is integer arithmetic."""


@dataclass(frozen=True)
class Camera:
    """The view of one scene in units that do not depend on the image size.

    Attributes:
        focal: Focal length as a share of the image width.
        horizon: Row of the horizon as a share of the image height, 0 at the top.
        center: Column of the vanishing point of a straight road as a share of the image width.
        height: Height above the ground in metres.
        bend: Sideways shift of the road, in metres per square metre of distance; positive bends to the right.
    """

    focal: float
    horizon: float
    center: float
    height: float
    bend: float


class View:
    """A camera applied to one image size: maps between pixels and the world.

    Attributes:
        camera: The camera.
        height: Image height in pixels.
        width: Image width in pixels.
        focal: Focal length in pixels.
        column: Column coordinate of the vanishing point in pixels.
        row: Row coordinate of the horizon in pixels.
        slope_x: float64 ``(W,)``, world x per metre of distance at each pixel column.
        slope_y: float64 ``(H,)``, metres below the camera per metre of distance at each pixel row.
    """

    def __init__(self, camera: Camera, height: int, width: int) -> None:
        """Set up the mapping for an image of ``height`` x ``width`` pixels."""
        self.camera = camera
        self.height = height
        self.width = width
        self.focal = camera.focal * width
        self.column = camera.center * width
        self.row = camera.horizon * height
        self.slope_x = (np.arange(width, dtype=np.float64) + (0.5 - self.column)) / self.focal
        self.slope_y = (np.arange(height, dtype=np.float64) + (0.5 - self.row)) / self.focal

    def bent(self, x: float, z: float) -> float:
        """Return where a point at ``x`` beside a straight road lies beside the bent one, in metres."""
        return x + self.camera.bend * z * z

    def columns(self, left: float, right: float) -> tuple[int, int]:
        """Return first column and one past the last with centres in [left, right) pixels."""
        return first_centre(left, self.width), first_centre(right, self.width)

    def rows(self, top: float, bottom: float) -> tuple[int, int]:
        """Return first row and one past the last with centres in [top, bottom) pixels."""
        return first_centre(top, self.height), first_centre(bottom, self.height)


def first_centre(coordinate: float, limit: int) -> int:
    """Return the first pixel whose centre is not before ``coordinate`` (pixels), within 0 and ``limit``."""
    if coordinate <= 0.5:
        return 0
    if coordinate > limit - 0.5:
        return limit
    below = int(coordinate - 0.5)
    return below if below == coordinate - 0.5 else below + 1


def fill_polygon(points: Sequence[tuple[float, float]], height: int, width: int) -> NDArray[np.bool_]:
    """Fill a polygon by the even-odd rule at pixel centres.

    Args:
        points: Vertices ``(x, y)`` in pixels, y downwards; three or more, closed by itself.
        height: Of the mask, in pixels.
        width: Of the mask, in pixels.

    Returns:
        bool ``(height, width)``, True inside.

    Raises:
        ValueError: If there are fewer than three points.
    """
    if len(points) < 3:
        raise ValueError(f"a polygon needs three points or more, got {len(points)}")
    mask = np.zeros((height, width), bool)
    fixed = [(round(x * FIXED), round(y * FIXED)) for x, y in points]
    half = FIXED // 2
    centres_x = np.arange(width, dtype=np.int64) * FIXED + half
    centres_y = np.arange(height, dtype=np.int64) * FIXED + half
    for (x0, y0), (x1, y1) in zip(fixed, fixed[1:] + fixed[:1], strict=True):
        if y0 == y1:
            continue
        if y0 > y1:
            x0, y0, x1, y1 = x1, y1, x0, y0
        first, last = np.searchsorted(centres_y, (y0, y1)).tolist()
        if first == last:
            continue
        crossing = x0 + (centres_y[first:last] - y0) * (x1 - x0) // (y1 - y0)
        mask[first:last] ^= centres_x[None, :] >= crossing[:, None]
    return mask
