"""Paints what stands on the ground: drawings that face the camera, and panels in perspective."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alseg_streets.canvas import Canvas
from alseg_streets.drawings import raster, resolution_for
from alseg_streets.geometry import View
from alseg_streets.noise import grain_table
from alseg_streets.scene import Panel, Upright

NEAR_PLANE = 1.2
"""Nothing nearer than this is drawn, in metres."""

SMALLEST = 1.5
"""Things lower than this are not drawn, in pixels."""


def paint_upright(canvas: Canvas, thing: Upright) -> None:
    """Paint a drawing that faces the camera."""
    view = canvas.view
    if thing.z < NEAR_PLANE:
        return
    scale = view.focal / thing.z
    drawing = thing.drawing
    tall = drawing.height * thing.scale
    wide = drawing.width * thing.scale * thing.stretch
    if tall * scale < SMALLEST:
        return
    left = view.column + scale * (view.bent(thing.x, thing.z) - wide / 2)
    top = view.row + scale * (view.camera.height - thing.bottom - tall)
    # A pole is always at least as wide as a pixel, else it would be a dotted line.
    across = max(wide * scale, 1.0)
    down = max(tall * scale, 1.0)
    first, last = view.columns(left, left + across)
    upper, lower = view.rows(top, top + down)
    if first >= last or upper >= lower:
        return
    parts = raster(drawing, resolution_for(down / drawing.height))
    row_index = ((np.arange(upper, lower) + (0.5 - top)) * (parts.shape[0] / down)).astype(np.int64)
    column_index = ((np.arange(first, last) + (0.5 - left)) * (parts.shape[1] / across)).astype(np.int64)
    np.clip(row_index, 0, parts.shape[0] - 1, out=row_index)
    np.clip(column_index, 0, parts.shape[1] - 1, out=column_index)
    if thing.flip:
        column_index = parts.shape[1] - 1 - column_index
    seen = parts[row_index[:, None], column_index]
    colors = canvas.colors(thing.coat, thing.light)[:, seen]
    canvas.put(
        slice(upper, lower), slice(first, last), seen > 0, colors, thing.label, np.float32(1 / thing.z)
    )


class _Foot(NamedTuple):
    """Where a panel stands beside the bent road: its two ends, in metres."""

    start_x: float
    start_z: float
    end_x: float
    end_z: float

    @property
    def length(self) -> float:
        along_x, along_z = self.end_x - self.start_x, self.end_z - self.start_z
        return math.sqrt(along_x * along_x + along_z * along_z)


def paint_panel(canvas: Canvas, thing: Panel) -> None:
    """Paint a vertical surface in perspective."""
    view = canvas.view
    (start_x, start_z), (end_x, end_z) = thing.start, thing.end
    foot = _Foot(view.bent(start_x, start_z), start_z, view.bent(end_x, end_z), end_z)
    if max(start_z, end_z) <= NEAR_PLANE or not _faces_camera(thing, foot):
        return
    heights = _row_edges(thing)
    rows, columns, scale = _extent(view, thing, foot, heights[-1])
    if rows.start >= rows.stop or columns.start >= columns.stop or heights[-1] * scale < SMALLEST:
        return
    share, z, y = _hits(view, thing, foot, heights[-1], rows, columns)
    mask = (y >= 0) & (y < heights[-1])
    if thing.lean:
        mask &= (share >= 0) & (share < 1)
    metres = share * foot.length + thing.shift
    level = y.astype(np.float32)
    seen = _tile_parts(thing, share, metres, level, heights, scale)
    mask &= seen > 0
    colors = canvas.colors(thing.coat, thing.light)[:, seen]
    if thing.repeat:
        # Five grains of dirt a metre.
        dirt_row = (level * np.float32(5)).astype(np.int32) & 255
        dirt_column = np.floor(metres * 5).astype(np.int64) & 255
        colors *= 1 + np.float32(canvas.look.wall_grain) * grain_table()[dirt_row, dirt_column]
    nearness = np.broadcast_to((1.0 / z).astype(np.float32), mask.shape)
    canvas.put(rows, columns, mask, colors, thing.label, nearness)


def _faces_camera(thing: Panel, foot: _Foot) -> bool:
    """Tell whether a panel can be seen: the far side of a vehicle cannot."""
    if not thing.outside:
        return True
    beside = foot.start_x - (foot.end_x - foot.start_x) / (foot.end_z - foot.start_z) * foot.start_z
    return beside * thing.outside < 0


def _extent(view: View, thing: Panel, foot: _Foot, height: float) -> tuple[slice, slice, float]:
    """Return the rows and columns a panel can cover, and pixels per metre at its near end."""
    edges = []
    for x, z, other_x, other_z in (foot, (*foot[2:], *foot[:2])):
        if z < NEAR_PLANE:
            x += (other_x - x) * (NEAR_PLANE - z) / (other_z - z)
            z = NEAR_PLANE
        edges.append((view.column + view.focal * x / z, z))
    edges.sort()
    scale = view.focal / min(edges[0][1], edges[1][1])
    # A leaning panel reaches beyond its foot, away from the side from which it is seen.
    overhang = thing.lean * max(height - thing.waist, 0.0) * scale
    left = edges[0][0] - (overhang if thing.outside > 0 else 0.0)
    right = edges[1][0] + (overhang if thing.outside < 0 else 0.0)
    top = view.row + scale * (view.camera.height - height)
    bottom = view.row + scale * view.camera.height
    return slice(*view.rows(min(top, view.row), bottom)), slice(*view.columns(left, right)), scale


def _hits(
    view: View, thing: Panel, foot: _Foot, height: float, rows: slice, columns: slice
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return where the rays through pixels meet a panel.

    Returns:
        Share of the way from start to end, distance in metres, height above the ground in metres; float64
        ``(w,)`` or ``(h, w)`` for the first two, ``(h, w)`` for the last.
    """
    # The ray through column u meets the panel at start + share * (end - start).
    along_x, along_z = foot.end_x - foot.start_x, foot.end_z - foot.start_z
    slope = view.slope_x[columns]
    fall = view.slope_y[rows, None]
    across = slope * foot.start_z - foot.start_x
    turn = along_x - slope * along_z
    # A ray along the panel never meets it; what is clipped below lies outside of the panel.
    turn = np.where(turn == 0, 1e-9, turn)
    share = (across / turn).clip(-1.0, 2.0)
    z = np.maximum(foot.start_z + share * along_z, 0.1)
    y = view.camera.height - fall * z
    if thing.lean:
        shift = (y - thing.waist).clip(0.0, height) * (thing.lean * thing.outside)
        share = ((across + shift) / turn).clip(-1.0, 2.0)
        z = np.maximum(foot.start_z + share * along_z, 0.1)
        y = view.camera.height - fall * z
    return share, z, y


def _row_edges(thing: Panel) -> list[float]:
    """Return heights at which rows of tiles begin and end, in metres."""
    if len(thing.tiles) == 1:
        return [0.0, thing.tiles[0].height]
    ground, floor, roof = thing.tiles
    edges = [0.0, ground.height]
    for _ in range(thing.storeys - 2):
        edges.append(edges[-1] + floor.height)
    return [*edges, edges[-1] + roof.height]


def _tile_parts(
    thing: Panel,
    share: NDArray[np.float64],
    metres: NDArray[np.float64],
    y: NDArray[np.float32],
    heights: list[float],
    scale: float,
) -> NDArray[np.uint8]:
    """Look up what is at every pixel of a panel.

    Args:
        thing: The panel.
        share: Share of the way from start to end.
        metres: The same in metres, shift included.
        y: Height above the ground in metres.
        heights: At which rows of tiles begin and end, in metres.
        scale: Pixels per metre at the near end.

    Returns:
        uint8 ``(h, w)`` of `Part` numbers.
    """
    rasters = [raster(tile, resolution_for(scale)) for tile in thing.tiles]
    wide = rasters[0].shape[1]
    if thing.repeat:
        column = np.floor(metres * (wide / thing.tiles[0].width)).astype(np.int64) % wide
    else:
        column = (share * wide).astype(np.int64).clip(0, wide - 1)
    if len(rasters) == 1:
        tall = len(rasters[0])
        row = (np.float32(tall) - y * np.float32(tall / heights[-1])).clip(0, tall - 1).astype(np.int32)
    else:
        row = _facade_rows(thing, [len(each) for each in rasters], y, heights)
    atlas = rasters[0] if len(rasters) == 1 else np.concatenate(rasters)
    seen: NDArray[np.uint8] = atlas[row, column]
    return seen


def _facade_rows(
    thing: Panel, tall: list[int], y: NDArray[np.float32], heights: list[float]
) -> NDArray[np.int32]:
    """Return rows of the stacked tiles (ground floor, floor above, roof) for heights in metres."""
    ground, floor, roof = thing.tiles
    above = y - np.float32(ground.height)
    within = above - np.floor(above * np.float32(1 / floor.height)) * np.float32(floor.height)
    row: NDArray[np.float32] = np.float32(tall[0] + tall[1]) - within * np.float32(tall[1] / floor.height)
    on_ground = np.float32(tall[0]) - y * np.float32(tall[0] / ground.height)
    np.copyto(row, on_ground, where=y < np.float32(ground.height))
    top, eaves = sum(tall), np.float32(heights[-2])
    on_roof = np.float32(top) - (y - eaves) * np.float32(tall[2] / roof.height)
    np.copyto(row, on_roof, where=y >= eaves)
    # Rounding can step over a tile's edge by one row.
    return row.clip(0, top - 1).astype(np.int32)
