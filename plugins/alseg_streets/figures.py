"""Drawings of people, bicycles and motorcycles. Side views look to the right."""

from __future__ import annotations

from alseg_streets.drawings import (
    Drawing,
    Part,
    Shape,
    chain,
    ellipse,
    mirrored,
    polygon,
    rectangle,
    stroke,
)


def _head(x: float, y: float, looking_right: bool = False) -> tuple[Shape, ...]:
    back = 0.03 if looking_right else 0.0
    return (
        stroke(Part.SKIN, (x, y - 0.2), (x, y), 0.09),
        ellipse(Part.SKIN, x, y, 0.095, 0.125),
        ellipse(Part.HAIR, x - back, y + 0.06, 0.1, 0.085),
    )


def _walker(stride: float) -> tuple[Shape, ...]:
    """A person seen from the side, feet ``stride`` metres apart."""
    reach = stride / 2
    return (
        *chain(Part.SHIRT_DARK, 0.09, (0.45, 1.36), (0.45 - reach * 0.5, 1.1), (0.45 - reach * 0.7, 0.86)),
        *chain(Part.TROUSERS, 0.15, (0.44, 0.9), (0.43 - reach * 0.3, 0.48), (0.42 - reach, 0.08)),
        *chain(Part.TROUSERS, 0.16, (0.46, 0.9), (0.48 + reach * 0.7, 0.48), (0.46 + reach, 0.08)),
        rectangle(Part.SHOES, 0.36 - reach, 0.0, 0.58 - reach, 0.09),
        rectangle(Part.SHOES, 0.4 + reach, 0.0, 0.64 + reach, 0.09),
        polygon(Part.SHIRT, (0.33, 0.84), (0.58, 0.84), (0.6, 1.3), (0.53, 1.46), (0.38, 1.46), (0.32, 1.3)),
        *chain(Part.SHIRT_DARK, 0.1, (0.46, 1.38), (0.5 + reach * 0.3, 1.1), (0.52 + reach * 0.8, 0.9)),
        ellipse(Part.SKIN, 0.52 + reach * 0.8, 0.86, 0.05),
        *_head(0.47, 1.61, looking_right=True),
    )


_STANDING = (
    rectangle(Part.TROUSERS, 0.2, 0.06, 0.34, 0.92),
    rectangle(Part.TROUSERS, 0.37, 0.06, 0.51, 0.92),
    rectangle(Part.SHOES, 0.17, 0.0, 0.34, 0.1),
    rectangle(Part.SHOES, 0.37, 0.0, 0.54, 0.1),
    *chain(Part.SHIRT_DARK, 0.11, (0.16, 1.38), (0.1, 1.1), (0.12, 0.86)),
    *chain(Part.SHIRT_DARK, 0.11, (0.55, 1.38), (0.61, 1.1), (0.59, 0.86)),
    ellipse(Part.SKIN, 0.12, 0.82, 0.05),
    ellipse(Part.SKIN, 0.59, 0.82, 0.05),
    polygon(Part.SHIRT, (0.19, 0.82), (0.52, 0.82), (0.55, 1.36), (0.48, 1.46), (0.23, 1.46), (0.16, 1.36)),
    *_head(0.355, 1.61),
)

_COAT = (
    rectangle(Part.TROUSERS, 0.22, 0.05, 0.34, 0.6),
    rectangle(Part.TROUSERS, 0.38, 0.05, 0.5, 0.6),
    rectangle(Part.SHOES, 0.2, 0.0, 0.34, 0.09),
    rectangle(Part.SHOES, 0.38, 0.0, 0.52, 0.09),
    polygon(Part.SHIRT, (0.14, 0.5), (0.57, 0.5), (0.55, 1.36), (0.48, 1.46), (0.23, 1.46), (0.16, 1.36)),
    *chain(Part.SHIRT_DARK, 0.11, (0.16, 1.36), (0.09, 1.1), (0.12, 0.84)),
    *chain(Part.SHIRT_DARK, 0.11, (0.55, 1.36), (0.62, 1.1), (0.59, 0.84)),
    rectangle(Part.BAG, 0.54, 0.6, 0.7, 0.86),
    *_head(0.355, 1.61),
)

PEOPLE = (
    Drawing("person walking", 0.9, 1.76, _walker(0.5)),
    Drawing("person strolling", 0.9, 1.76, _walker(0.24)),
    Drawing(
        "person with backpack",
        0.9,
        1.76,
        (polygon(Part.BAG, (0.14, 0.95), (0.34, 0.9), (0.36, 1.42), (0.2, 1.4)), *_walker(0.4)),
    ),
    Drawing("person standing", 0.71, 1.76, _STANDING),
    Drawing("person in a coat", 0.71, 1.76, _COAT),
)


def _spoked(x: float) -> tuple[Shape, ...]:
    """A bicycle wheel on the ground: a see-through ring with spokes."""
    return (
        ellipse(Part.TYRE, x, 0.34, 0.34),
        ellipse(Part.NONE, x, 0.34, 0.285),
        stroke(Part.RIM, (x - 0.29, 0.34), (x + 0.29, 0.34), 0.02),
        stroke(Part.RIM, (x - 0.15, 0.09), (x + 0.15, 0.59), 0.02),
        stroke(Part.RIM, (x + 0.15, 0.09), (x - 0.15, 0.59), 0.02),
    )


BICYCLE_SIDE = Drawing(
    "bicycle from the side",
    1.76,
    1.1,
    (
        *_spoked(0.35),
        *_spoked(1.41),
        *chain(
            Part.PAINT, 0.06, (0.35, 0.34), (0.82, 0.3), (1.24, 0.78), (0.7, 0.76), (0.82, 0.3), (0.7, 0.76)
        ),
        stroke(Part.PAINT, (0.35, 0.34), (0.7, 0.76), 0.05),
        stroke(Part.PAINT, (1.41, 0.34), (1.22, 0.95), 0.06),
        stroke(Part.METAL, (0.7, 0.76), (0.67, 0.92), 0.05),
        stroke(Part.TRIM, (0.55, 0.95), (0.82, 0.95), 0.08),
        *chain(Part.METAL_DARK, 0.05, (1.05, 1.02), (1.22, 1.04), (1.28, 0.96)),
        ellipse(Part.METAL_DARK, 0.82, 0.3, 0.09),
    ),
)

BICYCLE_BACK = Drawing(
    "bicycle from behind",
    0.6,
    1.1,
    (
        rectangle(Part.TYRE, 0.26, 0.0, 0.34, 0.68),
        stroke(Part.PAINT, (0.23, 0.34), (0.25, 0.8), 0.04),
        stroke(Part.PAINT, (0.37, 0.34), (0.35, 0.8), 0.04),
        stroke(Part.METAL_DARK, (0.05, 1.03), (0.55, 1.03), 0.05),
        polygon(Part.TRIM, (0.2, 0.88), (0.4, 0.88), (0.36, 1.0), (0.24, 1.0)),
        rectangle(Part.TAILLIGHT, 0.26, 0.7, 0.34, 0.78),
    ),
)

MOTORCYCLE_SIDE = Drawing(
    "motorcycle from the side",
    2.1,
    1.2,
    (
        ellipse(Part.TYRE, 0.36, 0.33, 0.33),
        ellipse(Part.RIM, 0.36, 0.33, 0.19),
        ellipse(Part.TYRE, 1.72, 0.33, 0.33),
        ellipse(Part.RIM, 1.72, 0.33, 0.19),
        polygon(Part.METAL_DARK, (0.7, 0.2), (1.3, 0.2), (1.38, 0.62), (0.66, 0.62)),
        polygon(Part.METAL, (0.2, 0.32), (0.95, 0.26), (0.95, 0.36), (0.2, 0.44)),
        polygon(Part.PAINT, (0.86, 0.62), (1.44, 0.6), (1.48, 0.94), (1.2, 1.0), (0.9, 0.84)),
        polygon(Part.TRIM, (0.22, 0.72), (0.92, 0.62), (0.94, 0.86), (0.3, 0.9)),
        polygon(Part.PAINT, (0.1, 0.68), (0.4, 0.72), (0.36, 0.9), (0.08, 0.82)),
        stroke(Part.METAL, (1.72, 0.33), (1.46, 1.02), 0.09),
        polygon(Part.PAINT, (1.42, 0.82), (1.72, 0.8), (1.62, 1.06), (1.44, 1.1)),
        ellipse(Part.HEADLIGHT, 1.68, 0.88, 0.09),
        stroke(Part.METAL_DARK, (1.22, 1.1), (1.46, 1.08), 0.06),
        rectangle(Part.TAILLIGHT, 0.06, 0.72, 0.14, 0.8),
    ),
)

MOTORCYCLE_BACK = Drawing(
    "motorcycle from behind",
    0.8,
    1.2,
    (
        rectangle(Part.TYRE, 0.3, 0.0, 0.5, 0.62),
        polygon(Part.METAL_DARK, (0.18, 0.28), (0.62, 0.28), (0.58, 0.62), (0.22, 0.62)),
        polygon(Part.PAINT, (0.2, 0.58), (0.6, 0.58), (0.54, 0.94), (0.26, 0.94)),
        rectangle(Part.TAILLIGHT, 0.31, 0.72, 0.49, 0.8),
        rectangle(Part.PLATE, 0.3, 0.48, 0.5, 0.6),
        stroke(Part.METAL_DARK, (0.06, 1.06), (0.74, 1.06), 0.06),
        stroke(Part.METAL_DARK, (0.12, 1.06), (0.08, 1.18), 0.05),
        stroke(Part.METAL_DARK, (0.68, 1.06), (0.72, 1.18), 0.05),
    ),
)


def _rider_side(
    name: str, hip: tuple[float, float], hand: tuple[float, float], foot: tuple[float, float]
) -> Drawing:
    """A seated rider; coordinates are those of the vehicle's side view."""
    shoulder = (hip[0] + 0.3, hip[1] + 0.5)
    knee = (hip[0] + 0.42, hip[1] - 0.16)
    head = (shoulder[0] + 0.08, shoulder[1] + 0.22)
    return Drawing(
        name,
        2.1,
        head[1] + 0.16,
        (
            *chain(Part.TROUSERS, 0.15, hip, knee, foot),
            rectangle(Part.SHOES, foot[0] - 0.08, foot[1] - 0.06, foot[0] + 0.16, foot[1] + 0.04),
            polygon(
                Part.SHIRT,
                (hip[0] - 0.14, hip[1] - 0.06),
                (hip[0] + 0.14, hip[1] - 0.02),
                (shoulder[0] + 0.12, shoulder[1] - 0.06),
                (shoulder[0] - 0.02, shoulder[1] + 0.1),
                (shoulder[0] - 0.16, shoulder[1]),
            ),
            *chain(
                Part.SHIRT_DARK,
                0.1,
                shoulder,
                ((shoulder[0] + hand[0]) / 2, (shoulder[1] + hand[1]) / 2 - 0.06),
                hand,
            ),
            ellipse(Part.SKIN, hand[0], hand[1], 0.05),
            ellipse(Part.SKIN, head[0], head[1], 0.1, 0.13),
            ellipse(Part.HAIR, head[0] - 0.02, head[1] + 0.05, 0.12, 0.1),
        ),
    )


BICYCLE_RIDER_SIDE = _rider_side("cyclist from the side", (0.7, 1.0), (1.2, 1.06), (0.88, 0.24))
MOTORCYCLE_RIDER_SIDE = _rider_side("motorcyclist from the side", (0.72, 0.96), (1.32, 1.12), (1.0, 0.32))


def _rider_back(name: str, seat: float) -> Drawing:
    """A seated rider from behind, seat height in metres."""
    half = (
        *chain(Part.TROUSERS, 0.15, (0.3, seat), (0.2, seat - 0.28), (0.24, seat - 0.62)),
        rectangle(Part.SHOES, 0.17, seat - 0.72, 0.29, seat - 0.58),
        *chain(Part.SHIRT_DARK, 0.11, (0.22, seat + 0.5), (0.1, seat + 0.28), (0.12, seat + 0.1)),
    )
    return Drawing(
        name,
        0.8,
        seat + 0.92,
        (
            *mirrored(half, 0.8),
            polygon(
                Part.SHIRT,
                (0.25, seat - 0.08),
                (0.55, seat - 0.08),
                (0.6, seat + 0.48),
                (0.5, seat + 0.6),
                (0.3, seat + 0.6),
                (0.2, seat + 0.48),
            ),
            stroke(Part.SKIN, (0.4, seat + 0.55), (0.4, seat + 0.72), 0.1),
            ellipse(Part.HAIR, 0.4, seat + 0.77, 0.12, 0.14),
        ),
    )


BICYCLE_RIDER_BACK = _rider_back("cyclist from behind", 0.95)
MOTORCYCLE_RIDER_BACK = _rider_back("motorcyclist from behind", 0.9)
