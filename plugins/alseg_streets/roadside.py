"""What lies along the street: buildings, gardens, parks, walls and fences."""

from __future__ import annotations

from dataclasses import dataclass, replace

from alseg_streets import greenery, walls
from alseg_streets.draft import Draft, RoadPlan
from alseg_streets.drawings import Drawing
from alseg_streets.kerb import NEAREST_TREE, place_furniture, place_tree
from alseg_streets.paint import leaf_coat, metal_coat, wall_coat
from alseg_streets.scene import Label, Panel, Plot, Shade, Surface, Upright

NEAREST, LAST = -2.0, 125.0
"""Where the sides of the street begin and end, in metres."""


@dataclass
class Side:
    """One side of the street being filled.

    Attributes:
        sign: -1 for left, 1 for right.
        edge: Outer edge of the sidewalk in metres.
        kerb: Inner edge of the sidewalk in metres.
        light: Factor on the colours of facades along this side.
        shadow: Metres of shadow on the ground per metre of building height, 0 for none.
        plots: Ground beyond the sidewalk, so far.
        shades: Shadows of buildings, so far.
    """

    sign: int
    edge: float
    kerb: float
    light: float
    shadow: float
    plots: list[Plot]
    shades: list[Shade]

    def out(self, metres: float) -> float:
        """Return the x coordinate that many metres beyond the sidewalk."""
        return self.edge + self.sign * metres


def place_side(draft: Draft, side: Side, plan: RoadPlan) -> None:
    """Fill one side from the camera to the distance, leaving room for the crossing street."""
    stretches = [(NEAREST, LAST)]
    if plan.crossing:
        near, far = plan.crossing
        stretches = [(NEAREST, near - 2.5), (far + 2.5, LAST)]
    for start, stop in stretches:
        z = start
        while z < stop - 4:
            end = min(stop, z + draft.numbers.uniform(26.0, 60.0))
            if stop - end < 12:
                end = stop
            _place_block(draft, side, z, end)
            z = end
    place_furniture(draft, side.sign, side.kerb, side.edge, plan)


def _place_block(draft: Draft, side: Side, near: float, far: float) -> None:
    kind = draft.numbers.weighted(draft.statistics.blocks)
    if kind == "shops":
        _place_buildings(draft, side, near, far, 0.0)
        return
    green = kind != "yard" or draft.numbers.chance(0.4)
    side.plots.append(Plot(side.sign, near, far, Surface.GRASS if green else Surface.EARTH))
    if kind == "houses":
        _place_boundary(draft, side, near, far, ("hedge", "fence", "fence", "wall", "none"))
        _place_buildings(draft, side, near, far, draft.numbers.uniform(3.5, 8.0))
        _place_trees(draft, side, near, far, (1.0, 3.2), 14.0)
    elif kind == "park":
        _place_boundary(draft, side, near, far, ("none", "none", "fence", "wall", "hedge"))
        _place_trees(draft, side, near, far, (1.5, 12.0), 5.0)
        _place_backdrop(draft, side, near, far, 14.0)
    elif kind == "wall":
        _place_boundary(draft, side, near, far, ("wall",))
        _place_trees(draft, side, near, far, (2.0, 6.0), 9.0)
        _place_backdrop(draft, side, near, far, 9.0)
    else:
        _place_boundary(draft, side, near, far, ("fence",))
        _place_trees(draft, side, near, far, (4.0, 12.0), 16.0)
        _place_buildings(draft, side, near, far, 15.0)


def _place_buildings(
    draft: Draft,
    side: Side,
    near: float,
    far: float,
    back: float,
) -> None:
    """Line up buildings ``back`` metres behind the sidewalk."""
    z = near
    while z < far - 3:
        length = min(draft.numbers.uniform(9.0, 20.0), far - z)
        style = "house" if 3 < back < 9 else draft.numbers.weighted(draft.statistics.styles)
        storeys = draft.numbers.integer(*draft.statistics.storeys)
        if style == "house":
            storeys = min(storeys, 2)
        elif style == "tower":
            storeys += 3
        tiles = walls.FACADES[style]
        coat = wall_coat(draft.numbers, draft.look, draft.look.walls)
        x = side.out(back + (draft.numbers.uniform(0.0, 1.2) if draft.numbers.chance(0.4) else 0.0))
        depth = draft.numbers.uniform(9.0, 14.0)
        rows = storeys + 2
        shift = draft.numbers.uniform(0.0, tiles[1].width)
        front = Panel(tiles, (x, z), (x + side.sign * depth, z), Label.BUILDING, coat, rows, shift=shift)
        draft.add(replace(front, light=0.86))
        draft.add(replace(front, end=(x, z + length), light=side.light))
        if side.shadow:
            height = tiles[0].height + storeys * tiles[1].height
            side.shades.append(Shade(side.sign, z, z + length, x - side.sign * side.shadow * height))
        z += length
        if (back or draft.numbers.chance(0.12)) and z < far - 8:
            gap = draft.numbers.uniform(2.0, 6.0) if back else draft.numbers.uniform(3.0, 5.0)
            if not back:
                kind = draft.numbers.choice(("fence", "wall", "hedge"))
                _place_barrier(draft, kind, (side.out(0.5), z), (side.out(0.5), z + gap))
                side.plots.append(Plot(side.sign, z, z + gap, Surface.GRASS))
                place_tree(draft, side.out(4.0), z + gap * 0.5)
            z += gap


def _place_boundary(draft: Draft, side: Side, near: float, far: float, kinds: tuple[str, ...]) -> None:
    kind = draft.numbers.choice(kinds)
    if kind != "none":
        x = side.out(0.25)
        _place_barrier(draft, kind, (x, near), (x, far))


def _place_barrier(draft: Draft, kind: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Put up a hedge, wall or fence. It is cut every 15 m, so that it follows a bend."""
    tile: Drawing
    if kind == "hedge":
        tile, label, coat = greenery.HEDGE, Label.VEGETATION, leaf_coat(draft.numbers, draft.look)
    elif kind == "wall":
        tile, label = draft.numbers.choice(walls.WALLS), Label.WALL
        coat = wall_coat(draft.numbers, draft.look, draft.look.masonry)
    else:
        tile, label = draft.numbers.choice(walls.FENCES), Label.FENCE
        coat = metal_coat(draft.numbers, draft.look)
    x, z = start
    while z < end[1] - 0.01:
        stop = min(z + 15.0, end[1])
        draft.add(Panel((tile,), (x, z), (end[0], stop), label, coat))
        z = stop


def _place_trees(
    draft: Draft,
    side: Side,
    near: float,
    far: float,
    reach: tuple[float, float],
    gap: float,
) -> None:
    """Scatter trees and bushes in a strip beyond the sidewalk, one every ``gap`` metres or so."""
    z = max(near, NEAREST_TREE) + draft.numbers.uniform(0.5, gap)
    while z < far:
        x = side.out(draft.numbers.uniform(*reach))
        if draft.numbers.chance(0.3):
            bush = draft.numbers.choice(greenery.BUSHES)
            draft.add(Upright(bush, x, z, Label.VEGETATION, leaf_coat(draft.numbers, draft.look)))
        else:
            place_tree(draft, x, z)
        z += gap * draft.numbers.uniform(0.5, 1.5)


def _place_backdrop(
    draft: Draft,
    side: Side,
    near: float,
    far: float,
    back: float,
) -> None:
    """Close the view beyond a park with a hedge or, at times, buildings."""
    if draft.numbers.chance(0.45):
        _place_buildings(draft, side, near, far, back + 6)
        return
    coat = leaf_coat(draft.numbers, draft.look)
    z = max(near, 4.0)
    while z < far:
        drawing = draft.numbers.choice(greenery.TREES)
        x = side.out(back + 4.0 + draft.numbers.uniform(0.0, 4.0))
        scale = draft.numbers.uniform(0.8, 1.2)
        draft.add(Upright(drawing, x, z, Label.VEGETATION, coat, bottom=-1.5, scale=scale, stretch=1.5))
        z += draft.numbers.uniform(4.0, 7.0)
