"""Paints sky and ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alseg_streets.geometry import View
from alseg_streets.looks import Look
from alseg_streets.noise import cloud_table, grain_table
from alseg_streets.scene import Air, Ground, Label, Spot, Surface

_LABEL_OF = {
    Surface.ASPHALT: Label.ROAD,
    Surface.PAVING: Label.SIDEWALK,
    Surface.KERB: Label.SIDEWALK,
    Surface.GRASS: Label.TERRAIN,
    Surface.EARTH: Label.TERRAIN,
    Surface.WHITE_LINE: Label.ROAD,
    Surface.YELLOW_LINE: Label.ROAD,
    Surface.RAIL: Label.ROAD,
    Surface.SETTS: Label.ROAD,
}
_LABELS = np.array([_LABEL_OF[surface] for surface in Surface], np.uint8)

KERB_WIDTH = 0.18
"""In metres."""

FARTHEST = 5000.0
"""The ground ends here, in metres: rows at the very horizon are farther away than numbers can tell."""


def paint_sky(air: Air, view: View, pixels: NDArray[np.float32]) -> None:
    """Paint the sky into the whole image.

    Args:
        air: Colours and clouds.
        view: Camera and size.
        pixels: float32 ``(3, H, W)``, 0-255, written.
    """
    rise = np.clip(-view.slope_y * 2.2, 0.0, 1.0)
    rise = 1 - (1 - rise) * (1 - rise)
    below = int(np.count_nonzero(view.slope_y < 0))
    for channel in range(3):
        column = air.horizon[channel] + (air.zenith[channel] - air.horizon[channel]) * rise
        pixels[channel] = column[:, None]
    if below:
        amount = _clouds(air, view, below)
        for channel in range(3):
            pixels[channel, :below] += (np.float32(air.clouds[channel]) - pixels[channel, :below]) * amount


def _clouds(air: Air, view: View, rows: int) -> NDArray[np.float32]:
    """Return how much cloud there is: float32 ``(rows, W)``, 0-1."""
    # Clouds are a flat layer seen in perspective, flattened towards the horizon.
    height = 0.12 - view.slope_y[:rows]
    y = 9.0 / height + air.drift[0]
    x = (view.slope_x[None, :] * 14.0) / (0.35 + height)[:, None] + air.drift[1]
    table = cloud_table()
    row = np.floor(y)
    column = np.floor(x)
    down = (y - row).astype(np.float32)[:, None]
    across = (x - column).astype(np.float32)
    row_index = (row.astype(np.int64) & 255)[:, None]
    next_row = (row_index + 1) & 255
    column_index = column.astype(np.int64) & 255
    next_column = (column_index + 1) & 255
    upper = table[row_index, column_index]
    upper = upper + (table[row_index, next_column] - upper) * across
    lower = table[next_row, column_index]
    lower = lower + (table[next_row, next_column] - lower) * across
    density = upper + (lower - upper) * down
    amount: NDArray[np.float32] = (density + np.float32(air.cover * 1.6 - 0.9)) * np.float32(1.8)
    return amount.clip(0.0, 0.9)


def paint_ground(
    ground: Ground,
    view: View,
    look: Look,
    pixels: NDArray[np.float32],
    labels: NDArray[np.uint8],
    nearness: NDArray[np.float32],
) -> None:
    """Paint everything below the horizon.

    Args:
        ground: The street's cross-section.
        view: Camera and size.
        look: Colours of surfaces.
        pixels: float32 ``(3, H, W)``, 0-255, written.
        labels: uint8 ``(H, W)``, written.
        nearness: float32 ``(H, W)``, 1 / distance in 1 / metres, written.
    """
    horizon = int(np.count_nonzero(view.slope_y <= 0))
    if horizon == view.height:
        return
    z = np.minimum(view.camera.height / view.slope_y[horizon:], FARTHEST)
    x = (view.slope_x[None, :] * z[:, None] - (view.camera.bend * z * z)[:, None]).astype(np.float32)
    surfaces = _surfaces(ground, z, x)
    brightness = _grain(look, surfaces, z, x)
    _shade(ground, z, x, brightness)
    for spot in ground.spots:
        _darken(spot, z, x, view, brightness)
    colors = np.zeros((3, len(Surface)), np.float32)
    for surface in Surface:
        colors[:, surface] = look.surfaces[surface][0]
    np.multiply(colors[:, surfaces], brightness[None], out=pixels[:, horizon:])
    labels[horizon:] = _LABELS[surfaces]
    nearness[horizon:] = (1.0 / z).astype(np.float32)[:, None]


def _between(z: NDArray[np.float64], near: float, far: float) -> slice:
    """Return the rows whose distance is in [near, far); distances fall with the row."""
    first = int(np.count_nonzero(z >= far))
    return slice(first, first + int(np.count_nonzero((z >= near) & (z < far))))


def _surfaces(ground: Ground, z: NDArray[np.float64], x: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the `Surface` at every pixel below the horizon, uint8 ``(rows, W)``."""
    left, right = ground.road
    surfaces = np.full(x.shape, Surface.PAVING, np.uint8)
    for side, edge in ((-1, left), (1, right)):
        verge = ground.verge[(side + 1) // 2]
        outer = edge + side * (verge + ground.sidewalk[(side + 1) // 2])
        for plot in ground.plots:
            if plot.side == side:
                rows = _between(z, plot.near, plot.far)
                beyond = x[rows] > outer if side > 0 else x[rows] < outer
                surfaces[rows][beyond] = plot.surface
        if verge:
            strip = (x > edge) & (x < edge + verge) if side > 0 else (x < edge) & (x > edge - verge)
            surfaces[strip] = Surface.GRASS
        kerb = (x > edge) & (x < edge + KERB_WIDTH) if side > 0 else (x < edge) & (x > edge - KERB_WIDTH)
        surfaces[kerb] = Surface.KERB
    if ground.crossing:
        rows = _between(z, *ground.crossing)
        beside = (x[rows] < left) | (x[rows] > right)
        surfaces[rows][beside] = ground.road_surface
    surfaces[(x >= left) & (x <= right)] = ground.road_surface
    _draw_lines(ground, z, x, surfaces)
    return surfaces


def _draw_lines(
    ground: Ground, z: NDArray[np.float64], x: NDArray[np.float32], surfaces: NDArray[np.uint8]
) -> None:
    """Draw lane markings, rails and pedestrian crossings."""
    # Paint that is thinner than a third of a pixel is not seen.
    step = (x[:, 1:2] - x[:, 0:1]) if x.shape[1] > 1 else np.ones((len(x), 1), np.float32)
    for line in ground.lines:
        half = np.float32(line.width / 2)
        mask = (x >= np.float32(line.x) - half) & (x < np.float32(line.x) + half) & (step < 3 * line.width)
        if line.dash:
            phase = z / (line.dash + line.gap)
            mask &= ((phase - np.floor(phase)) * (line.dash + line.gap) < line.dash)[:, None]
        if line.surface is not Surface.RAIL and ground.crossing:
            mask[_between(z, ground.crossing[0] - 4.2, ground.crossing[1] + 4.2)] = False
        surfaces[mask] = line.surface
    for near, far in ground.zebras:
        rows = _between(z, near, far)
        stripes = x[rows] - np.floor(x[rows])
        on_road = (x[rows] > ground.road[0] + 0.3) & (x[rows] < ground.road[1] - 0.3)
        surfaces[rows][(stripes < 0.5) & on_road] = Surface.WHITE_LINE
    if ground.crossing:
        stop = ground.crossing[0] - 4.6
        rows = _between(z, stop - 0.4, stop)
        middle = ground.lines[0].x if ground.lines else 0.0
        surfaces[rows][(x[rows] > middle) & (x[rows] < ground.road[1])] = Surface.WHITE_LINE


def _grain(
    look: Look, surfaces: NDArray[np.uint8], z: NDArray[np.float64], x: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the brightness of surfaces, about 1, float32 ``(rows, W)``."""
    fade = (1.0 / (1.0 + z * 0.05)).astype(np.float32)
    strength = np.array([look.surfaces[surface][1] for surface in Surface], np.float32)
    rows = np.floor(z * 7).astype(np.int64) & 255
    columns = np.floor(x * np.float32(9)).astype(np.int32)
    fine = grain_table()[rows[:, None], columns & 255]
    # Stains are ten times as large as grains.
    wide = cloud_table()[(np.floor(z * 4).astype(np.int64) & 255)[:, None], (columns >> 1) & 255]
    brightness: NDArray[np.float32] = 1 + strength[surfaces] * (fine + wide * np.float32(0.6)) * fade[:, None]
    # Joints between paving stones, where they can be resolved.
    near = z < 22
    stone = x[near]
    joint_x = stone - np.floor(stone)
    along = z[near] - np.floor(z[near])
    joints = (joint_x < np.float32(0.07)) | (along < 0.1)[:, None]
    joints &= surfaces[near] == Surface.PAVING
    brightness[near] = np.where(joints, brightness[near] * np.float32(0.86), brightness[near])
    return brightness


def _shade(
    ground: Ground, z: NDArray[np.float64], x: NDArray[np.float32], brightness: NDArray[np.float32]
) -> None:
    """Darken what lies in the shadow of buildings."""
    for shade in ground.shades:
        rows = _between(z, shade.near, shade.far)
        inside = x[rows] > shade.x if shade.side > 0 else x[rows] < shade.x
        brightness[rows][inside] *= np.float32(ground.shade_factor)


def _darken(
    spot: Spot, z: NDArray[np.float64], x: NDArray[np.float32], view: View, brightness: NDArray[np.float32]
) -> None:
    """Apply one shadow or patch."""
    rows = _between(z, spot.z - spot.radius_z, spot.z + spot.radius_z)
    if rows.start == rows.stop:
        return
    nearest = max(spot.z - spot.radius_z, 1.0)
    middle = view.bent(spot.x, spot.z) / spot.z * view.focal + view.column
    reach = view.focal * (spot.radius_x + 0.6 + abs(spot.x)) / nearest
    first, last = view.columns(middle - reach, middle + reach)
    if first >= last:
        return
    across = (x[rows, first:last] - np.float32(spot.x)) / np.float32(spot.radius_x)
    along = ((z[rows] - spot.z) / spot.radius_z).astype(np.float32)
    inside = across * across + (along * along)[:, None] < 1
    brightness[rows, first:last][inside] *= np.float32(spot.factor)
