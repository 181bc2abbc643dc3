"""From an index to a picture: the random streams of one scene, and the whole chain from layout to sensor."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from alseg_streets.layout import sample_scene
from alseg_streets.render import paint_scene
from alseg_streets.sensor import expose, sample_sensor
from alseg_streets.statistics import Domain
from alseg_streets.stream import Stream

Split = Literal["train", "val"]

DOMAINS: tuple[Domain, ...] = ("render", "camera")
SPLITS: tuple[Split, ...] = ("train", "val")
_LAYOUT, _SENSOR, _NOISE = range(3)


def render_scene(
    index: int, *, domain: Domain, split: Split = "train", height: int = 128, width: int = 256, seed: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Render one scene; the same arguments give the same bytes on every machine.

    Args:
        index: Number of the scene, 0 or more.
        domain: ``render`` (clean game look) or ``camera`` (photograph).
        split: ``train`` or ``val``; both have scenes of their own.
        height: In pixels, 32 or more.
        width: In pixels, 32 or more.
        seed: Number of the world, 0 or more; another seed gives other scenes of the same kind.

    Returns:
        Image, uint8 ``(height, width, 3)``, RGB; label map, uint8 ``(height, width)``, Cityscapes train ids
        (0-18), 255 for void.

    Raises:
        ValueError: If a number is negative, a side below 32, or domain or split is unknown.
    """
    if index < 0 or seed < 0:
        raise ValueError(f"index and seed must be 0 or more, got index {index} and seed {seed}")
    if height < 32 or width < 32:
        raise ValueError(f"height and width must be 32 or more, got {height} x {width}")
    if domain not in DOMAINS or split not in SPLITS:
        raise ValueError(f"unknown domain or split: {domain!r}, {split!r}")
    key = (seed, DOMAINS.index(domain), SPLITS.index(split), index)
    scene = sample_scene(Stream(*key, _LAYOUT), domain)
    pixels, labels = paint_scene(scene, domain, height, width)
    sensor = sample_sensor(Stream(*key, _SENSOR), domain)
    return expose(pixels, sensor, Stream(*key, _NOISE)), labels
