"""Pictures for people: what was bought drawn on the photograph, label maps in colour, uncertainty."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from alseg.files import write_atomically

NEW = (255, 176, 0)
"""Colour of what the round shown has bought."""
OLD = (100, 180, 255)
"""Colour of what earlier rounds have bought; both stay apart with any colour vision."""

_STRENGTH = 0.75
_ROWS_PER_DOT = 300


def draw_picks(
    photograph: NDArray[np.uint8], bought_in: NDArray[np.int16], round_number: int
) -> NDArray[np.uint8]:
    """Return a dim photograph with what was bought in colour: this round's in one, earlier ones' in another.

    Single pixels become dots large enough to be seen.

    Args:
        photograph: uint8 RGB ``(H, W, 3)``.
        bought_in: int16 ``(H, W)``, the round in which each pixel was bought, -1 for never.
        round_number: The round shown.

    Returns:
        uint8 RGB ``(H, W, 3)``.
    """
    grey = photograph.mean(axis=2, keepdims=True)
    picture = np.repeat(grey * 0.6 + 20, 3, axis=2)
    for is_bought, color in (
        ((bought_in >= 0) & (bought_in < round_number), OLD),
        (bought_in == round_number, NEW),
    ):
        dots = _dots(is_bought)
        picture[dots] = (1 - _STRENGTH) * picture[dots] + _STRENGTH * np.array(color)
    return picture.round().clip(0, 255).astype(np.uint8)


def heat(values: NDArray[np.float32], highest: float) -> NDArray[np.uint8]:
    """Return a map in colours from black over orange to white, which get lighter all the way.

    Args:
        values: float ``(H, W)``, at least 0.
        highest: The value that is white.

    Returns:
        uint8 RGB ``(H, W, 3)``.
    """
    stops = np.array([0, 0.4, 0.75, 1.0])
    colors = np.array([(0, 0, 0), (150, 40, 60), (250, 160, 40), (255, 255, 230)], np.float64)
    share = np.clip(values / highest, 0, 1)
    channels = [np.interp(share, stops, colors[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write uint8 RGB ``(H, W, 3)`` or one channel ``(H, W)``.

    Raises:
        AlsegError: If the file cannot be written.
    """
    encoded = encode(pixels, "PNG")
    write_atomically(path, lambda file: file.write(encoded))


def encode(pixels: NDArray[np.uint8], kind: str) -> bytes:
    """Return a picture as a file of a kind of Pillow's, such as ``PNG`` or ``JPEG``."""
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, kind, **({"quality": 85} if kind == "JPEG" else {"optimize": True}))
    return encoded.getvalue()


def _dots(is_bought: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask in which every pixel has grown to a dot of a size that the picture needs."""
    radius = is_bought.shape[0] // _ROWS_PER_DOT
    if not radius:
        return is_bought
    grown = Image.fromarray(is_bought.astype(np.uint8)).filter(ImageFilter.MaxFilter(2 * radius + 1))
    return np.array(grown) > 0
