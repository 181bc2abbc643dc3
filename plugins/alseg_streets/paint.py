"""Colours things: the palette of a domain, and how one thing differs from the next."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from alseg_streets.drawings import Part
from alseg_streets.looks import LOOKS, Look
from alseg_streets.scene import Air, Coat, Color
from alseg_streets.statistics import Domain
from alseg_streets.stream import Stream


@lru_cache(maxsize=2)
def palette(domain: Domain) -> NDArray[np.float32]:
    """Return the colours of all parts of a domain, float32 ``(3, parts)``, 0-255."""
    colors = np.zeros((3, len(Part)), np.float32)
    for part, color in LOOKS[domain].parts.items():
        colors[:, part] = color
    return colors


def shaded(color: Color, factor: float) -> Color:
    """Return the colour times a factor, at most white."""
    return min(color[0] * factor, 255.0), min(color[1] * factor, 255.0), min(color[2] * factor, 255.0)


def varied(numbers: Stream, color: Color, spread: float) -> Color:
    """Return the colour a little brighter or darker, and a little off in hue (share ``spread`` at most)."""
    brightness = numbers.uniform(1 - spread, 1 + spread)
    red, green, blue = (brightness * numbers.uniform(1 - spread / 3, 1 + spread / 3) for _ in range(3))
    return min(color[0] * red, 255.0), min(color[1] * green, 255.0), min(color[2] * blue, 255.0)


def wall_coat(numbers: Stream, look: Look, colors: Sequence[Color]) -> Coat:
    """Return colours for a building or wall."""
    wall = varied(numbers, numbers.choice(colors), 0.12)
    return (
        (Part.WALL, wall),
        (Part.WALL_DARK, shaded(wall, 0.72)),
        (Part.WALL_LIGHT, shaded(wall, 1.16)),
        (Part.ROOF, varied(numbers, numbers.choice(look.roofs), 0.12)),
        (Part.AWNING, varied(numbers, numbers.choice(look.clothes), 0.1)),
        (Part.SHOP, varied(numbers, look.parts[Part.SHOP], 0.3)),
    )


def paint_coat(numbers: Stream, look: Look) -> Coat:
    """Return colours for a car, truck, motorcycle or bicycle."""
    paint = varied(numbers, numbers.weighted(look.paints), 0.1)
    load = varied(numbers, numbers.choice(look.walls), 0.2)
    return (
        (Part.PAINT, paint),
        (Part.PAINT_DARK, shaded(paint, 0.68)),
        (Part.PAINT_LIGHT, shaded(paint, 1.22)),
        (Part.WALL, load),
        (Part.WALL_DARK, shaded(load, 0.8)),
        (Part.WALL_LIGHT, shaded(load, 1.1)),
        (Part.BOARD_MARK, numbers.choice(look.clothes)),
    )


def fleet_coat(numbers: Stream, look: Look) -> Coat:
    """Return colours for a bus or tram."""
    body, stripe = numbers.choice(look.fleet)
    body = varied(numbers, body, 0.06)
    return ((Part.PAINT, body), (Part.PAINT_DARK, shaded(body, 0.65)), (Part.PAINT_LIGHT, stripe))


def clothes_coat(numbers: Stream, look: Look) -> Coat:
    """Return colours for a person."""
    shirt = varied(numbers, numbers.choice(look.clothes), 0.15)
    return (
        (Part.SHIRT, shirt),
        (Part.SHIRT_DARK, shaded(shirt, 0.76)),
        (Part.TROUSERS, varied(numbers, numbers.choice(look.trousers), 0.2)),
        (Part.SKIN, varied(numbers, look.parts[Part.SKIN], 0.22)),
        (Part.HAIR, varied(numbers, look.parts[Part.HAIR], 0.5)),
        (Part.BAG, varied(numbers, look.parts[Part.BAG], 0.4)),
    )


def leaf_coat(numbers: Stream, look: Look) -> Coat:
    """Return colours for a tree, bush or hedge."""
    dark, light = numbers.choice(look.leaves)
    dark, light = varied(numbers, dark, 0.12), varied(numbers, light, 0.1)
    middle = (dark[0] * 0.5 + light[0] * 0.5, dark[1] * 0.5 + light[1] * 0.5, dark[2] * 0.5 + light[2] * 0.5)
    return (
        (Part.LEAF_DARK, dark),
        (Part.LEAF, shaded(middle, 0.9)),
        (Part.LEAF_LIGHT, light),
        (Part.TRUNK, varied(numbers, look.parts[Part.TRUNK], 0.2)),
    )


def metal_coat(numbers: Stream, look: Look) -> Coat:
    """Return colours for a pole or a fence."""
    metal = varied(numbers, numbers.choice(look.metal), 0.12)
    return (
        (Part.METAL, metal),
        (Part.METAL_DARK, shaded(metal, numbers.uniform(0.4, 0.75))),
        (Part.TRUNK, varied(numbers, numbers.choice(look.timber), 0.12)),
    )


def board_coat(look: Look, kind: int) -> Coat:
    """Return colours for the traffic sign of that number in `alseg_streets.furniture.SIGNS`."""
    rim, board, mark = look.boards[kind]
    return ((Part.BOARD_RIM, rim), (Part.BOARD, board), (Part.BOARD_MARK, mark))


LAMPS: tuple[Color, Color, Color] = ((70.0, 230.0, 120.0), (255.0, 180.0, 40.0), (255.0, 50.0, 40.0))
"""Of traffic lights: green, amber, red."""


def sample_air(numbers: Stream, look: Look, sunny: bool) -> Air:
    """Return sky and haze.

    Args:
        numbers: Source of chance.
        look: The domain's colours.
        sunny: Whether the sun shines.
    """
    zenith, horizon = numbers.choice(look.skies[0 if sunny else 1])
    horizon = varied(numbers, horizon, 0.04)
    return Air(
        zenith=varied(numbers, zenith, 0.08),
        horizon=horizon,
        clouds=(250.0, 250.0, 250.0) if sunny else shaded(horizon, 0.88),
        cover=numbers.uniform(0.0, 0.55) if sunny else numbers.uniform(0.3, 0.9),
        drift=(numbers.integer(0, 255), numbers.integer(0, 255)),
        visibility=numbers.uniform(*look.visibility),
    )
