"""Drawings of trucks, buses and trams."""

from __future__ import annotations

from alseg_streets.drawings import Drawing, Part, ellipse, mirrored, polygon, rectangle, stroke
from alseg_streets.vehicles import VehicleModel, wheel


def _truck() -> VehicleModel:
    width, height = 2.5, 3.5
    feet = mirrored((rectangle(Part.TYRE, 0.05, 0.0, 0.55, 0.8),), width)
    tail = Drawing(
        "truck tail",
        width,
        height,
        (
            *feet,
            rectangle(Part.METAL_DARK, 0.1, 0.5, 2.4, 1.1),
            rectangle(Part.WALL, 0.0, 1.0, 2.5, 3.5),
            rectangle(Part.WALL_DARK, 0.06, 1.06, 1.22, 3.42),
            rectangle(Part.WALL_DARK, 1.28, 1.06, 2.44, 3.42),
            rectangle(Part.WALL, 0.12, 1.14, 1.16, 3.34),
            rectangle(Part.WALL, 1.34, 1.14, 2.38, 3.34),
            *mirrored((rectangle(Part.TAILLIGHT, 0.12, 0.72, 0.5, 0.92),), width),
            rectangle(Part.PLATE, 1.0, 0.72, 1.5, 0.86),
        ),
    )
    nose = Drawing(
        "truck nose",
        width,
        height,
        (
            *feet,
            rectangle(Part.WALL_DARK, 0.0, 1.2, 2.5, 3.5),
            polygon(Part.PAINT, (0.06, 0.4), (2.44, 0.4), (2.44, 2.6), (2.3, 2.95), (0.2, 2.95), (0.06, 2.6)),
            polygon(Part.GLASS, (0.2, 1.66), (2.3, 1.66), (2.22, 2.5), (0.28, 2.5)),
            rectangle(Part.METAL_DARK, 0.5, 0.85, 2.0, 1.4),
            rectangle(Part.PAINT_LIGHT, 0.5, 1.06, 2.0, 1.12),
            *mirrored((rectangle(Part.HEADLIGHT, 0.16, 0.62, 0.52, 0.84),), width),
            rectangle(Part.PLATE, 1.0, 0.5, 1.5, 0.64),
        ),
    )
    side = Drawing(
        "truck side",
        8.0,
        height,
        (
            rectangle(Part.METAL_DARK, 0.2, 0.55, 7.6, 1.05),
            rectangle(Part.WALL, 0.0, 1.0, 5.9, 3.5),
            rectangle(Part.WALL_DARK, 0.0, 1.0, 5.9, 1.16),
            rectangle(Part.WALL_LIGHT, 0.0, 3.36, 5.9, 3.5),
            polygon(Part.BOARD_MARK, (1.2, 1.8), (4.8, 1.8), (4.4, 2.6), (1.6, 2.6)),
            polygon(
                Part.PAINT, (6.05, 0.45), (8.0, 0.45), (8.0, 1.5), (7.82, 2.85), (7.5, 2.98), (6.05, 2.98)
            ),
            polygon(Part.GLASS_DARK, (6.75, 1.62), (7.86, 1.62), (7.74, 2.5), (6.75, 2.5)),
            stroke(Part.PAINT_DARK, (6.68, 0.7), (6.68, 2.6), 0.04),
            *wheel(1.0, 0.48),
            *wheel(2.2, 0.48),
            *wheel(6.9, 0.48),
        ),
    )
    return VehicleModel(tail, nose, side)


def _pickup() -> VehicleModel:
    """A flat-bed truck with a tarpaulin."""
    width, height = 2.2, 2.7
    feet = mirrored((rectangle(Part.TYRE, 0.05, 0.0, 0.42, 0.7),), width)
    tail = Drawing(
        "flat-bed tail",
        width,
        height,
        (
            *feet,
            rectangle(Part.METAL_DARK, 0.1, 0.4, 2.1, 0.8),
            polygon(Part.WALL, (0.0, 1.2), (2.2, 1.2), (2.2, 2.4), (1.9, 2.7), (0.3, 2.7), (0.0, 2.4)),
            rectangle(Part.PAINT, 0.0, 0.75, 2.2, 1.25),
            rectangle(Part.PAINT_DARK, 0.06, 0.98, 2.14, 1.02),
            *mirrored((rectangle(Part.TAILLIGHT, 0.1, 0.55, 0.4, 0.7),), width),
        ),
    )
    nose = Drawing(
        "flat-bed nose",
        width,
        height,
        (
            *feet,
            rectangle(Part.WALL, 0.0, 1.2, 2.2, 2.7),
            polygon(
                Part.PAINT, (0.08, 0.35), (2.12, 0.35), (2.12, 1.9), (1.95, 2.3), (0.25, 2.3), (0.08, 1.9)
            ),
            polygon(Part.GLASS, (0.22, 1.32), (1.98, 1.32), (1.86, 2.0), (0.34, 2.0)),
            rectangle(Part.METAL_DARK, 0.5, 0.7, 1.7, 1.05),
            *mirrored((rectangle(Part.HEADLIGHT, 0.14, 0.74, 0.46, 1.0),), width),
        ),
    )
    side = Drawing(
        "flat-bed side",
        6.0,
        height,
        (
            rectangle(Part.METAL_DARK, 0.1, 0.45, 5.7, 0.8),
            polygon(Part.WALL, (0.0, 1.2), (4.1, 1.2), (4.1, 2.7), (0.0, 2.7)),
            *(stroke(Part.WALL_DARK, (x, 1.2), (x, 2.66), 0.06) for x in (1.0, 2.0, 3.0)),
            rectangle(Part.PAINT, 0.0, 0.75, 4.1, 1.25),
            polygon(Part.PAINT, (4.25, 0.4), (6.0, 0.4), (6.0, 1.2), (5.6, 2.2), (5.3, 2.32), (4.25, 2.32)),
            polygon(Part.GLASS_DARK, (4.7, 1.32), (5.86, 1.32), (5.52, 2.02), (4.7, 2.02)),
            *wheel(1.1, 0.42),
            *wheel(5.1, 0.42),
        ),
    )
    return VehicleModel(tail, nose, side, waist=2.4, lean=1.0)


TRUCKS = (_truck(), _pickup())


def _bus() -> VehicleModel:
    width, height = 2.55, 3.1
    feet = mirrored((rectangle(Part.TYRE, 0.08, 0.0, 0.5, 0.6),), width)
    shell = polygon(Part.PAINT, (0.0, 0.3), (2.55, 0.3), (2.55, 2.9), (2.4, 3.1), (0.15, 3.1), (0.0, 2.9))
    tail = Drawing(
        "bus tail",
        width,
        height,
        (
            *feet,
            shell,
            rectangle(Part.GLASS_DARK, 0.2, 1.8, 2.35, 2.75),
            rectangle(Part.PAINT_DARK, 0.4, 0.6, 2.15, 1.4),
            rectangle(Part.PAINT_LIGHT, 0.0, 1.52, 2.55, 1.64),
            *mirrored((rectangle(Part.TAILLIGHT, 0.06, 0.7, 0.3, 1.3),), width),
            rectangle(Part.PLATE, 1.0, 0.42, 1.55, 0.56),
        ),
    )
    nose = Drawing(
        "bus nose",
        width,
        height,
        (
            *feet,
            shell,
            rectangle(Part.GLASS, 0.12, 1.15, 2.43, 2.6),
            rectangle(Part.TRIM, 0.3, 2.66, 2.25, 2.98),
            rectangle(Part.LAMP_ON, 0.5, 2.72, 1.6, 2.92),
            rectangle(Part.PAINT_LIGHT, 0.0, 0.98, 2.55, 1.08),
            *mirrored((rectangle(Part.HEADLIGHT, 0.14, 0.55, 0.55, 0.78),), width),
            rectangle(Part.PLATE, 1.0, 0.4, 1.55, 0.54),
        ),
    )
    windows = [rectangle(Part.GLASS_DARK, x, 1.45, x + 1.5, 2.6) for x in (0.4, 2.0, 3.6, 5.2, 6.8, 8.4)]
    side = Drawing(
        "bus side",
        11.5,
        height,
        (
            rectangle(Part.METAL_DARK, 0.1, 0.2, 11.4, 0.5),
            polygon(Part.PAINT, (0.0, 0.3), (11.5, 0.3), (11.5, 3.1), (0.0, 3.1)),
            rectangle(Part.PAINT_LIGHT, 0.0, 1.15, 11.5, 1.3),
            rectangle(Part.PAINT_DARK, 0.0, 0.3, 11.5, 0.5),
            *windows,
            rectangle(Part.GLASS, 10.1, 0.5, 11.2, 2.6),
            stroke(Part.TRIM, (10.65, 0.5), (10.65, 2.6), 0.06),
            rectangle(Part.GLASS, 5.3, 0.5, 6.6, 2.6),
            *wheel(2.3, 0.5),
            *wheel(8.9, 0.5),
        ),
    )
    return VehicleModel(tail, nose, side, waist=2.9, lean=0.75)


BUSES = (_bus(),)


def _tram() -> VehicleModel:
    width, height = 2.5, 3.5
    end = (
        rectangle(Part.METAL_DARK, 0.3, 0.05, 2.2, 0.5),
        polygon(Part.PAINT, (0.05, 0.35), (2.45, 0.35), (2.5, 1.6), (2.3, 3.2), (0.2, 3.2), (0.0, 1.6)),
        polygon(Part.GLASS_DARK, (0.22, 1.45), (2.28, 1.45), (2.12, 2.7), (0.38, 2.7)),
        rectangle(Part.TRIM, 0.6, 2.78, 1.9, 3.06),
        rectangle(Part.LAMP_ON, 0.75, 2.82, 1.5, 3.02),
        rectangle(Part.PAINT_LIGHT, 0.05, 1.08, 2.45, 1.3),
        rectangle(Part.METAL, 1.0, 3.2, 1.5, 3.3),
        stroke(Part.METAL_DARK, (0.7, 3.48), (1.8, 3.48), 0.05),
    )
    lights = mirrored((ellipse(Part.HEADLIGHT, 0.45, 0.78, 0.14),), width)
    tails = mirrored((ellipse(Part.TAILLIGHT, 0.45, 0.78, 0.12),), width)
    windows = [rectangle(Part.GLASS_DARK, x, 1.4, x + 1.7, 2.65) for x in range(2, 24, 2)]
    doors = [rectangle(Part.GLASS, x, 0.5, x + 1.2, 2.7) for x in (4.2, 12.2, 20.2)]
    side = Drawing(
        "tram side",
        26.0,
        height,
        (
            rectangle(Part.METAL_DARK, 0.6, 0.05, 25.4, 0.5),
            polygon(Part.PAINT, (0.0, 0.4), (26.0, 0.4), (26.0, 3.2), (0.0, 3.2)),
            rectangle(Part.PAINT_LIGHT, 0.0, 1.05, 26.0, 1.28),
            *windows,
            *doors,
            rectangle(Part.GLASS_DARK, 0.4, 1.45, 1.4, 2.6),
            rectangle(Part.GLASS_DARK, 24.6, 1.45, 25.6, 2.6),
            *(rectangle(Part.TRIM, x, 0.4, x + 0.35, 3.2) for x in (8.6, 17.0)),
            stroke(Part.METAL_DARK, (12.0, 3.2), (13.0, 3.48), 0.08),
        ),
    )
    return VehicleModel(
        Drawing("tram tail", width, height, (*end, *tails)),
        Drawing("tram nose", width, height, (*end, *lights)),
        side,
        waist=1.6,
        lean=0.125,
    )


TRAMS = (_tram(),)
