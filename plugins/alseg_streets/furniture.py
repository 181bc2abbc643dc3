"""Drawings of poles, traffic lights, signs and clutter."""

from __future__ import annotations

from alseg_streets.drawings import Drawing, Part, ellipse, polygon, rectangle, stroke

POST = Drawing("post", 0.14, 3.0, (rectangle(Part.METAL, 0.0, 0.0, 0.14, 3.0),))
THIN_POST = Drawing("thin post", 0.1, 2.6, (rectangle(Part.METAL, 0.0, 0.0, 0.1, 2.6),))
BOLLARD = Drawing(
    "bollard",
    0.2,
    1.0,
    (rectangle(Part.METAL_DARK, 0.0, 0.0, 0.2, 1.0), rectangle(Part.FRAME, 0.0, 0.7, 0.2, 0.85)),
)
LAMP_POST = Drawing(
    "lamp post",
    2.4,
    8.0,
    (
        rectangle(Part.METAL, 0.0, 0.0, 0.26, 1.2),
        rectangle(Part.METAL, 0.05, 1.0, 0.21, 7.8),
        stroke(Part.METAL, (0.13, 7.6), (1.5, 7.86), 0.11),
        polygon(Part.METAL_DARK, (1.4, 7.76), (2.3, 7.8), (2.3, 7.94), (1.4, 7.98)),
    ),
)
OLD_LAMP = Drawing(
    "old lamp",
    0.7,
    4.6,
    (
        rectangle(Part.METAL_DARK, 0.22, 0.0, 0.48, 0.8),
        rectangle(Part.METAL_DARK, 0.29, 0.6, 0.41, 3.8),
        polygon(Part.GLASS_LIGHT, (0.2, 3.8), (0.5, 3.8), (0.62, 4.3), (0.08, 4.3)),
        polygon(Part.METAL_DARK, (0.02, 4.3), (0.68, 4.3), (0.35, 4.6)),
    ),
)
POWER_POLE = Drawing(
    "power pole",
    2.2,
    9.0,
    (
        rectangle(Part.TRUNK, 0.98, 0.0, 1.22, 9.0),
        rectangle(Part.TRUNK, 0.1, 8.1, 2.1, 8.25),
        rectangle(Part.TRUNK, 0.3, 7.4, 1.9, 7.52),
    ),
)

TRAFFIC_LIGHTS = tuple(
    Drawing(
        f"traffic light {lit}",
        0.44,
        1.1,
        (
            rectangle(Part.METAL_DARK, 0.0, 0.0, 0.44, 1.1),
            rectangle(Part.TRIM, 0.04, 0.04, 0.4, 1.06),
            *(
                ellipse(Part.LAMP_ON if k == lit else Part.LAMP_OFF, 0.22, 0.2 + 0.35 * k, 0.13)
                for k in range(3)
            ),
        ),
    )
    for lit in range(3)
)
"""Lit at the bottom (green), in the middle (amber), at the top (red)."""

SIGNS = (
    Drawing(
        "round sign",
        0.7,
        0.7,
        (
            ellipse(Part.BOARD_RIM, 0.35, 0.35, 0.35),
            ellipse(Part.BOARD, 0.35, 0.35, 0.25),
            rectangle(Part.BOARD_MARK, 0.24, 0.26, 0.32, 0.44),
            rectangle(Part.BOARD_MARK, 0.38, 0.26, 0.46, 0.44),
        ),
    ),
    Drawing(
        "triangle sign",
        0.9,
        0.8,
        (
            polygon(Part.BOARD_RIM, (0.0, 0.0), (0.9, 0.0), (0.45, 0.8)),
            polygon(Part.BOARD, (0.19, 0.12), (0.71, 0.12), (0.45, 0.58)),
            rectangle(Part.BOARD_MARK, 0.41, 0.16, 0.49, 0.4),
        ),
    ),
    Drawing(
        "square sign",
        0.7,
        0.7,
        (
            rectangle(Part.BOARD_RIM, 0.0, 0.0, 0.7, 0.7),
            rectangle(Part.BOARD, 0.04, 0.04, 0.66, 0.66),
            rectangle(Part.BOARD_MARK, 0.22, 0.14, 0.32, 0.56),
            rectangle(Part.BOARD_MARK, 0.3, 0.34, 0.48, 0.56),
        ),
    ),
    Drawing(
        "stop sign",
        0.8,
        0.8,
        (
            polygon(
                Part.BOARD_RIM,
                (0.24, 0.0),
                (0.56, 0.0),
                (0.8, 0.24),
                (0.8, 0.56),
                (0.56, 0.8),
                (0.24, 0.8),
                (0.0, 0.56),
                (0.0, 0.24),
            ),
            rectangle(Part.BOARD, 0.12, 0.32, 0.68, 0.48),
        ),
    ),
    Drawing(
        "direction sign",
        1.8,
        0.9,
        (
            rectangle(Part.BOARD_RIM, 0.0, 0.0, 1.8, 0.9),
            rectangle(Part.BOARD, 0.05, 0.05, 1.75, 0.85),
            rectangle(Part.BOARD_MARK, 0.2, 0.56, 1.2, 0.7),
            rectangle(Part.BOARD_MARK, 0.2, 0.22, 1.5, 0.36),
        ),
    ),
)

GANTRY_SIGN = Drawing(
    "gantry sign",
    3.6,
    1.6,
    (
        rectangle(Part.BOARD_RIM, 0.0, 0.0, 3.6, 1.6),
        rectangle(Part.BOARD, 0.08, 0.08, 3.52, 1.52),
        rectangle(Part.BOARD_MARK, 0.4, 0.95, 2.4, 1.2),
        rectangle(Part.BOARD_MARK, 0.4, 0.45, 3.0, 0.7),
    ),
)

CLUTTER: tuple[tuple[Drawing, float], ...] = (
    (
        Drawing(
            "bin",
            0.7,
            1.15,
            (
                rectangle(Part.PAINT, 0.05, 0.1, 0.65, 1.0),
                rectangle(Part.PAINT_DARK, 0.0, 0.98, 0.7, 1.15),
                rectangle(Part.TYRE, 0.08, 0.0, 0.22, 0.12),
                rectangle(Part.TYRE, 0.48, 0.0, 0.62, 0.12),
            ),
        ),
        3.0,
    ),
    (
        Drawing(
            "electric box",
            1.1,
            1.25,
            (
                rectangle(Part.WALL, 0.0, 0.0, 1.1, 1.25),
                rectangle(Part.WALL_LIGHT, 0.0, 1.15, 1.1, 1.25),
                stroke(Part.WALL_DARK, (0.55, 0.0), (0.55, 1.15), 0.03),
            ),
        ),
        3.0,
    ),
    (
        Drawing(
            "billboard",
            2.8,
            3.4,
            (
                rectangle(Part.METAL_DARK, 0.3, 0.0, 0.45, 1.2),
                rectangle(Part.METAL_DARK, 2.35, 0.0, 2.5, 1.2),
                rectangle(Part.METAL, 0.0, 1.1, 2.8, 3.4),
                rectangle(Part.AWNING, 0.12, 1.22, 2.68, 3.28),
                ellipse(Part.BOARD, 0.95, 2.2, 0.55),
                rectangle(Part.BOARD, 1.7, 1.6, 2.5, 1.8),
                rectangle(Part.BOARD, 1.7, 2.1, 2.4, 2.3),
                rectangle(Part.BOARD, 1.7, 2.6, 2.5, 2.8),
            ),
        ),
        1.0,
    ),
    (
        Drawing(
            "bench",
            1.7,
            0.85,
            (
                rectangle(Part.TRUNK, 0.0, 0.4, 1.7, 0.5),
                rectangle(Part.TRUNK, 0.0, 0.6, 1.7, 0.82),
                rectangle(Part.METAL_DARK, 0.1, 0.0, 0.2, 0.8),
                rectangle(Part.METAL_DARK, 1.5, 0.0, 1.6, 0.8),
            ),
        ),
        2.0,
    ),
)
"""Small static things, with weights; they belong to no class."""

ARM = Drawing("arm", 4.0, 0.16, (rectangle(Part.METAL, 0.0, 0.0, 4.0, 0.16),))
