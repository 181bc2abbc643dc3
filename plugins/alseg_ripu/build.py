"""Builders: the typed parameters that experiment files may set. Torch is imported only when one is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from alseg import AlsegError
from alseg.contracts import Interval

if TYPE_CHECKING:
    from alseg.contracts import ScoreAcquisition

Terms = Literal["both", "impurity", "uncertainty"]
Reach = Annotated[int, Interval(ge=1, le=4_096)]
"""Radius of a window with more than one pixel: the impurity of a single one is always 0."""


def ripu(radius: Reach = 1, terms: Terms = "both") -> ScoreAcquisition:
    """Build ``ripu``.

    Args:
        radius: The window reaches this many pixels to each side; at least 1. The paper takes 1, source-free
            9.
        terms: ``both`` for their product; ``impurity`` or ``uncertainty`` alone, both over the window, are
            the paper's ablation.

    Raises:
        AlsegError: If the radius is less than 1.
    """
    from alseg_ripu.acquisitions import RegionRipu

    return RegionRipu(_checked_radius("ripu", radius), terms)


def ripu_pixel(radius: Reach = 32, terms: Terms = "both") -> ScoreAcquisition:
    """Build ``ripu-pixel``.

    Args:
        radius: The window reaches this many pixels to each side; at least 1. The paper takes 32.
        terms: ``both`` for their product; ``impurity`` of the window or ``uncertainty`` of the pixel alone
            are the paper's ablation.

    Raises:
        AlsegError: If the radius is less than 1.
    """
    from alseg_ripu.acquisitions import PixelRipu

    return PixelRipu(_checked_radius("ripu-pixel", radius), terms)


def _checked_radius(name: str, radius: int) -> int:
    """Return the radius, or refuse one whose window is a single pixel, of which the impurity is always 0."""
    if radius < 1:
        raise AlsegError(f"Acquisition '{name}': radius must be at least 1, not {radius}.")
    return radius
