"""Flat drawings of things in metres, and turning them into maps of parts.

A drawing is a list of shapes, each with the `Part` it is made of; what colour a part has is decided per thing
(`alseg_streets.paint`). Drawings are rasterised once per resolution and then only sampled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, auto
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from alseg_streets.geometry import fill_polygon
from alseg_streets.noise import cloud_table, grain_table

Point = tuple[float, float]

PIXELS_PER_METRE = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
"""Resolutions at which drawings are kept."""


class Part(IntEnum):
    """What a piece of a drawing is made of; 0 is see-through."""

    NONE = 0
    WALL = auto()
    WALL_DARK = auto()
    WALL_LIGHT = auto()
    ROOF = auto()
    FRAME = auto()
    GLASS = auto()
    GLASS_DARK = auto()
    GLASS_LIGHT = auto()
    SHOP = auto()
    AWNING = auto()
    DOOR = auto()
    METAL = auto()
    METAL_DARK = auto()
    PAINT = auto()
    PAINT_DARK = auto()
    PAINT_LIGHT = auto()
    TRIM = auto()
    TYRE = auto()
    RIM = auto()
    HEADLIGHT = auto()
    TAILLIGHT = auto()
    PLATE = auto()
    SKIN = auto()
    HAIR = auto()
    SHIRT = auto()
    SHIRT_DARK = auto()
    TROUSERS = auto()
    SHOES = auto()
    BAG = auto()
    LEAF = auto()
    LEAF_DARK = auto()
    LEAF_LIGHT = auto()
    TRUNK = auto()
    LAMP_ON = auto()
    LAMP_OFF = auto()
    BOARD = auto()
    BOARD_RIM = auto()
    BOARD_MARK = auto()


@dataclass(frozen=True)
class Shape:
    """A polygon of one part; ``(x, y)`` in metres, y upwards from the drawing's lower edge.

    A stroke is never thinner than a pixel, however coarse the raster: ``stroke`` is then its width in metres,
    and ``points`` holds its two ends.
    """

    part: Part
    points: tuple[Point, ...]
    stroke: float | None = None


@dataclass(frozen=True)
class Blob:
    """A clump of leaves: a disc with a ragged edge, lighter towards the top."""

    center: Point
    radius: float


@dataclass(frozen=True, eq=False)  # compared by identity: hashing all shapes at every use would be slow
class Drawing:
    """Something flat, seen straight on.

    Attributes:
        name: What it shows; unique.
        width: In metres; x runs from 0 to here.
        height: In metres; y runs from 0 (lower edge) to here.
        shapes: Painted in this order.
        blobs: Leaves, painted after the shapes.
    """

    name: str
    width: float
    height: float
    shapes: tuple[Shape, ...]
    blobs: tuple[Blob, ...] = ()


# The unit circle at 15 degree steps, rounded so that every machine has the same numbers.
_CIRCLE = tuple(
    (round(math.cos(k * math.pi / 12), 4), round(math.sin(k * math.pi / 12), 4)) for k in range(24)
)


def rectangle(part: Part, left: float, bottom: float, right: float, top: float) -> Shape:
    """Return an upright rectangle; metres."""
    return Shape(part, ((left, bottom), (right, bottom), (right, top), (left, top)))


def polygon(part: Part, *points: Point) -> Shape:
    """Return a polygon; metres."""
    return Shape(part, points)


def ellipse(part: Part, x: float, y: float, radius_x: float, radius_y: float | None = None) -> Shape:
    """Return an ellipse around ``(x, y)``, a circle where only one radius is given; metres."""
    tall = radius_x if radius_y is None else radius_y
    return Shape(part, tuple((x + radius_x * c, y + tall * s) for c, s in _CIRCLE))


def stroke(part: Part, start: Point, end: Point, width: float) -> Shape:
    """Return a thick line; metres."""
    return Shape(part, (start, end), width)


def chain(part: Part, width: float, *points: Point) -> tuple[Shape, ...]:
    """Return thick lines from point to point; metres."""
    return tuple(stroke(part, a, b, width) for a, b in pairwise(points))


def mirrored(shapes: Sequence[Shape], width: float) -> tuple[Shape, ...]:
    """Return the shapes and their mirror images about the middle of a drawing of that width (metres)."""
    flipped = [Shape(s.part, tuple((width - x, y) for x, y in s.points), s.stroke) for s in shapes]
    return (*shapes, *flipped)


def resolution_for(pixels_per_metre: float) -> int:
    """Return the coarsest kept resolution that is at least as fine as asked for, or the finest there is."""
    for resolution in PIXELS_PER_METRE:
        if resolution >= pixels_per_metre:
            return resolution
    return PIXELS_PER_METRE[-1]


@lru_cache(maxsize=4096)
def raster(drawing: Drawing, resolution: int) -> NDArray[np.uint8]:
    """Rasterise a drawing.

    Args:
        drawing: What to draw.
        resolution: Pixels per metre.

    Returns:
        uint8 ``(h, w)`` of `Part` numbers, read-only; row 0 is the upper edge.
    """
    height = max(1, round(drawing.height * resolution))
    width = max(1, round(drawing.width * resolution))
    scale_x = width / drawing.width
    scale_y = height / drawing.height
    parts = np.zeros((height, width), np.uint8)
    for shape in drawing.shapes:
        points = [(x * scale_x, (drawing.height - y) * scale_y) for x, y in shape.points]
        if shape.stroke is not None:
            points = _outline(points[0], points[1], max(1.05, shape.stroke * resolution))
        parts[fill_polygon(points, height, width)] = shape.part
    if drawing.blobs:
        _paint_leaves(drawing, parts, resolution)
    parts.setflags(write=False)
    return parts


def _outline(start: Point, end: Point, width: float) -> list[Point]:
    """Return the rectangle around a line, in pixels."""
    along = (end[0] - start[0], end[1] - start[1])
    length = math.sqrt(along[0] * along[0] + along[1] * along[1])
    across = (-along[1] / length * width / 2, along[0] / length * width / 2)
    return [
        (start[0] + across[0], start[1] + across[1]),
        (end[0] + across[0], end[1] + across[1]),
        (end[0] - across[0], end[1] - across[1]),
        (start[0] - across[0], start[1] - across[1]),
    ]


def _paint_leaves(drawing: Drawing, parts: NDArray[np.uint8], resolution: int) -> None:
    """Paint clumps of leaves; raggedness comes from a noise table, so it is the same at every resolution."""
    height, width = parts.shape
    x = (np.arange(width) + 0.5) / resolution
    y = drawing.height - (np.arange(height) + 0.5) / resolution
    # 11 noise cells a metre for the edge; a shift by the size keeps different trees different.
    shift = int(drawing.height * 977 + drawing.width * 131)
    fine_rows = ((y * 11).astype(np.int64) + shift) & 255
    fine_columns = ((x * 11).astype(np.int64) + shift // 3) & 255
    grain = grain_table()[fine_rows[:, None], fine_columns[None, :]]
    clump = cloud_table()[(fine_rows * 3 & 255)[:, None], (fine_columns * 3 & 255)[None, :]]
    for blob in drawing.blobs:
        dx = (x - blob.center[0]) / blob.radius
        dy = (y - blob.center[1]) / blob.radius
        distance = (dx * dx)[None, :] + (dy * dy)[:, None]
        inside = distance + 0.38 * grain + 0.25 * clump < 0.85
        light = (dy * 0.75)[:, None] - (dx * 0.35)[None, :] + 0.55 * grain + 0.6 * clump
        parts[inside] = Part.LEAF
        parts[inside & (light < -0.28)] = Part.LEAF_DARK
        parts[inside & (light > 0.42)] = Part.LEAF_LIGHT
