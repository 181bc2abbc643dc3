"""The colours of each domain: what the two worlds are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alseg_streets.drawings import Part
from alseg_streets.scene import Color, Surface
from alseg_streets.statistics import Domain

Pair = tuple[Color, Color]


@dataclass(frozen=True)
class Look:
    """The colours of one domain.

    Attributes:
        parts: Colour of every part that has none of its own.
        surfaces: Colour and strength of grain (share of the colour) of each kind of ground.
        walls: Of facades.
        masonry: Of free-standing walls.
        roofs: Of tiled roofs.
        paints: Of vehicles, with weights.
        fleet: Of buses and trams: body and stripe.
        clothes: Of shirts and coats.
        trousers: Of trousers.
        leaves: Of trees: darkest and lightest.
        timber: Of wooden fences.
        metal: Of poles and railings.
        boards: Of traffic signs: rim, board, mark, one for each drawing in `alseg_streets.furniture.SIGNS`.
        skies: Zenith and horizon when the sun shines; when it does not.
        visibility: Distance in metres at which half of the light is haze, lowest and highest.
        wall_grain: Strength of dirt on walls.
    """

    parts: dict[Part, Color]
    surfaces: dict[Surface, tuple[Color, float]]
    walls: Sequence[Color]
    masonry: Sequence[Color]
    roofs: Sequence[Color]
    paints: Sequence[tuple[Color, float]]
    fleet: Sequence[Pair]
    clothes: Sequence[Color]
    trousers: Sequence[Color]
    leaves: Sequence[Pair]
    timber: Sequence[Color]
    metal: Sequence[Color]
    boards: Sequence[tuple[Color, Color, Color]]
    skies: tuple[Sequence[Pair], Sequence[Pair]]
    visibility: tuple[float, float]
    wall_grain: float


_PARTS: dict[Part, Color] = {
    Part.WALL: (170, 160, 150),
    Part.WALL_DARK: (120, 112, 105),
    Part.WALL_LIGHT: (200, 192, 182),
    Part.ROOF: (120, 70, 55),
    Part.FRAME: (225, 222, 215),
    Part.GLASS: (96, 122, 145),
    Part.GLASS_DARK: (38, 46, 56),
    Part.GLASS_LIGHT: (165, 190, 208),
    Part.SHOP: (215, 190, 120),
    Part.AWNING: (170, 40, 40),
    Part.DOOR: (84, 58, 42),
    Part.METAL: (135, 138, 142),
    Part.METAL_DARK: (44, 46, 50),
    Part.PAINT: (160, 30, 30),
    Part.PAINT_DARK: (100, 20, 20),
    Part.PAINT_LIGHT: (200, 70, 70),
    Part.TRIM: (30, 30, 33),
    Part.TYRE: (24, 24, 26),
    Part.RIM: (140, 142, 146),
    Part.HEADLIGHT: (236, 236, 220),
    Part.TAILLIGHT: (196, 24, 24),
    Part.PLATE: (232, 230, 215),
    Part.SKIN: (206, 158, 128),
    Part.HAIR: (58, 42, 32),
    Part.SHIRT: (60, 80, 150),
    Part.SHIRT_DARK: (44, 60, 112),
    Part.TROUSERS: (44, 48, 66),
    Part.SHOES: (32, 30, 30),
    Part.BAG: (96, 62, 36),
    Part.LEAF: (62, 98, 40),
    Part.LEAF_DARK: (32, 56, 26),
    Part.LEAF_LIGHT: (100, 140, 62),
    Part.TRUNK: (88, 68, 52),
    Part.LAMP_ON: (255, 190, 60),
    Part.LAMP_OFF: (52, 40, 36),
    Part.BOARD: (236, 236, 236),
    Part.BOARD_RIM: (200, 30, 36),
    Part.BOARD_MARK: (24, 24, 28),
}

_WHITE, _BLACK, _RED = (238.0, 238.0, 236.0), (26.0, 26.0, 30.0), (200.0, 26.0, 34.0)

LOOKS: dict[Domain, Look] = {
    "render": Look(
        parts=_PARTS,
        surfaces={
            Surface.ASPHALT: ((96, 96, 101), 0.07),
            Surface.PAVING: ((176, 169, 158), 0.07),
            Surface.KERB: ((205, 200, 190), 0.03),
            Surface.GRASS: ((92, 138, 58), 0.14),
            Surface.EARTH: ((178, 150, 106), 0.12),
            Surface.WHITE_LINE: ((240, 240, 236), 0.03),
            Surface.YELLOW_LINE: ((240, 190, 40), 0.03),
            Surface.RAIL: ((60, 58, 58), 0.03),
            Surface.SETTS: ((110, 104, 98), 0.2),
        },
        walls=(
            (222, 184, 140),
            (200, 108, 82),
            (236, 222, 196),
            (150, 84, 66),
            (184, 196, 206),
            (214, 160, 110),
            (120, 132, 148),
            (232, 206, 150),
            (176, 88, 70),
            (196, 184, 164),
            (168, 156, 144),
        ),
        masonry=((196, 176, 150), (206, 200, 190), (170, 120, 96)),
        roofs=((176, 84, 54), (150, 66, 50), (92, 90, 96)),
        paints=(
            ((206, 26, 30), 2),
            ((30, 80, 190), 2),
            ((240, 240, 240), 2),
            ((28, 28, 32), 1.5),
            ((244, 186, 30), 1.5),
            ((40, 140, 80), 1),
            ((176, 180, 186), 1.5),
            ((232, 110, 30), 1),
            ((110, 40, 130), 0.6),
        ),
        fleet=(
            ((40, 90, 180), (245, 245, 245)),
            ((235, 235, 230), (210, 40, 40)),
            ((40, 150, 110), (240, 240, 220)),
        ),
        clothes=(
            (214, 44, 44),
            (44, 90, 200),
            (240, 240, 240),
            (250, 200, 60),
            (40, 160, 110),
            (150, 70, 170),
            (36, 36, 42),
            (240, 130, 60),
        ),
        trousers=((40, 60, 120), (36, 36, 42), (150, 130, 100), (90, 90, 96)),
        leaves=(
            ((34, 74, 26), (118, 170, 62)),
            ((30, 82, 44), (98, 164, 80)),
            ((54, 86, 26), (154, 174, 66)),
            ((40, 62, 32), (104, 134, 70)),
        ),
        timber=((168, 118, 70), (236, 232, 224), (140, 90, 54)),
        metal=((128, 132, 138), (96, 100, 106), (160, 162, 164)),
        boards=(
            (_RED, _WHITE, _BLACK),
            ((242, 186, 30), (246, 200, 40), _BLACK),
            ((24, 80, 180), (28, 92, 196), _WHITE),
            ((205, 20, 30), _WHITE, _RED),
            ((236, 236, 236), (20, 120, 70), _WHITE),
        ),
        skies=(
            (
                ((52, 112, 206), (168, 206, 240)),
                ((44, 98, 190), (236, 204, 168)),
                ((70, 140, 220), (196, 222, 244)),
            ),
            (((150, 172, 200), (212, 220, 228)),),
        ),
        visibility=(350.0, 1400.0),
        wall_grain=0.08,
    ),
    "camera": Look(
        parts={
            **_PARTS,
            Part.GLASS: (70, 78, 84),
            Part.GLASS_DARK: (58, 62, 66),
            Part.GLASS_LIGHT: (170, 176, 180),
            Part.SHOP: (150, 132, 104),
            Part.FRAME: (196, 190, 180),
            Part.AWNING: (96, 70, 62),
            Part.DOOR: (70, 62, 54),
            Part.TYRE: (38, 37, 37),
            Part.TRIM: (48, 47, 47),
            Part.METAL_DARK: (62, 62, 62),
            Part.SKIN: (188, 144, 118),
            Part.HAIR: (66, 54, 46),
            Part.TRUNK: (76, 68, 58),
            Part.TAILLIGHT: (150, 44, 40),
        },
        surfaces={
            Surface.ASPHALT: ((112, 109, 107), 0.09),
            Surface.PAVING: ((152, 146, 139), 0.13),
            Surface.KERB: ((160, 156, 150), 0.1),
            Surface.GRASS: ((98, 116, 62), 0.24),
            Surface.EARTH: ((140, 122, 92), 0.2),
            Surface.WHITE_LINE: ((198, 196, 190), 0.12),
            Surface.YELLOW_LINE: ((186, 160, 80), 0.12),
            Surface.RAIL: ((84, 80, 78), 0.08),
            Surface.SETTS: ((112, 107, 102), 0.26),
        },
        walls=(
            (188, 176, 154),
            (160, 148, 134),
            (142, 116, 100),
            (196, 186, 170),
            (128, 122, 118),
            (172, 150, 120),
            (150, 100, 82),
            (202, 194, 176),
            (138, 134, 122),
            (176, 172, 166),
        ),
        masonry=((132, 124, 114), (150, 146, 138), (118, 96, 84)),
        roofs=((112, 68, 56), (84, 72, 68), (74, 76, 82), (132, 80, 62)),
        paints=(
            ((40, 42, 46), 3),
            ((150, 152, 156), 3),
            ((206, 206, 204), 2),
            ((98, 102, 108), 2),
            ((44, 58, 92), 1.4),
            ((116, 36, 36), 1),
            ((60, 76, 66), 0.5),
            ((170, 150, 110), 0.4),
        ),
        fleet=(
            ((196, 176, 70), (80, 80, 84)),
            ((180, 182, 184), (150, 50, 50)),
            ((130, 48, 46), (206, 200, 186)),
        ),
        clothes=(
            (46, 48, 56),
            (82, 84, 92),
            (62, 70, 98),
            (122, 112, 100),
            (130, 62, 58),
            (168, 166, 162),
            (74, 88, 76),
            (38, 38, 42),
            (160, 140, 96),
        ),
        trousers=((48, 52, 66), (44, 44, 48), (92, 86, 78), (70, 74, 84)),
        leaves=(
            ((34, 52, 28), (98, 126, 62)),
            ((44, 58, 34), (118, 134, 74)),
            ((46, 54, 26), (136, 134, 62)),
        ),
        timber=((110, 92, 74), (92, 84, 76), (128, 116, 100)),
        metal=((104, 106, 106), (78, 82, 82), (92, 100, 94)),
        boards=(
            ((170, 40, 44), (206, 204, 200), (50, 50, 52)),
            ((168, 38, 42), (208, 206, 200), (48, 48, 50)),
            ((190, 190, 190), (44, 80, 142), (208, 208, 206)),
            ((160, 36, 40), (206, 204, 202), (160, 36, 40)),
            ((200, 200, 196), (204, 176, 70), (48, 48, 50)),
        ),
        skies=(
            (((122, 156, 196), (206, 214, 218)), ((146, 172, 200), (224, 220, 208))),
            (
                ((188, 194, 200), (222, 222, 220)),
                ((206, 208, 210), (232, 230, 226)),
                ((164, 172, 182), (206, 206, 204)),
            ),
        ),
        visibility=(160.0, 600.0),
        wall_grain=0.14,
    ),
}
