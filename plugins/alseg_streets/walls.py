"""Drawings that repeat sideways: facades, walls and fences.

A facade has a tile for the ground floor, one for the floors above and one for the roof.
"""

from __future__ import annotations

from alseg_streets.drawings import Drawing, Part, polygon, rectangle, stroke

BAYS = 4
"""Windows side by side in a facade tile, so that they can differ."""


def _windows(
    name: str, bay: float, storey: float, window: tuple[float, float, float, float], balcony: bool = False
) -> Drawing:
    """A row of windows; ``window`` is left, bottom, right, top in metres within a bay."""
    left, bottom, right, top = window
    shapes = [rectangle(Part.WALL, 0.0, 0.0, bay * BAYS, storey)]
    glass = (Part.GLASS, Part.GLASS_DARK, Part.GLASS, Part.GLASS_LIGHT)
    for k in range(BAYS):
        at = k * bay
        shapes += [
            rectangle(Part.WALL_DARK, at + left - 0.06, bottom - 0.06, at + right + 0.1, top + 0.08),
            rectangle(Part.FRAME, at + left - 0.06, bottom - 0.06, at + right + 0.06, top + 0.06),
            rectangle(glass[k], at + left, bottom, at + right, top),
            stroke(Part.FRAME, (at + (left + right) / 2, bottom), (at + (left + right) / 2, top), 0.06),
            rectangle(Part.WALL_LIGHT, at + left - 0.14, bottom - 0.16, at + right + 0.14, bottom - 0.04),
        ]
        if balcony and k % 2:
            shapes += [
                rectangle(Part.METAL_DARK, at + 0.15, 0.0, at + bay - 0.15, 0.14),
                *(
                    stroke(Part.METAL_DARK, (at + 0.2 + j * 0.3, 0.1), (at + 0.2 + j * 0.3, 1.0), 0.04)
                    for j in range(int((bay - 0.4) / 0.3) + 1)
                ),
                rectangle(Part.METAL_DARK, at + 0.15, 0.95, at + bay - 0.15, 1.03),
            ]
    return Drawing(name, bay * BAYS, storey, tuple(shapes))


def _glazing(name: str, bay: float, storey: float) -> Drawing:
    """A curtain wall of glass."""
    shapes = [rectangle(Part.GLASS, 0.0, 0.0, bay * BAYS, storey)]
    for k, part in enumerate((Part.GLASS, Part.GLASS_DARK, Part.GLASS, Part.GLASS_LIGHT)):
        shapes.append(rectangle(part, k * bay, 0.0, (k + 1) * bay, storey))
        shapes.append(rectangle(Part.FRAME, k * bay, 0.0, k * bay + 0.12, storey))
    shapes.append(rectangle(Part.WALL, 0.0, 0.0, bay * BAYS, storey * 0.22))
    return Drawing(name, bay * BAYS, storey, tuple(shapes))


def _shops(name: str, bay: float, storey: float) -> Drawing:
    """A ground floor of shop windows, doors and awnings."""
    shapes = [rectangle(Part.WALL_DARK, 0.0, 0.0, bay * BAYS, storey)]
    for k in range(BAYS):
        at = k * bay
        if k == 2:
            shapes += [
                rectangle(Part.DOOR, at + 0.5, 0.0, at + bay - 0.5, storey * 0.68),
                rectangle(Part.GLASS_DARK, at + 0.7, 0.9, at + bay - 0.7, storey * 0.62),
            ]
        else:
            shapes += [
                rectangle(Part.FRAME, at + 0.15, 0.3, at + bay - 0.15, storey * 0.72),
                rectangle(
                    Part.SHOP if k else Part.GLASS_DARK, at + 0.25, 0.4, at + bay - 0.25, storey * 0.68
                ),
            ]
        if k < 2:
            shapes.append(rectangle(Part.AWNING, at + 0.05, storey * 0.66, at + bay - 0.05, storey * 0.86))
    shapes.append(rectangle(Part.WALL_LIGHT, 0.0, storey - 0.16, bay * BAYS, storey))
    return Drawing(name, bay * BAYS, storey, tuple(shapes))


def _entrance(name: str, bay: float, storey: float) -> Drawing:
    """A ground floor with a door and small windows."""
    shapes = [
        rectangle(Part.WALL, 0.0, 0.0, bay * BAYS, storey),
        rectangle(Part.WALL_DARK, 0.0, 0.0, bay * BAYS, 0.5),
    ]
    for k in range(BAYS):
        at = k * bay
        if k == 1:
            shapes += [
                rectangle(Part.FRAME, at + bay * 0.24, 0.0, at + bay * 0.76, 2.4),
                rectangle(Part.DOOR, at + bay * 0.3, 0.0, at + bay * 0.7, 2.3),
            ]
        else:
            shapes += [
                rectangle(Part.FRAME, at + bay * 0.22, 1.0, at + bay * 0.78, 2.5),
                rectangle(Part.GLASS_DARK, at + bay * 0.27, 1.08, at + bay * 0.73, 2.42),
            ]
    return Drawing(name, bay * BAYS, storey, tuple(shapes))


def _cornice(name: str, bay: float, height: float) -> Drawing:
    """The edge of a flat roof."""
    width = bay * BAYS
    return Drawing(
        name,
        width,
        height,
        (
            rectangle(Part.WALL_DARK, 0.0, 0.0, width, height),
            rectangle(Part.WALL_LIGHT, 0.0, height * 0.4, width, height),
        ),
    )


def _tiles(name: str, bay: float, height: float) -> Drawing:
    """A tiled roof with dormers."""
    width = bay * BAYS
    shapes = [rectangle(Part.ROOF, 0.0, 0.0, width, height), rectangle(Part.WALL_LIGHT, 0.0, 0.0, width, 0.2)]
    for at in (bay * 0.6, bay * 2.6):
        shapes += [
            rectangle(Part.FRAME, at, height * 0.25, at + bay * 0.7, height * 0.75),
            rectangle(Part.GLASS_DARK, at + 0.12, height * 0.3, at + bay * 0.7 - 0.12, height * 0.7),
        ]
    return Drawing(name, width, height, tuple(shapes))


FACADES = {
    "old": (
        _shops("old shops", 2.6, 3.9),
        _windows("old windows", 2.6, 3.3, (0.75, 0.8, 1.85, 2.7)),
        _tiles("old roof", 2.6, 3.0),
    ),
    "balcony": (
        _entrance("balcony entrance", 3.0, 3.2),
        _windows("balcony windows", 3.0, 3.0, (0.7, 0.6, 2.3, 2.5), balcony=True),
        _cornice("balcony cornice", 3.0, 0.7),
    ),
    "block": (
        _shops("block shops", 3.2, 4.2),
        _windows("block windows", 3.2, 3.4, (0.35, 0.9, 2.85, 2.7)),
        _cornice("block cornice", 3.2, 0.9),
    ),
    "tower": (
        _shops("tower shops", 2.4, 4.6),
        _glazing("tower glazing", 2.4, 3.6),
        _cornice("tower cornice", 2.4, 0.8),
    ),
    "house": (
        _entrance("house entrance", 2.2, 2.9),
        _windows("house windows", 2.2, 2.7, (0.6, 0.8, 1.6, 2.1)),
        _tiles("house roof", 2.2, 2.4),
    ),
}
"""Ground floor, upper floor and roof of each style."""


def _courses(name: str, height: float, coping: bool) -> Drawing:
    """A wall of stone courses."""
    shapes = [rectangle(Part.WALL, 0.0, 0.0, 2.0, height)]
    level = 0.0
    row = 0
    while level < height:
        shapes.append(stroke(Part.WALL_DARK, (0.0, level), (2.0, level), 0.03))
        for joint in (0.25, 0.75, 1.25, 1.75):
            at = joint + 0.25 * (row % 2) - 0.125
            shapes.append(stroke(Part.WALL_DARK, (at, level), (at, min(level + 0.3, height)), 0.03))
        level += 0.3
        row += 1
    if coping:
        shapes.append(rectangle(Part.WALL_LIGHT, 0.0, height - 0.15, 2.0, height))
    return Drawing(name, 2.0, height, tuple(shapes))


def _slabs(name: str, height: float) -> Drawing:
    """A concrete wall of slabs between posts."""
    return Drawing(
        name,
        3.0,
        height,
        (
            rectangle(Part.WALL, 0.0, 0.0, 3.0, height),
            rectangle(Part.WALL_LIGHT, 0.0, height - 0.14, 3.0, height),
            rectangle(Part.WALL_DARK, 0.0, 0.0, 0.22, height),
            stroke(Part.WALL_DARK, (0.0, height * 0.5), (3.0, height * 0.5), 0.04),
        ),
    )


WALLS = (
    _courses("stone wall", 1.8, coping=True),
    _slabs("concrete wall", 2.3),
    _courses("low wall", 1.1, coping=True),
)

FENCES = (
    Drawing(
        "railing",
        2.0,
        1.25,
        (
            *(rectangle(Part.METAL_DARK, k * 0.25 + 0.06, 0.0, k * 0.25 + 0.19, 1.2) for k in range(8)),
            rectangle(Part.METAL_DARK, 0.0, 0.15, 2.0, 0.3),
            rectangle(Part.METAL_DARK, 0.0, 1.0, 2.0, 1.12),
        ),
    ),
    Drawing(
        "picket fence",
        1.6,
        1.3,
        (
            *(
                polygon(
                    Part.TRUNK,
                    (k * 0.2 + 0.02, 0.05),
                    (k * 0.2 + 0.17, 0.05),
                    (k * 0.2 + 0.17, 1.2),
                    (k * 0.2 + 0.095, 1.3),
                    (k * 0.2 + 0.02, 1.2),
                )
                for k in range(8)
            ),
            rectangle(Part.TRUNK, 0.0, 0.3, 1.6, 0.42),
            rectangle(Part.TRUNK, 0.0, 0.9, 1.6, 1.02),
        ),
    ),
    Drawing(
        "mesh fence",
        2.5,
        1.9,
        (
            *(stroke(Part.METAL, (k * 0.25, 0.0), (k * 0.25 + 0.25, 1.85), 0.07) for k in range(-1, 10)),
            *(stroke(Part.METAL, (k * 0.25 + 0.25, 0.0), (k * 0.25, 1.85), 0.07) for k in range(-1, 10)),
            rectangle(Part.METAL_DARK, 0.0, 0.0, 0.12, 1.9),
            rectangle(Part.METAL, 0.0, 1.8, 2.5, 1.9),
            rectangle(Part.METAL, 0.0, 0.0, 2.5, 0.1),
        ),
    ),
    Drawing(
        "board fence",
        2.0,
        1.8,
        (
            rectangle(Part.TRUNK, 0.0, 0.05, 2.0, 1.8),
            *(stroke(Part.METAL_DARK, (k * 0.2, 0.05), (k * 0.2, 1.8), 0.03) for k in range(10)),
            rectangle(Part.METAL_DARK, 0.0, 0.05, 0.12, 1.8),
        ),
    ),
)
