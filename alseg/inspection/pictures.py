"""Pictures for people: what was bought drawn on the photograph, label maps in colour, uncertainty."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from alseg.contracts import Size
from alseg.files import write_atomically

NEW = (255, 176, 0)
"""Colour of what the round shown has bought."""
OLD = (100, 180, 255)
"""Colour of what earlier rounds have bought; both stay apart with any colour vision."""

_STRENGTH = 0.75
ROWS_PER_DOT = 300
"""A picture of so many rows gets dots of 3 x 3 pixels, of twice as many 5 x 5."""
ROWS_PER_DOT_OF_SMALL_MAPS = 200

Kind = Literal["PNG", "JPEG", "WEBP"]


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
        dots = _dots(is_bought, ROWS_PER_DOT)
        picture[dots] = (1 - _STRENGTH) * picture[dots] + _STRENGTH * np.array(color)
    return picture.round().clip(0, 255).astype(np.uint8)


def marks(bought_in: NDArray[np.int16], round_number: int, size: Size) -> NDArray[np.uint8]:
    """Return what was bought as a small map to be laid over a photograph.

    Args:
        bought_in: int16 ``(H, W)``, the round in which each pixel was bought, -1 for never.
        round_number: The round shown.
        size: Height and width of the result, no more than those of ``bought_in``.

    Returns:
        uint8 ``(h, w)``: 2 where this round has bought something, 1 where earlier ones have, 0 elsewhere.
        Single pixels become dots large enough to be seen.
    """
    small = np.zeros(size, np.uint8)
    for value, is_bought in (
        (1, (bought_in >= 0) & (bought_in < round_number)),
        (2, bought_in == round_number),
    ):
        shrunk = np.zeros(size, np.bool_)
        rows, columns = np.nonzero(is_bought)
        shrunk[rows * size[0] // bought_in.shape[0], columns * size[1] // bought_in.shape[1]] = True
        shrunk |= grown(_lone(shrunk), 1)
        small[_dots(shrunk, ROWS_PER_DOT_OF_SMALL_MAPS)] = value
    return small


@cache
def scale_colors() -> NDArray[np.uint8]:
    """Return the colours of a map of numbers from the lowest to the highest, uint8 RGB ``(256, 3)``.

    They get lighter all the way in equal steps, with any colour vision.

    Source:
        Viridis, by van der Walt and Smith (2015), as Plotly has it.
    """
    # Only here: most of alseg draws nothing.
    from plotly.colors import sequential  # type: ignore[import-untyped]

    stops = np.array([[int(text[at : at + 2], 16) for at in (1, 3, 5)] for text in sequential.Viridis])
    places, steps = np.linspace(0, 255, len(stops)), np.arange(256)
    channels = [np.interp(steps, places, stops[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def heat(steps: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a map of numbers in colours.

    Args:
        steps: uint8 ``(H, W)``, 0 for the lowest number to 255 for the highest.

    Returns:
        uint8 RGB ``(H, W, 3)``.
    """
    return np.take(scale_colors(), steps, axis=0)


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write uint8 RGB ``(H, W, 3)`` or one channel ``(H, W)``.

    Raises:
        AlsegError: If the file cannot be written.
    """
    encoded = encode(pixels, "PNG")
    write_atomically(path, lambda file: file.write(encoded))


def encode(pixels: NDArray[np.uint8], kind: Kind) -> bytes:
    """Return a picture as a file; JPEG and WEBP are not exact, PNG is."""
    encoded = io.BytesIO()
    # WEBP's default method takes twice as long for files that are a twentieth smaller.
    options = {"PNG": {}, "JPEG": {"quality": 85}, "WEBP": {"quality": 80, "method": 2}}
    Image.fromarray(pixels).save(encoded, kind, **options[kind])
    return encoded.getvalue()


def encode_marks(small: NDArray[np.uint8]) -> bytes:
    """Return the result of `marks` as a PNG file, transparent where nothing was bought."""
    picture = Image.fromarray(small, "P")
    picture.putpalette([0, 0, 0, *OLD, *NEW])
    encoded = io.BytesIO()
    picture.save(encoded, "PNG", transparency=0, bits=2)
    return encoded.getvalue()


def encode_indexed(indices: NDArray[np.uint8], colors: NDArray[np.uint8]) -> bytes:
    """Return a PNG file with exact colours.

    Args:
        indices: uint8 ``(H, W)``, rows of ``colors``.
        colors: uint8 RGB ``(N, 3)``, N at most 256.
    """
    picture = Image.fromarray(indices, "P")
    picture.putpalette(colors.reshape(-1).tolist())
    encoded = io.BytesIO()
    picture.save(encoded, "PNG")
    return encoded.getvalue()


def _dots(is_bought: NDArray[np.bool_], rows_per_dot: int) -> NDArray[np.bool_]:
    """Return a mask in which every pixel has grown to a dot of a size that the picture needs."""
    return grown(is_bought, is_bought.shape[0] // rows_per_dot)


def grown(mask: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    """Return a mask, bool ``(H, W)``, in which every True has spread to its ``(2 radius + 1)**2`` window."""
    for _ in range(radius):
        before = np.pad(mask, 1)
        wide = before[:, :-2] | before[:, 1:-1] | before[:, 2:]
        mask = wide[:-2] | wide[1:-1] | wide[2:]
    return mask


def _lone(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of a mask that no other one of it touches."""
    padded = np.pad(mask.astype(np.uint8), 1)
    wide = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    alone: NDArray[np.bool_] = wide[:-2] + wide[1:-1] + wide[2:] == 1
    return mask & alone
