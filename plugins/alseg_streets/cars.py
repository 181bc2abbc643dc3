"""Drawings of cars and vans."""

from __future__ import annotations

from alseg_streets.drawings import Drawing, Part, Shape, mirrored, polygon, rectangle, stroke
from alseg_streets.vehicles import VehicleModel, wheel

APRON = 0.3
"""Metres by which a cabin's drawing reaches below the waist: the bonnet or boot lid in front of it."""


_WAIST = 0.6
"""Height of a car's waist as a share of its height."""

_LEAN = 0.35


def _car_end(name: str, width: float, height: float, nose: bool) -> Drawing:
    """A car's tail or nose up to the waist: body, lights, plate, tyres."""
    waist = height * _WAIST
    tyres = mirrored((rectangle(Part.TYRE, 0.06, 0.0, 0.28, 0.4),), width)
    body = (
        rectangle(Part.METAL_DARK, 0.1, 0.16, width - 0.1, 0.4),
        polygon(
            Part.PAINT_DARK,
            (0.0, 0.28),
            (width, 0.28),
            (width, 0.42),
            (width, waist - 0.1),
            (0.0, waist - 0.1),
            (0.0, 0.42),
        ),
        polygon(
            Part.PAINT,
            (0.0, 0.46),
            (width, 0.46),
            (width, waist - 0.14),
            (width - 0.06, waist),
            (0.06, waist),
            (0.0, waist - 0.14),
        ),
        rectangle(Part.PAINT_LIGHT, 0.08, waist - 0.05, width - 0.08, waist),
    )
    lamp = rectangle(Part.HEADLIGHT if nose else Part.TAILLIGHT, 0.05, waist - 0.3, 0.36, waist - 0.12)
    middle = width / 2
    details: tuple[Shape, ...]
    if nose:
        details = (
            rectangle(Part.METAL_DARK, middle - 0.42, waist - 0.3, middle + 0.42, waist - 0.16),
            rectangle(Part.TRIM, middle - 0.5, 0.3, middle + 0.5, 0.4),
            rectangle(Part.PLATE, middle - 0.25, 0.42, middle + 0.25, 0.53),
        )
    else:
        details = (
            rectangle(Part.PLATE, middle - 0.25, waist - 0.3, middle + 0.25, waist - 0.18),
            rectangle(Part.TRIM, 0.08, 0.3, width - 0.08, 0.38),
        )
    return Drawing(name, width, waist, (*tyres, *body, *mirrored((lamp,), width), *details))


def _car_cabin(name: str, width: float, height: float, nose: bool) -> Drawing:
    """A car's windscreen or rear window, and the lid in front of it."""
    tall = height * (1 - _WAIST) + APRON
    inset = _LEAN * height * (1 - _WAIST) - 0.03
    return Drawing(
        name,
        width,
        tall,
        (
            rectangle(Part.PAINT_LIGHT, 0.06, 0.0, width - 0.06, APRON),
            polygon(
                Part.PAINT,
                (0.0, APRON),
                (width, APRON),
                (width - inset, tall - 0.03),
                (width - inset - 0.06, tall),
                (inset + 0.06, tall),
                (inset, tall - 0.03),
            ),
            polygon(
                Part.GLASS if nose else Part.GLASS_DARK,
                (0.16, APRON + 0.04),
                (width - 0.16, APRON + 0.04),
                (width - inset - 0.08, tall - 0.1),
                (inset + 0.08, tall - 0.1),
            ),
            *(() if nose else (rectangle(Part.GLASS, width * 0.3, APRON + 0.2, width * 0.45, tall - 0.14),)),
        ),
    )


def _car_side(name: str, length: float, height: float, boxy: float) -> Drawing:
    """A car's side; ``boxy`` from 0 (saloon with a boot) to 1 (estate or van, upright tail)."""
    waist = height * _WAIST
    boot = 0.75 * (1 - boxy)
    roof_tail = 0.12 + boot + 0.35 * (1 - boxy)
    roof_nose = length * 0.56 + 0.35 * boxy
    screen_foot = roof_nose + 0.75
    cabin = (
        (0.06 + boot, waist),
        (screen_foot, waist),
        (roof_nose, height - 0.02),
        (roof_nose - 0.5, height),
        (roof_tail + 0.3, height),
        (roof_tail, height - 0.05),
    )
    pillar = (0.06 + boot + roof_nose) / 2 + 0.25
    return Drawing(
        name,
        length,
        height,
        (
            polygon(Part.METAL_DARK, (0.0, 0.18), (length, 0.18), (length, 0.4), (0.0, 0.4)),
            polygon(
                Part.PAINT,
                (0.0, 0.3),
                (length, 0.3),
                (length, waist - 0.04),
                (screen_foot, waist + 0.02),
                (0.0, waist + 0.02),
            ),
            rectangle(Part.PAINT_DARK, 0.0, 0.3, length, 0.46),
            polygon(Part.PAINT, *cabin),
            polygon(
                Part.GLASS_DARK,
                (0.2 + boot, waist + 0.05),
                (pillar - 0.04, waist + 0.05),
                (pillar - 0.04, height - 0.1),
                (roof_tail + 0.16, height - 0.1),
            ),
            polygon(
                Part.GLASS_DARK,
                (pillar + 0.04, waist + 0.05),
                (screen_foot - 0.12, waist + 0.05),
                (roof_nose - 0.02, height - 0.1),
                (pillar + 0.04, height - 0.1),
            ),
            stroke(Part.PAINT_DARK, (pillar, waist), (pillar - 0.05, 0.4), 0.03),
            stroke(Part.PAINT_DARK, (screen_foot - 0.1, waist), (screen_foot - 0.1, 0.45), 0.03),
            rectangle(Part.TAILLIGHT, 0.0, waist - 0.26, 0.12, waist - 0.08),
            rectangle(Part.HEADLIGHT, length - 0.22, waist - 0.3, length - 0.04, waist - 0.18),
            *wheel(0.8, 0.32),
            *wheel(length - 0.85, 0.32),
        ),
    )


def _car(name: str, width: float, length: float, height: float, boxy: float) -> VehicleModel:
    boot = 0.75 * (1 - boxy)
    return VehicleModel(
        tail=_car_end(f"{name} tail", width, height, nose=False),
        nose=_car_end(f"{name} nose", width, height, nose=True),
        side=_car_side(f"{name} side", length, height, boxy),
        cabin_tail=_car_cabin(f"{name} rear window", width, height, nose=False),
        cabin_nose=_car_cabin(f"{name} windscreen", width, height, nose=True),
        tail_offset=boot + 0.12 + 0.35 * (1 - boxy),
        nose_offset=length * 0.44 - 0.35 * boxy,
        waist=height * _WAIST,
        lean=_LEAN,
    )


CARS = (
    _car("saloon", 1.8, 4.6, 1.44, 0.0),
    _car("hatchback", 1.74, 3.9, 1.48, 0.75),
    _car("estate", 1.8, 4.6, 1.48, 1.0),
    _car("off-roader", 1.9, 4.5, 1.74, 0.9),
    _car("van", 1.95, 4.9, 1.98, 1.0),
)
