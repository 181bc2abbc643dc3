"""Made-up aerial data: the classes of street scenes stand for those of the ground."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from alseg import LabelSpace
from alseg_driving import CITYSCAPES_19, raw_ids

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STREETS_AS_LAND = {
    "building": "building",
    "road": "road",
    "sky": "water",
    "sidewalk": "barren",
    "vegetation": "forest",
    "terrain": "agriculture",
}
"""Class of street scenes to class of `loveda-7`; all others are background."""

STREETS_AS_CITY = {
    "road": "impervious surface",
    "sidewalk": "impervious surface",
    "building": "building",
    "sky": "low vegetation",
    "terrain": "low vegetation",
    "vegetation": "tree",
    "car": "car",
    "truck": "car",
    "bus": "car",
}
"""Class of street scenes to class of `isprs-6`; all others are clutter."""


def ids_from_1(
    label: NDArray[np.uint8], space: LabelSpace, classes: Mapping[str, str], rest: str
) -> NDArray[np.uint8]:
    """Return a street scene in ids that start at 1, with 0 for void.

    Args:
        label: uint8 ``(H, W)``, ``cityscapes-19``, 255 for void.
        space: Whose classes have the ids, in order.
        classes: Name in ``cityscapes-19`` to name in ``space``.
        rest: Name in ``space`` of all other classes.
    """
    ids = {
        index: space.names.index(classes.get(name, rest)) + 1
        for index, name in enumerate(CITYSCAPES_19.names)
    }
    return raw_ids(label, ids, void=0)
