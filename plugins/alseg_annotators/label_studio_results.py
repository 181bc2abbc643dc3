"""What people draw in Label Studio: results of annotations as shapes in pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alseg.contracts.types import Size
from alseg_annotators._labels import ClassLabels
from alseg_annotators._place import AGAIN, Place, shown
from alseg_annotators._shapes import Patch, Point, polygon_patch
from alseg_annotators.label_studio_config import TOOLS
from alseg_annotators.label_studio_rle import decode_mask

_TOOLS = frozenset(tag.lower() for tag in TOOLS.values())
_LABELLED = frozenset({"labels", *(f"{tool}labels" for tool in _TOOLS)})
"""That of ``labels.xml`` and, for interfaces of other people's making, tags with labels of their own."""
_OUTSIDE = 1.0
"""Percent of the image by which what is drawn may lie outside of it."""
_ONE_CLASS = "Give each region one class, or delete it, and export again."


def shapes_of(results: Sequence[Any], size: Size, labels: ClassLabels, place: Place) -> list[Patch | Point]:
    """Return what is drawn, in the order of the results.

    Args:
        results: Of one annotation.
        size: Height and width of the image.
        labels: The classes.
        place: Where the annotation stands.

    Raises:
        AnswerFileError: If a result is damaged, of another image's size, of an unknown kind or class, or lies
            outside the image.
    """
    shapes = []
    unlabelled: dict[Any, Place] = {}
    labelled = set()
    for number, result in enumerate(results, start=1):
        here = place.at(f"result {number}")
        kind, identity, value = _parts(result, here)
        if kind in _TOOLS:  # the same again with its class follows
            unlabelled[identity] = here
        elif kind in _LABELLED:
            labelled.add(identity)
            shapes.append(_shape(result, value, kind, size, labels, here))
        else:
            raise here.error(
                f"results of type {shown(kind)} are not read.",
                "Use the labels.xml of this round, without changes.",
            )
    for identity, here in unlabelled.items():
        if identity not in labelled:
            raise here.error("it has no class.", _ONE_CLASS)
    return shapes


def _parts(result: Any, place: Place) -> tuple[str, str, dict[str, Any]]:
    """Return type, identity and value of a result."""
    if isinstance(result, dict):
        kind, identity, value = result.get("type"), result.get("id"), result.get("value")
        if isinstance(kind, str) and isinstance(identity, str) and isinstance(value, dict):
            return kind, identity, value
    raise place.error("it lacks its type, id or value.", AGAIN)


def _shape(
    result: dict[str, Any], value: dict[str, Any], kind: str, size: Size, labels: ClassLabels, place: Place
) -> Patch | Point:
    """Return one shape; which one it is shows in what it is described by."""
    _check_frame(result, size, place)
    names = value.get(kind)
    if not isinstance(names, list) or len(names) != 1:
        raise place.error("it has not one class.", _ONE_CLASS)
    index = labels.index(names[0], place)
    if "rle" in value:
        return Patch(index, 0, 0, decode_mask(value["rle"], size, place))
    if "points" in value:
        return polygon_patch(index, _corners(value["points"], size, place), size)
    if "height" in value:
        return polygon_patch(index, _box(value, size, place), size)
    height, width = size
    x, y = _percent(value.get("x"), "x", place), _percent(value.get("y"), "y", place)
    row, column = math.floor(y * height / 100), math.floor(x * width / 100)
    return Point(index, min(max(row, 0), height - 1), min(max(column, 0), width - 1))


def _check_frame(result: dict[str, Any], size: Size, place: Place) -> None:
    """Refuse what was drawn on a picture of another size, or a rotated one."""
    drawn_on = (result.get("original_height"), result.get("original_width"))
    if drawn_on != tuple(size) or any(isinstance(side, bool) for side in drawn_on):
        raise place.error(
            f"it was drawn on {shown(drawn_on[0])} x {shown(drawn_on[1])} pixels (height x width), not "
            f"{size[0]} x {size[1]}.",
            "Label the pictures that were exported for this round.",
        )
    if result.get("image_rotation") not in (None, 0):
        raise place.error("it was drawn on a rotated picture.", "Label it without rotation.")


def _percent(value: Any, name: str, place: Place) -> float:
    return place.number(value, f"{name} in percent", -_OUTSIDE, 100 + _OUTSIDE)


def _corners(points: Any, size: Size, place: Place) -> NDArray[np.float64]:
    if not isinstance(points, list) or len(points) < 3:
        raise place.error("it has fewer than 3 corners.", "Delete or close the polygon and export again.")
    corners = []
    for point in points:
        if not isinstance(point, list) or len(point) != 2:
            raise place.error(f"{shown(point)} is no corner.", AGAIN)
        corners.append([_percent(point[0], "x", place), _percent(point[1], "y", place)])
    return np.array(corners) * (size[1] / 100, size[0] / 100)


def _box(value: dict[str, Any], size: Size, place: Place) -> NDArray[np.float64]:
    """Return the corners of a rectangle, which turns clockwise about its first corner."""
    x, y = _percent(value.get("x"), "x", place), _percent(value.get("y"), "y", place)
    wide = place.number(value.get("width"), "width in percent", 0, 100 + 2 * _OUTSIDE) * size[1] / 100
    high = place.number(value.get("height"), "height in percent", 0, 100 + 2 * _OUTSIDE) * size[0] / 100
    angle = math.radians(place.number(value.get("rotation", 0), "rotation in degrees", -360, 360))
    across = np.array([math.cos(angle), math.sin(angle)]) * wide
    down = np.array([-math.sin(angle), math.cos(angle)]) * high
    first = np.array([x * size[1] / 100, y * size[0] / 100])
    return np.array([first, first + across, first + across + down, first + down])
