"""What a camera does to the light: response, white balance, blur, vignetting, noise and compression."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from alseg_streets.statistics import Domain
from alseg_streets.stream import Stream

BLOCK = 8
"""Side of the blocks that are compressed on their own, in pixels."""


@dataclass(frozen=True)
class Sensor:
    """One camera's settings for one picture.

    Attributes:
        gain: Factors on red, green and blue: exposure and white balance.
        lift: Added to all channels, 0-255: flare.
        saturation: 0 for grey, 1 for unchanged.
        gamma: Exponent of the response in tenths; 10 is linear, more is darker.
        vignette: Share of the light that is missing in the corners.
        blur: Share of each pixel's light that comes from its neighbours, per axis, 0-0.5.
        noise: Amplitude at mid-grey, 0-255.
        compression: Steps of quantisation double with each, 0 for none.
    """

    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lift: float = 0.0
    saturation: float = 1.0
    gamma: int = 10
    vignette: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    compression: int = 0


def sample_sensor(numbers: Stream, domain: Domain) -> Sensor:
    """Draw the settings for one picture; `render` is a perfect camera with vivid colours."""
    if domain == "render":
        exposure = numbers.uniform(0.85, 1.12)
        warmth = numbers.uniform(-0.05, 0.05)
        return Sensor(
            gain=(exposure * (1 + warmth), exposure, exposure * (1 - warmth)),
            saturation=numbers.uniform(0.85, 1.15),
            gamma=numbers.integer(8, 12),
        )
    exposure = numbers.uniform(0.85, 1.2)
    warmth = numbers.uniform(-0.08, 0.08)
    return Sensor(
        gain=(exposure * (1 + warmth), exposure, exposure * (1 - warmth)),
        lift=numbers.uniform(0.0, 12.0),
        saturation=numbers.uniform(0.75, 1.1),
        gamma=numbers.integer(7, 11),
        vignette=numbers.uniform(0.05, 0.35),
        blur=numbers.uniform(0.05, 0.3),
        noise=numbers.uniform(1.0, 4.5),
        compression=numbers.integer(1, 2),
    )


def expose(pixels: NDArray[np.float32], sensor: Sensor, numbers: Stream) -> NDArray[np.uint8]:
    """Turn light into a picture.

    Args:
        pixels: float32 ``(3, H, W)``, 0-255; changed.
        sensor: The camera's settings.
        numbers: Source of noise.

    Returns:
        uint8 ``(H, W, 3)``, RGB.
    """
    if sensor.blur:
        pixels = _blur(pixels, sensor.blur)
    gray = pixels[0] * np.float32(0.3) + pixels[1] * np.float32(0.59) + pixels[2] * np.float32(0.11)
    light = _vignette(pixels.shape[1], pixels.shape[2], sensor.vignette) if sensor.vignette else None
    for channel in range(3):
        plane = gray + (pixels[channel] - gray) * np.float32(sensor.saturation)
        plane *= np.float32(sensor.gain[channel])
        if light is not None:
            plane *= light
        pixels[channel] = plane + np.float32(sensor.lift)
    if sensor.noise:
        _add_noise(pixels, sensor.noise, numbers)
    np.clip(pixels, 0.0, 255.0, out=pixels)
    response = _response(sensor.gamma)[(pixels * np.float32(4)).astype(np.int32)]
    if sensor.compression:
        response = _compress(response, sensor.compression)
    return np.ascontiguousarray(response.transpose(1, 2, 0).astype(np.uint8))


@lru_cache(maxsize=16)
def _response(gamma: int) -> NDArray[np.int16]:
    """Return 0-255 for light in quarters, int16 ``(1021,)``."""
    # Rounded to whole numbers, so that the last bits of the power function do not matter.
    return np.array([round(255 * (level / 1020) ** (gamma / 10)) for level in range(1021)], np.int16)


def _vignette(height: int, width: int, strength: float) -> NDArray[np.float32]:
    """Return the light that arrives, 1 in the middle and ``1 - strength`` in the corners."""
    y = (np.arange(height) + 0.5) / height * 2 - 1
    x = (np.arange(width) + 0.5) / width * 2 - 1
    return ((1 - strength / 2 * y * y)[:, None] - (strength / 2 * x * x)[None, :]).astype(np.float32)


def _blur(pixels: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """Blur with the kernel (share / 2, 1 - share, share / 2) along both axes; edges are repeated."""
    for axis in (1, 2):
        before = np.concatenate(
            (pixels.take([0], axis), pixels.take(range(pixels.shape[axis] - 1), axis)), axis
        )
        after = np.concatenate(
            (pixels.take(range(1, pixels.shape[axis]), axis), pixels.take([-1], axis)), axis
        )
        pixels = pixels * np.float32(1 - share) + (before + after) * np.float32(share / 2)
    return pixels


def _add_noise(pixels: NDArray[np.float32], amplitude: float, numbers: Stream) -> None:
    """Add noise whose power grows with the light, like photons do."""
    # The sum of two bytes is triangular: near enough to a bell.
    octets = numbers.octets(2, *pixels.shape)
    bell = octets[0].astype(np.float32) + octets[1].astype(np.float32) - np.float32(255)
    # The standard deviation of that sum is 104.5.
    strength = np.sqrt(np.maximum(pixels, 0) + np.float32(16)) * np.float32(amplitude / 104.5 / 12.0)
    pixels += bell * strength


def _compress(planes: NDArray[np.int16], level: int) -> NDArray[np.int16]:
    """Quantise blocks of brightness and (at half the resolution) of colour.

    Args:
        planes: int16 ``(3, H, W)``, RGB, 0-255.
        level: Steps double with each.

    Returns:
        int16 ``(3, H, W)``, 0-255.
    """
    _, height, width = planes.shape
    red, green, blue = (_pad(plane, 2 * BLOCK) for plane in planes)
    luma = (red + 2 * green + blue) >> 2
    orange = _halve(red - luma)
    violet = _halve(blue - luma)
    luma = _quantise(luma - 128, level) + 128
    orange = _quantise(orange, level + 1).repeat(2, 0).repeat(2, 1)
    violet = _quantise(violet, level + 1).repeat(2, 0).repeat(2, 1)
    red = luma + orange
    blue = luma + violet
    green = (4 * luma - red - blue) >> 1
    cut = np.stack((red, green, blue))[:, :height, :width]
    return np.clip(cut, 0, 255)


def _pad(plane: NDArray[np.int16], multiple: int) -> NDArray[np.int16]:
    """Repeat the last row and column until both sides are multiples."""
    height, width = plane.shape
    if height % multiple == 0 and width % multiple == 0:
        return plane
    return np.pad(plane, ((0, -height % multiple), (0, -width % multiple)), mode="edge")


def _halve(plane: NDArray[np.int16]) -> NDArray[np.int16]:
    total = plane[0::2, 0::2] + plane[0::2, 1::2] + plane[1::2, 0::2] + plane[1::2, 1::2]
    return total >> 2


def _quantise(plane: NDArray[np.int16], level: int) -> NDArray[np.int16]:
    """Round the Walsh-Hadamard coefficients of 8 x 8 blocks; finer patterns are rounded more."""
    height, width = plane.shape
    blocks = plane.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    coefficients = _hadamard(_hadamard(blocks, 1), 3)
    shifts = _shifts(level)[None, :, None, :]
    half = np.left_shift(np.int16(1), shifts) >> 1
    coefficients = ((coefficients + half) >> shifts) << shifts
    # The transform is its own inverse but for a factor of 64.
    restored = (_hadamard(_hadamard(coefficients, 1), 3).astype(np.int32) + 32) >> 6
    return restored.reshape(height, width).astype(np.int16)


def _hadamard(blocks: NDArray[np.int16], axis: int) -> NDArray[np.int16]:
    """Transform along an axis of length 8."""
    moved = np.moveaxis(blocks, axis, 0)
    for distance in (1, 2, 4):
        grouped = moved.reshape(BLOCK // (2 * distance), 2, distance, *moved.shape[1:])
        first, second = grouped[:, 0], grouped[:, 1]
        moved = np.stack((first + second, first - second), 1).reshape(moved.shape)
    return np.moveaxis(moved, 0, axis)


@lru_cache(maxsize=8)
def _shifts(level: int) -> NDArray[np.int16]:
    """Return how many low bits of each coefficient are rounded away, int16 ``(8, 8)``."""
    # Changes of sign along the eight Walsh functions in the order in which the transform yields them.
    changes = (0, 7, 3, 4, 1, 6, 2, 5)
    shifts = [
        [level + 1 + (changes[row] + changes[column] + 1) // 3 for column in range(8)] for row in range(8)
    ]
    return np.array(shifts, np.int16)
