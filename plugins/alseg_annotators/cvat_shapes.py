"""What people draw in CVAT: elements of an image as shapes in pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alseg.contracts.types import Size
from alseg_annotators._labels import ClassLabels
from alseg_annotators._place import AGAIN, Place, shown
from alseg_annotators._shapes import Patch, Point, polygon_patch
from alseg_annotators._xml import Element
from alseg_annotators.cvat_rle import decode_runs

_OUTSIDE = 2.0
"""Pixels by which what is drawn may lie outside the image."""
_MOST_ORDER = 10**6


def shapes_of(
    elements: Sequence[Element], size: Size, labels: ClassLabels, place: Place
) -> list[Patch | Point]:
    """Return what is drawn, lowest first: by ``z_order``, then in the order of the file.

    Args:
        elements: Of one image, without tags.
        size: Height and width of the image.
        labels: The classes.
        place: Where the image stands.

    Raises:
        AnswerFileError: If a shape is damaged, of an unknown kind or class, or lies outside the image.
    """
    ordered: list[tuple[int, Patch | Point]] = []
    for element in elements:
        here = Place(place.path, f"line {element.line}")
        order = here.decimal(element.attributes.get("z_order", "0"), "z_order", -_MOST_ORDER, _MOST_ORDER)
        ordered += [(int(order), shape) for shape in _shapes(element, size, labels, here)]
    return [shape for _, shape in sorted(ordered, key=lambda pair: pair[0])]


def _shapes(element: Element, size: Size, labels: ClassLabels, place: Place) -> list[Patch | Point]:
    if element.tag not in ("mask", "polygon", "box", "points"):
        raise place.error(
            f"a {shown(element.tag)} is not read.", "Draw masks, polygons, boxes or points, and export again."
        )
    index = labels.index(element.attributes.get("label"), place)
    if element.tag == "mask":
        return [_mask(element, index, size, place)]
    if element.tag == "box":
        return [polygon_patch(index, _box(element, size, place), size)]
    corners = _corners(element, size, place)
    if element.tag == "points":
        height, width = size
        return [
            Point(index, min(max(math.floor(y), 0), height - 1), min(max(math.floor(x), 0), width - 1))
            for x, y in corners
        ]
    if len(corners) < 3:
        raise place.error("the polygon has fewer than 3 corners.", "Close or delete it and export again.")
    return [polygon_patch(index, corners, size)]


def _mask(element: Element, index: int, size: Size, place: Place) -> Patch:
    height, width = size
    left = place.whole(element.attributes.get("left"), "left", 0, width - 1)
    top = place.whole(element.attributes.get("top"), "top", 0, height - 1)
    wide = place.whole(element.attributes.get("width"), "width", 1, width - left)
    high = place.whole(element.attributes.get("height"), "height", 1, height - top)
    return Patch(index, top, left, decode_runs(element.attributes.get("rle", ""), high, wide, place))


def _corners(element: Element, size: Size, place: Place) -> NDArray[np.float64]:
    corners = []
    for pair in element.attributes.get("points", "").split(";"):
        parts = pair.split(",")
        if len(parts) != 2:
            raise place.error(f"{shown(pair)} is no corner.", AGAIN)
        corners.append([_inside(parts[0], "x", size[1], place), _inside(parts[1], "y", size[0], place)])
    return np.array(corners)


def _box(element: Element, size: Size, place: Place) -> NDArray[np.float64]:
    """Return the corners of a box, which turns clockwise about its middle."""
    left, right = (_inside(element.attributes.get(side), side, size[1], place) for side in ("xtl", "xbr"))
    top, bottom = (_inside(element.attributes.get(side), side, size[0], place) for side in ("ytl", "ybr"))
    angle = math.radians(
        place.decimal(element.attributes.get("rotation", "0"), "rotation in degrees", -360, 360)
    )
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    middle = np.array([(left + right) / 2, (top + bottom) / 2])
    square = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    return np.asarray((square - middle) @ turn + middle)


def _inside(text: str | None, name: str, side: int, place: Place) -> float:
    return place.decimal(text, f"{name} in pixels", -_OUTSIDE, side + _OUTSIDE)
