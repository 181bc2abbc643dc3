"""Draws a scene: the street itself, then everything along and on it."""

from __future__ import annotations

from dataclasses import replace

from alseg_streets import greenery, walls
from alseg_streets.draft import Draft, RoadPlan
from alseg_streets.geometry import Camera
from alseg_streets.looks import LOOKS
from alseg_streets.paint import leaf_coat, sample_air, wall_coat
from alseg_streets.roadside import Side, place_side
from alseg_streets.scene import (
    Ground,
    Label,
    Line,
    Overlay,
    Panel,
    Plot,
    Scene,
    Shade,
    Spot,
    Surface,
    Upright,
)
from alseg_streets.statistics import STATISTICS, Domain, Statistics
from alseg_streets.stream import Stream
from alseg_streets.traffic import place_parked, place_people, place_traffic

PARKING_WIDTH = 2.2
"""Width of a parking lane in metres."""


def sample_scene(numbers: Stream, domain: Domain) -> Scene:
    """Draw one scene of a domain.

    Args:
        numbers: Source of chance; the same stream gives the same scene.
        domain: ``render`` or ``camera``.
    """
    statistics = STATISTICS[domain]
    look = LOOKS[domain]
    camera = Camera(
        focal=numbers.uniform(*statistics.focal),
        horizon=numbers.uniform(*statistics.horizon),
        center=numbers.uniform(*statistics.center),
        height=numbers.uniform(*statistics.camera_height),
        bend=numbers.uniform(-statistics.bend, statistics.bend) * numbers.unit(),
    )
    sunny = numbers.chance(statistics.sun)
    sun_side = numbers.choice((-1, 1))
    plan, lines, verge = _plan_road(numbers, statistics)
    road_surface = Surface.SETTS if numbers.chance(statistics.setts) else Surface.ASPHALT

    draft = Draft(numbers, look, statistics)
    plots: list[Plot] = []
    shades: list[Shade] = []
    for k, sign in enumerate((-1, 1)):
        # A side is lit when the sun stands on the other one, and then casts no shadow onto the street.
        lit = sign != sun_side
        side = Side(
            sign=sign,
            edge=plan.walks[k][1],
            kerb=plan.walks[k][0],
            light=(1.1 if lit else 0.62) if sunny else numbers.uniform(0.86, 1.0),
            shadow=numbers.uniform(0.25, 0.8) if sunny and not lit else 0.0,
            plots=plots,
            shades=shades,
        )
        place_side(draft, side, plan)
    _place_skyline(draft)
    place_traffic(draft, plan)
    place_parked(draft, plan)
    place_people(draft, plan)
    ground = Ground(
        road=plan.road,
        verge=verge,
        sidewalk=(abs(plan.walks[0][1] - plan.walks[0][0]), abs(plan.walks[1][1] - plan.walks[1][0])),
        road_surface=road_surface,
        lines=tuple(lines),
        plots=tuple(plots),
        crossing=plan.crossing,
        zebras=_zebras(numbers, plan),
        spots=(*draft.spots, *_patches(numbers, plan)),
        shades=tuple(shades),
        shade_factor=numbers.uniform(0.5, 0.65),
    )
    overlay = Overlay(
        bonnet=numbers.uniform(0.03, 0.085) if numbers.chance(statistics.bonnet) else 0.0,
        border=numbers.uniform(0.006, 0.014) if numbers.chance(statistics.border) else 0.0,
    )
    return Scene(camera, ground, sample_air(numbers, look, sunny), tuple(draft.things), overlay)


def _plan_road(numbers: Stream, statistics: Statistics) -> tuple[RoadPlan, list[Line], tuple[float, float]]:
    """Return lanes and edges, the lines on the road, and the widths of the grass strips."""
    lane = numbers.uniform(*statistics.lane_width)
    count = numbers.weighted(statistics.lanes)
    own = numbers.integer(0, count - 1)
    middle = -lane * (own + 0.5)
    away = [middle + lane * (k + 0.5) for k in range(count)]
    towards = [middle - lane * (k + 0.5) for k in range(count)]
    left, right = middle - lane * count, middle + lane * count

    yellow = numbers.chance(statistics.yellow)
    middle_surface = Surface.YELLOW_LINE if yellow else Surface.WHITE_LINE
    broken = numbers.chance(0.6)
    lines = [Line(middle, 0.14, middle_surface, 3.0 if broken else 0.0, 4.5)]
    if yellow and not broken:
        lines = [Line(middle - 0.14, 0.11, middle_surface), Line(middle + 0.14, 0.11, middle_surface)]
    for k in range(1, count):
        lines += [Line(middle + side * lane * k, 0.13, Surface.WHITE_LINE, 3.0, 6.0) for side in (-1, 1)]
    if numbers.chance(0.6):
        lines += [Line(left + 0.1, 0.12, Surface.WHITE_LINE), Line(right - 0.1, 0.12, Surface.WHITE_LINE)]

    parking: list[float] = []
    if numbers.chance(statistics.parking):
        parking.append(right + PARKING_WIDTH / 2)
        right += PARKING_WIDTH
    if numbers.chance(statistics.parking):
        parking.append(left - PARKING_WIDTH / 2)
        left -= PARKING_WIDTH
    tram = numbers.chance(statistics.tram)
    if tram:
        for track in (towards[0], middle + lane * 0.5):
            lines += [Line(track + offset, 0.1, Surface.RAIL) for offset in (-0.72, 0.72)]

    verge = tuple(numbers.uniform(0.8, 2.2) if numbers.chance(statistics.verge) else 0.0 for _ in range(2))
    widths = [numbers.uniform(*statistics.sidewalk) for _ in range(2)]
    crossing = None
    if numbers.chance(statistics.crossing):
        near = numbers.uniform(10.0, 55.0)
        crossing = (near, near + numbers.uniform(8.0, 13.0))
    own_first = [away[own], *away[:own], *away[own + 1 :]]
    plan = RoadPlan(
        road=(left, right),
        lanes_away=tuple(own_first),
        lanes_towards=tuple(towards),
        parking=tuple(parking),
        walks=(
            (left - verge[0], left - verge[0] - widths[0]),
            (right + verge[1], right + verge[1] + widths[1]),
        ),
        crossing=crossing,
        tram=tram,
    )
    return plan, lines, (verge[0], verge[1])


def _zebras(numbers: Stream, plan: RoadPlan) -> tuple[tuple[float, float], ...]:
    if plan.crossing and numbers.chance(0.7):
        near, far = plan.crossing
        return ((near - 3.6, near - 0.8), (far + 0.8, far + 3.6))
    if numbers.chance(0.15):
        near = numbers.uniform(8.0, 30.0)
        return ((near, near + 3.0),)
    return ()


def _patches(numbers: Stream, plan: RoadPlan) -> tuple[Spot, ...]:
    """Return repaired or stained places of the road."""
    return tuple(
        Spot(
            numbers.uniform(plan.road[0], plan.road[1]),
            numbers.uniform(5.0, 30.0),
            numbers.uniform(0.3, 0.9),
            numbers.uniform(0.3, 2.0),
            numbers.choice((0.9, 0.94, 1.05)),
        )
        for _ in range(numbers.integer(0, 5))
    )


def _place_skyline(draft: Draft) -> None:
    """Close the view at the far end with buildings and trees."""
    numbers = draft.numbers
    z = 150.0
    x = -190.0
    while x < 190.0:
        width = numbers.uniform(14.0, 34.0)
        if numbers.chance(draft.statistics.skyline):
            tiles = walls.FACADES[numbers.weighted(draft.statistics.styles)]
            rows = numbers.integer(*draft.statistics.storeys) + 2
            coat = wall_coat(numbers, draft.look, draft.look.walls)
            draft.add(Panel(tiles, (x, z), (x + width, z), Label.BUILDING, coat, rows, light=0.9))
        else:
            drawing = numbers.choice(greenery.TREES)
            tree = Upright(drawing, x + width / 2, z - 2, Label.VEGETATION, leaf_coat(numbers, draft.look))
            draft.add(replace(tree, bottom=-3.0, scale=1.5, stretch=width / drawing.width))
        x += width * numbers.uniform(0.7, 1.0)
