"""What a scene is made of: plain data, in metres, free of image sizes and of chance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from alseg_streets.drawings import Drawing, Part
from alseg_streets.geometry import Camera

Color = tuple[float, float, float]
"""RGB, 0-255."""

Coat = tuple[tuple[Part, Color], ...]
"""Colours of some parts of one thing, in place of the palette's."""


class Label(IntEnum):
    """Cityscapes train ids."""

    ROAD = 0
    SIDEWALK = 1
    BUILDING = 2
    WALL = 3
    FENCE = 4
    POLE = 5
    TRAFFIC_LIGHT = 6
    TRAFFIC_SIGN = 7
    VEGETATION = 8
    TERRAIN = 9
    SKY = 10
    PERSON = 11
    RIDER = 12
    CAR = 13
    TRUCK = 14
    BUS = 15
    TRAIN = 16
    MOTORCYCLE = 17
    BICYCLE = 18
    VOID = 255


class Surface(IntEnum):
    """What the ground is covered with."""

    ASPHALT = 0
    PAVING = 1
    KERB = 2
    GRASS = 3
    EARTH = 4
    WHITE_LINE = 5
    YELLOW_LINE = 6
    RAIL = 7
    SETTS = 8


@dataclass(frozen=True)
class Upright:
    """A drawing that faces the camera.

    Attributes:
        drawing: What is seen.
        x: Its middle, metres right of the camera on a straight road.
        z: Distance in metres.
        label: Class of every pixel of it.
        coat: Its own colours.
        bottom: Height of its lower edge in metres.
        scale: Factor on the drawing's size.
        stretch: Further factor on its width.
        flip: Whether it is mirrored.
        light: Factor on its colours.
    """

    drawing: Drawing
    x: float
    z: float
    label: Label
    coat: Coat = ()
    bottom: float = 0.0
    scale: float = 1.0
    stretch: float = 1.0
    flip: bool = False
    light: float = 1.0


@dataclass(frozen=True)
class Panel:
    """A vertical surface from one point on the ground to another, covered with tiles.

    Attributes:
        tiles: Ground floor, floors above, roof; or one tile alone.
        start: ``(x, z)`` in metres on a straight road.
        end: As ``start``. With one tile alone, its left edge is at ``start``.
        label: Class of every pixel of it.
        coat: Its own colours.
        storeys: Rows of tiles, roof included.
        repeat: Whether tiles keep their width and repeat, or one tile spans the panel.
        light: Factor on its colours.
        shift: Metres by which tiles are moved along, so that neighbours differ.
        outside: The side from which it can be seen: -1 from the left, 1 from the right, 0 from both.
        waist: Height in metres above which it leans away from that side.
        lean: Metres by which it leans per metre of height.
    """

    tiles: tuple[Drawing, ...]
    start: tuple[float, float]
    end: tuple[float, float]
    label: Label
    coat: Coat = ()
    storeys: int = 1
    repeat: bool = True
    light: float = 1.0
    shift: float = 0.0
    outside: int = 0
    waist: float = 0.0
    lean: float = 0.0


@dataclass(frozen=True)
class Line:
    """A line along the road.

    Attributes:
        x: Its middle in metres.
        width: In metres.
        surface: What it is made of.
        dash: Length of a dash in metres, 0 for an unbroken line.
        gap: Length of a gap in metres.
    """

    x: float
    width: float
    surface: Surface
    dash: float = 0.0
    gap: float = 0.0


@dataclass(frozen=True)
class Plot:
    """Ground beyond one sidewalk from ``near`` to ``far`` metres; side is -1 (left) or 1 (right)."""

    side: int
    near: float
    far: float
    surface: Surface


@dataclass(frozen=True)
class Spot:
    """An ellipse of darker or lighter ground: a shadow or a patch; metres, and the factor on the colour."""

    x: float
    z: float
    radius_x: float
    radius_z: float
    factor: float


@dataclass(frozen=True)
class Shade:
    """Shadow that buildings of one side cast: from ``near`` to ``far``, reaching to ``x`` (all metres)."""

    side: int
    near: float
    far: float
    x: float


@dataclass(frozen=True)
class Ground:
    """The ground: a cross-section that is the same all along, cut by at most one crossing street.

    Attributes:
        road: Left and right edge of the road in metres.
        verge: Widths of the grass strips at the left and right kerb in metres, 0 for none.
        sidewalk: Widths of the left and right sidewalk in metres.
        road_surface: What the road is covered with.
        lines: Along the road.
        plots: Beyond the sidewalks.
        crossing: Near and far edge of the crossing street in metres, or None.
        zebras: Near and far edges of pedestrian crossings in metres.
        spots: Shadows and patches.
        shades: Shadows of buildings.
        shade_factor: Factor on the colour of shaded ground.
    """

    road: tuple[float, float]
    verge: tuple[float, float] = (0.0, 0.0)
    sidewalk: tuple[float, float] = (2.5, 2.5)
    road_surface: Surface = Surface.ASPHALT
    lines: tuple[Line, ...] = ()
    plots: tuple[Plot, ...] = ()
    crossing: tuple[float, float] | None = None
    zebras: tuple[tuple[float, float], ...] = ()
    spots: tuple[Spot, ...] = ()
    shades: tuple[Shade, ...] = ()
    shade_factor: float = 0.6


@dataclass(frozen=True)
class Air:
    """Sky and haze.

    Attributes:
        zenith: Colour of the sky at the upper edge of the image.
        horizon: Colour of the sky at the horizon, and of haze.
        clouds: Colour of clouds.
        cover: Share of clouds, about 0-1.
        drift: Place in the cloud table, two integers.
        visibility: Distance in metres at which half of the light is haze.
    """

    zenith: Color
    horizon: Color
    clouds: Color
    cover: float
    drift: tuple[int, int]
    visibility: float


@dataclass(frozen=True)
class Overlay:
    """What hides the picture's edges: void.

    Attributes:
        bonnet: Height of the own car's bonnet as a share of the image height, 0 for none.
        color: Of the bonnet.
        border: Width of the blank strips at left and right as a share of the image width, 0 for none.
    """

    bonnet: float = 0.0
    color: Color = (40.0, 40.0, 44.0)
    border: float = 0.0


@dataclass(frozen=True)
class Scene:
    """All that is seen in one image."""

    camera: Camera
    ground: Ground
    air: Air
    things: tuple[Upright | Panel, ...]
    overlay: Overlay = Overlay()
