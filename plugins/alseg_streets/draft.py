"""A scene in the making."""

from __future__ import annotations

from dataclasses import dataclass, field

from alseg_streets.looks import Look
from alseg_streets.scene import Panel, Spot, Upright
from alseg_streets.statistics import Statistics
from alseg_streets.stream import Stream


@dataclass(frozen=True)
class RoadPlan:
    """Where one can drive, park and walk; all in metres.

    Attributes:
        road: Left and right edge of the road.
        lanes_away: Middles of the lanes in our direction, our own first.
        lanes_towards: Middles of the opposite lanes, the inner one first.
        parking: Middles of the parking lanes.
        walks: Inner and outer edge of the left and right sidewalk.
        crossing: Near and far edge of the crossing street, or None.
        tram: Whether trams run on the inner opposite lane.
    """

    road: tuple[float, float]
    lanes_away: tuple[float, ...]
    lanes_towards: tuple[float, ...]
    parking: tuple[float, ...]
    walks: tuple[tuple[float, float], tuple[float, float]]
    crossing: tuple[float, float] | None
    tram: bool


@dataclass
class Draft:
    """What every step of making a scene needs, and what has been placed so far.

    Attributes:
        numbers: Source of chance.
        look: The domain's colours.
        statistics: The domain's distributions.
        things: Placed so far.
        spots: Shadows below them.
    """

    numbers: Stream
    look: Look
    statistics: Statistics
    things: list[Upright | Panel] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)

    def add(self, thing: Upright | Panel) -> None:
        """Place a thing."""
        self.things.append(thing)

    def shadow(self, x: float, z: float, radius_x: float, radius_z: float, factor: float) -> None:
        """Darken an ellipse of the ground: middle and radii in metres, and the factor on the colour."""
        self.spots.append(Spot(x, z, radius_x, radius_z, factor))
