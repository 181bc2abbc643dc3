"""What stands along the kerb: trees, poles, traffic lights, signs and clutter."""

from __future__ import annotations

from dataclasses import replace

from alseg_streets import furniture, greenery
from alseg_streets.draft import Draft, RoadPlan
from alseg_streets.drawings import Part
from alseg_streets.paint import LAMPS, board_coat, leaf_coat, metal_coat, paint_coat, wall_coat
from alseg_streets.scene import Label, Upright

NEAREST_TREE = 8.0
"""Nearer trees would hide the whole street; metres."""


def place_tree(draft: Draft, x: float, z: float) -> None:
    """Place a tree of one of the domain's kinds; x and z in metres."""
    if z < NEAREST_TREE:
        return
    kinds = {"leafy": greenery.TREES, "conifer": greenery.CONIFERS, "palm": greenery.PALMS}
    drawing = draft.numbers.choice(kinds[draft.numbers.weighted(draft.statistics.trees)])
    scale = draft.numbers.uniform(0.75, 1.2)
    coat = leaf_coat(draft.numbers, draft.look)
    draft.add(Upright(drawing, x, z, Label.VEGETATION, coat, scale=scale, flip=draft.numbers.chance(0.5)))


def place_furniture(draft: Draft, side: int, kerb: float, edge: float, plan: RoadPlan) -> None:
    """Put everything along the kerb of one side.

    Args:
        draft: Where it is added.
        side: -1 for left, 1 for right.
        kerb: Inner edge of the sidewalk in metres.
        edge: Outer edge of the sidewalk in metres.
        plan: Tells where the crossing street is.
    """
    numbers = draft.numbers
    line = kerb + side * 0.4
    free = [(5.0, 90.0)]
    if plan.crossing:
        free = [(5.0, plan.crossing[0] - 1.5), (plan.crossing[1] + 1.5, 90.0)]
    _place_rows(draft, side, kerb, free)
    if numbers.chance(0.2):
        for z in (12.0, 40.0, 68.0):
            draft.add(Upright(furniture.POWER_POLE, edge - side * 0.4, z, Label.POLE))
    for _ in range(numbers.integer(0, draft.statistics.signs)):
        _place_sign(draft, line, numbers.uniform(6.0, 42.0))
    if plan.crossing:
        near, far = plan.crossing
        _place_lights(draft, side, line, (near - 3.0, far + 1.5))
    elif numbers.chance(0.2):
        _place_lights(draft, side, line, (numbers.uniform(12.0, 40.0),))
    for _ in range(numbers.integer(0, draft.statistics.clutter)):
        piece = numbers.weighted(furniture.CLUTTER)
        x = edge - side * 0.4 if numbers.chance(0.6) else line
        coat = (*wall_coat(numbers, draft.look, draft.look.masonry), *paint_coat(numbers, draft.look)[:3])
        draft.add(Upright(piece, x, numbers.uniform(7.0, 32.0), Label.VOID, coat))


def _place_rows(draft: Draft, side: int, kerb: float, free: list[tuple[float, float]]) -> None:
    """Put lamp posts, trees and bollards at regular distances, within the free stretches (metres)."""
    numbers = draft.numbers
    line = kerb + side * 0.4
    old = numbers.chance(draft.statistics.old_lamps)
    lamp = furniture.OLD_LAMP if old else furniture.LAMP_POST
    # A lamp post's arm reaches over the road: its foot is at one edge of the drawing.
    lamp_x = line if old else line - side * lamp.width * 0.45
    metal = metal_coat(numbers, draft.look)
    trees = numbers.chance(draft.statistics.street_trees)
    tree_gap = numbers.uniform(*draft.statistics.tree_gap)
    bollards = numbers.chance(draft.statistics.bollards)
    for near, far in free:
        z = near + numbers.uniform(0.0, 14.0)
        while z < far:
            draft.add(Upright(lamp, lamp_x, z, Label.POLE, metal, flip=side > 0))
            z += numbers.uniform(*draft.statistics.lamp_gap)
        z = near + numbers.uniform(1.0, tree_gap)
        while trees and z < far:
            place_tree(draft, line + side * 0.3, z)
            z += tree_gap * numbers.uniform(0.85, 1.15)
        z = near
        while bollards and z < min(far, 30.0):
            draft.add(Upright(furniture.BOLLARD, kerb + side * 0.2, z, Label.POLE))
            z += numbers.uniform(1.8, 2.6)


def _place_sign(draft: Draft, x: float, z: float) -> None:
    """Put up a post with one sign or two."""
    numbers = draft.numbers
    bottom = numbers.uniform(1.9, 2.5)
    metal = metal_coat(numbers, draft.look)
    # The post ends in the middle of the upper sign.
    tall = (bottom + 0.4) / furniture.THIN_POST.height
    draft.add(Upright(furniture.THIN_POST, x, z, Label.POLE, metal, scale=tall))
    kinds = [numbers.integer(0, len(furniture.SIGNS) - 1)]
    if numbers.chance(0.25):
        kinds.append(numbers.integer(0, 2))
    for kind in kinds:
        coat = board_coat(draft.look, kind)
        draft.add(Upright(furniture.SIGNS[kind], x, z - 0.06, Label.TRAFFIC_SIGN, coat, bottom=bottom))
        bottom -= 0.85


def _place_lights(draft: Draft, side: int, x: float, distances: tuple[float, ...]) -> None:
    """Put up traffic lights at some of the distances; a few also hang over the road."""
    numbers = draft.numbers
    lit = numbers.choice((0, 0, 1, 2, 2))
    drawing = furniture.TRAFFIC_LIGHTS[lit]
    coat = ((Part.LAMP_ON, LAMPS[lit]),)
    for z in distances:
        if z < 6 or numbers.chance(0.2):
            continue
        metal = metal_coat(numbers, draft.look)
        if numbers.chance(0.3):
            reach = numbers.uniform(2.5, 4.5)
            middle = x - side * reach / 2
            stretch = reach / furniture.ARM.width
            draft.add(Upright(furniture.POST, x, z, Label.POLE, metal, scale=5.6 / 3.0, stretch=0.8))
            draft.add(Upright(furniture.ARM, middle, z, Label.POLE, metal, bottom=5.4, stretch=stretch))
            end = x - side * reach
            draft.add(Upright(drawing, end, z - 0.06, Label.TRAFFIC_LIGHT, coat, bottom=4.5))
            if numbers.chance(0.4):
                board = Upright(furniture.GANTRY_SIGN, middle, z - 0.06, Label.TRAFFIC_SIGN, bottom=5.0)
                draft.add(replace(board, coat=board_coat(draft.look, 4), scale=0.55))
        else:
            draft.add(Upright(furniture.POST, x, z, Label.POLE, metal, scale=1.1))
        draft.add(Upright(drawing, x, z - 0.06, Label.TRAFFIC_LIGHT, coat, bottom=2.3))
