"""Drawings of trees, bushes and hedges."""

from __future__ import annotations

from alseg_streets.drawings import Blob, Drawing, Part, Shape, polygon, rectangle, stroke
from alseg_streets.stream import Stream


def _tree(name: str, height: float, spread: float, stem: float, seed: int) -> Drawing:
    """A leafy tree; ``stem`` is the height of the lowest leaves, all in metres."""
    numbers = Stream(5501, seed)
    middle = spread / 2
    crown = height - stem
    blobs = [Blob((middle, stem + crown * 0.52), min(spread, crown) * 0.47)]
    for _ in range(9):
        x = middle + numbers.uniform(-0.3, 0.3) * spread
        y = stem + crown * numbers.uniform(0.25, 0.8)
        reach = min(x, spread - x, y - stem + 0.5, height - y)
        blobs.append(Blob((x, y), max(reach, 0.3) * 1.05))
    width = 0.09 + 0.012 * height
    trunk = (
        polygon(
            Part.TRUNK,
            (middle - width, 0.0),
            (middle + width, 0.0),
            (middle + width * 0.6, stem + crown * 0.4),
            (middle - width * 0.6, stem + crown * 0.4),
        ),
        stroke(Part.TRUNK, (middle, stem), (middle + spread * 0.2, stem + crown * 0.4), width),
        stroke(Part.TRUNK, (middle, stem * 0.9), (middle - spread * 0.22, stem + crown * 0.45), width),
    )
    return Drawing(name, spread, height, trunk, tuple(blobs))


def _conifer(name: str, height: float, spread: float, seed: int) -> Drawing:
    numbers = Stream(5502, seed)
    middle = spread / 2
    blobs = []
    for level in range(9):
        y = height * (0.14 + 0.095 * level)
        radius = spread * 0.46 * (1 - level / 10)
        blobs.append(Blob((middle + numbers.uniform(-0.06, 0.06) * spread, y), radius))
    trunk = rectangle(Part.TRUNK, middle - 0.15, 0.0, middle + 0.15, height * 0.3)
    return Drawing(name, spread, height, (trunk,), tuple(blobs))


def _palm(name: str, height: float) -> Drawing:
    middle = 2.0
    trunk = polygon(
        Part.TRUNK,
        (middle - 0.2, 0),
        (middle + 0.2, 0),
        (middle + 0.12, height - 1.2),
        (middle - 0.12, height - 1.2),
    )
    fronds: list[Shape] = []
    for reach, drop, part in (
        (1.9, 1.3, Part.LEAF_DARK),
        (1.9, 0.4, Part.LEAF),
        (1.4, -0.5, Part.LEAF_LIGHT),
        (0.7, -1.0, Part.LEAF),
    ):
        base = height - 1.2
        for side in (-1, 1):
            fronds.append(
                polygon(
                    part,
                    (middle, base - 0.1),
                    (middle + side * reach * 0.55, base + 0.45 - drop * 0.1),
                    (middle + side * reach, base - drop),
                    (middle + side * reach * 0.5, base + 0.05 - drop * 0.25),
                )
            )
    return Drawing(name, 2 * middle, height, (trunk, *fronds))


def _bush(name: str, width: float, height: float, seed: int) -> Drawing:
    numbers = Stream(5503, seed)
    blobs = tuple(
        Blob((x * width, numbers.uniform(0.25, 0.5) * height), height * numbers.uniform(0.45, 0.6))
        for x in (0.25, 0.42, 0.6, 0.76)
    )
    return Drawing(name, width, height, (), blobs)


TREES = tuple(
    _tree(f"tree {k}", height, spread, stem, k)
    for k, (height, spread, stem) in enumerate(
        ((7.0, 5.0, 2.2), (9.0, 6.5, 2.6), (6.0, 4.2, 1.8), (11.0, 7.5, 3.0), (8.0, 4.6, 2.3))
    )
)
CONIFERS = tuple(_conifer(f"conifer {k}", h, w, k) for k, (h, w) in enumerate(((9.0, 3.6), (6.5, 3.0))))
PALMS = (_palm("palm tall", 9.0), _palm("palm short", 6.5))
BUSHES = tuple(_bush(f"bush {k}", w, h, k) for k, (w, h) in enumerate(((2.6, 1.3), (1.8, 1.0), (3.4, 1.8))))

HEDGE = Drawing(
    "hedge",
    4.0,
    1.7,
    (rectangle(Part.LEAF_DARK, 0.0, 0.0, 4.0, 1.3),),
    tuple(Blob((0.25 + 0.5 * k, 0.65 + 0.35 * ((k * 5) % 3) / 2), 0.75) for k in range(8)),
)
