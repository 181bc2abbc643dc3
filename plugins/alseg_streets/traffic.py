"""Who uses the street: vehicles, riders and people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from alseg_streets import cars, figures, heavy
from alseg_streets.draft import Draft, RoadPlan
from alseg_streets.drawings import Drawing
from alseg_streets.looks import Look
from alseg_streets.paint import clothes_coat, fleet_coat, paint_coat
from alseg_streets.scene import Coat, Label, Panel, Upright
from alseg_streets.stream import Stream
from alseg_streets.vehicles import VehicleModel

Heading = Literal["away", "towards", "left", "right"]

FARTHEST = 110.0
"""Nothing small stands farther away, in metres."""


_FLEET: dict[str, tuple[tuple[VehicleModel, ...], Label, Callable[[Stream, Look], Coat]]] = {
    "car": (cars.CARS, Label.CAR, paint_coat),
    "truck": (heavy.TRUCKS, Label.TRUCK, paint_coat),
    "bus": (heavy.BUSES, Label.BUS, fleet_coat),
    "tram": (heavy.TRAMS, Label.TRAIN, fleet_coat),
}


def place_vehicle(draft: Draft, kind: str, x: float, z: float, heading: Heading) -> float:
    """Place a vehicle and return its length along the road in metres.

    Args:
        draft: Where it is added.
        kind: ``car``, ``truck``, ``bus`` or ``tram``.
        x: Middle of it in metres.
        z: Its near end in metres.
        heading: Where it goes, seen from the camera.
    """
    models, label, colors = _FLEET[kind]
    model = draft.numbers.choice(models)
    coat = colors(draft.numbers, draft.look)
    half = model.width / 2
    if heading in ("left", "right"):
        draft.add(Upright(model.side, x, z, label, coat, flip=heading == "left"))
        draft.shadow(x, z + half, model.length * 0.52, half * 1.2, 0.5)
        return model.width
    away = heading == "away"
    end, cabin = (model.tail, model.cabin_tail) if away else (model.nose, model.cabin_nose)
    draft.add(Upright(end, x, z, label, coat, light=0.92))
    if cabin:
        offset = model.tail_offset if away else model.nose_offset
        bottom = model.waist - cars.APRON
        draft.add(Upright(cabin, x, z + offset, label, coat, bottom=bottom, light=0.92))
    for outside in (-1, 1):
        near, far = (x + outside * half, z), (x + outside * half, z + model.length)
        start, stop = (near, far) if away else (far, near)
        side = Panel((model.side,), start, stop, label, coat, repeat=False, light=1.06, outside=outside)
        side = replace(side, waist=model.waist, lean=model.lean)
        draft.add(side)
    draft.shadow(x, z + model.length / 2, half * 1.15, model.length * 0.54, 0.42)
    return model.length


def place_rider(draft: Draft, motor: bool, x: float, z: float, heading: Heading) -> None:
    """Place a bicycle (or motorcycle, where ``motor``) with its rider; x and z in metres."""
    label = Label.MOTORCYCLE if motor else Label.BICYCLE
    cycle: Drawing
    rider: Drawing
    if heading in ("left", "right"):
        cycle = figures.MOTORCYCLE_SIDE if motor else figures.BICYCLE_SIDE
        rider = figures.MOTORCYCLE_RIDER_SIDE if motor else figures.BICYCLE_RIDER_SIDE
    else:
        cycle = figures.MOTORCYCLE_BACK if motor else figures.BICYCLE_BACK
        rider = figures.MOTORCYCLE_RIDER_BACK if motor else figures.BICYCLE_RIDER_BACK
    flip = heading == "left"
    # The rider's drawing has the vehicle's coordinates; both are placed by their middles.
    offset = (rider.width - cycle.width) / 2 if heading in ("left", "right") else 0.0
    coat = clothes_coat(draft.numbers, draft.look)
    draft.add(Upright(cycle, x, z, label, paint_coat(draft.numbers, draft.look), flip=flip))
    draft.add(Upright(rider, x + (-offset if flip else offset), z - 0.05, Label.RIDER, coat, flip=flip))
    draft.shadow(x, z, cycle.width * 0.5, 0.7, 0.6)


def place_person(draft: Draft, x: float, z: float) -> None:
    """Place someone on foot; x and z in metres."""
    numbers = draft.numbers
    child = numbers.chance(0.12)
    scale = numbers.uniform(0.62, 0.8) if child else numbers.uniform(0.92, 1.08)
    drawing = numbers.choice(figures.PEOPLE)
    coat = clothes_coat(numbers, draft.look)
    draft.add(Upright(drawing, x, z, Label.PERSON, coat, scale=scale, flip=numbers.chance(0.5)))
    draft.shadow(x, z, 0.45, 0.4, 0.62)


def place_traffic(draft: Draft, plan: RoadPlan) -> None:
    """Fill the lanes, the crossing street and the tram track."""
    tram = plan.tram and draft.numbers.chance(0.6)
    for k, lane in enumerate(plan.lanes_away):
        z = draft.numbers.uniform(9.0 if k == 0 else 5.0, 34.0)
        _fill_lane(draft, lane, z, "away")
    for k, lane in enumerate(plan.lanes_towards):
        z = draft.numbers.uniform(6.0, 30.0)
        if tram and k == 0:
            z += place_vehicle(draft, "tram", lane, z, "towards") + 12.0
        _fill_lane(draft, lane, z, "towards")
    if plan.crossing and plan.crossing[0] > 14:
        near, far = plan.crossing
        directions: tuple[tuple[float, Heading], ...] = ((near + 2.0, "right"), (far - 3.5, "left"))
        for z, heading in directions:
            if draft.numbers.chance(0.4):
                kind = draft.numbers.weighted((("car", 0.87), ("bus", 0.09), ("tram", 0.04)))
                place_vehicle(draft, kind, draft.numbers.uniform(-14.0, 14.0), z, heading)
    for _ in range(draft.numbers.integer(0, draft.statistics.cyclists)):
        z = draft.numbers.uniform(7.0, 45.0)
        on_right = draft.numbers.chance(0.5)
        inset = draft.numbers.uniform(0.6, 1.3)
        x = plan.road[1] - inset if on_right else plan.road[0] + inset
        if draft.numbers.chance(0.25):
            place_rider(draft, False, x, z, "left" if on_right else "right")
        else:
            place_rider(draft, False, x, z, "away" if on_right else "towards")


def _fill_lane(draft: Draft, lane: float, z: float, heading: Heading) -> None:
    while z < FARTHEST:
        kind = draft.numbers.weighted(draft.statistics.vehicles)
        x = lane + draft.numbers.uniform(-0.25, 0.25)
        if kind == "motorcycle":
            place_rider(draft, True, x, z, heading)
            z += 2.0
        else:
            z += place_vehicle(draft, kind, x, z, heading)
        z += draft.numbers.uniform(*draft.statistics.traffic_gap)


def place_parked(draft: Draft, plan: RoadPlan) -> None:
    """Fill the parking lanes and put cycles on the sidewalks."""
    for lane in plan.parking:
        z = draft.numbers.uniform(4.5, 10.0)
        heading: Heading = "away" if lane > 0 else "towards"
        while z < 75.0:
            in_crossing = plan.crossing is not None and plan.crossing[0] - 6 < z < plan.crossing[1] + 2
            if draft.numbers.chance(draft.statistics.parked) and not in_crossing:
                kind = "truck" if draft.numbers.chance(0.03) else "car"
                z += place_vehicle(draft, kind, lane + draft.numbers.uniform(-0.1, 0.1), z, heading)
            else:
                z += 4.5
            z += draft.numbers.uniform(0.8, 2.0)
    for _ in range(draft.numbers.integer(0, draft.statistics.stands)):
        motor = draft.numbers.chance(draft.statistics.motorcycle_share)
        side = draft.numbers.integer(0, 1)
        inner, outer = plan.walks[side]
        x = inner + (outer - inner) * draft.numbers.uniform(0.15, 0.9)
        z = draft.numbers.uniform(6.0, 26.0)
        side_on = draft.numbers.chance(0.7)
        for _ in range(draft.numbers.integer(1, 2 if motor else 4)):
            if motor:
                cycle = figures.MOTORCYCLE_SIDE if side_on else figures.MOTORCYCLE_BACK
            else:
                cycle = figures.BICYCLE_SIDE if side_on else figures.BICYCLE_BACK
            label = Label.MOTORCYCLE if motor else Label.BICYCLE
            flip = draft.numbers.chance(0.5)
            at = x + draft.numbers.uniform(-0.3, 0.3)
            draft.add(Upright(cycle, at, z, label, paint_coat(draft.numbers, draft.look), flip=flip))
            draft.shadow(x, z, cycle.width * 0.5, 0.4, 0.7)
            z += draft.numbers.uniform(0.7, 1.4)


def place_people(draft: Draft, plan: RoadPlan) -> None:
    """Put people on the sidewalks, some of them in groups, and a few on the road."""
    for inner, outer in plan.walks:
        for _ in range(draft.numbers.integer(0, draft.statistics.people)):
            x = inner + (outer - inner) * draft.numbers.uniform(0.2, 0.85)
            # Squared, so that more people are near than far.
            share = draft.numbers.unit()
            z = 5.5 + 60.0 * share * share
            place_person(draft, x, z)
            if draft.numbers.chance(0.3):
                place_person(draft, x + draft.numbers.uniform(0.5, 0.8), z + draft.numbers.uniform(-0.3, 0.5))
    crossing_at = plan.crossing[0] - 2.0 if plan.crossing else draft.numbers.uniform(14.0, 40.0)
    if crossing_at > 8 and draft.numbers.chance(0.35 if plan.crossing else 0.15):
        for _ in range(draft.numbers.integer(1, 3)):
            x = draft.numbers.uniform(plan.road[0], plan.road[1])
            place_person(draft, x, crossing_at + draft.numbers.uniform(-0.8, 0.8))
