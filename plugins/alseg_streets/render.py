"""Turns a scene into colours and labels of any size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alseg_streets.canvas import Canvas
from alseg_streets.geometry import View, fill_polygon
from alseg_streets.ground import paint_ground, paint_sky
from alseg_streets.scene import Air, Label, Overlay, Panel, Scene, Upright
from alseg_streets.statistics import Domain
from alseg_streets.things import paint_panel, paint_upright


def paint_scene(
    scene: Scene, domain: Domain, height: int, width: int
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Paint a scene, before the camera's sensor sees it.

    Things are painted from far to near, each only where nothing nearer is: facades are long, so that no order
    of whole things is right everywhere.

    Args:
        scene: What to paint.
        domain: Whose colours to use.
        height: In pixels.
        width: In pixels.

    Returns:
        Colours, float32 ``(3, H, W)``, 0-255; labels, uint8 ``(H, W)``, Cityscapes train ids, 255 for void.
    """
    view = View(scene.camera, height, width)
    canvas = Canvas(view, domain)
    paint_sky(scene.air, view, canvas.pixels)
    paint_ground(scene.ground, view, canvas.look, canvas.pixels, canvas.labels, canvas.nearness)
    for thing in sorted(scene.things, key=_distance, reverse=True):
        if isinstance(thing, Upright):
            paint_upright(canvas, thing)
        else:
            paint_panel(canvas, thing)
    _add_haze(canvas, scene.air)
    _add_overlay(canvas, scene.overlay)
    return canvas.pixels, canvas.labels


def _distance(thing: Upright | Panel) -> float:
    return thing.z if isinstance(thing, Upright) else max(thing.start[1], thing.end[1])


def _add_haze(canvas: Canvas, air: Air) -> None:
    """Blend with the colour of the horizon: half of the light at the distance of ``air.visibility``."""
    clear = canvas.nearness / (canvas.nearness + np.float32(1 / air.visibility))
    np.copyto(clear, np.float32(1), where=canvas.labels == Label.SKY)
    for channel in range(3):
        haze = np.float32(air.horizon[channel])
        canvas.pixels[channel] = haze + (canvas.pixels[channel] - haze) * clear


def _add_overlay(canvas: Canvas, overlay: Overlay) -> None:
    """Cover the edges of the picture with what is void there."""
    height, width = canvas.labels.shape
    if overlay.bonnet:
        top = height * (1 - overlay.bonnet)
        rim = height * overlay.bonnet * 0.55
        outline = [(0.0, top + rim), (0.12, top + rim * 0.4), (0.3, top), (0.7, top), (0.88, top + rim * 0.4)]
        points = [(share * width, y) for share, y in outline] + [
            (width, top + rim),
            (width, height),
            (0.0, height),
        ]
        mask = fill_polygon(points, height, width)
        canvas.labels[mask] = Label.VOID
        sheen = np.clip((np.arange(height) - top) / (height - top), 0.0, 1.0).astype(np.float32)
        for channel in range(3):
            shade = np.float32(overlay.color[channel]) * (np.float32(1.7) - sheen)[:, None]
            np.copyto(canvas.pixels[channel], shade, where=mask)
    if overlay.border:
        strip = max(1, round(overlay.border * width))
        for columns in (slice(0, strip), slice(width - strip, width)):
            canvas.pixels[:, :, columns] = 8.0
            canvas.labels[:, columns] = Label.VOID
