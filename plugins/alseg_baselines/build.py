"""Builders: the typed parameters that experiment files may set. Torch is imported only when one is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from alseg import AlsegError
from alseg.contracts import (
    ADDED_LATER,
    OUTLINE_TOLERANCE,
    AnswerKind,
    Distance,
    Radius,
    Tolerance,
)

if TYPE_CHECKING:
    from alseg.contracts import AnnotationMode, ScoreAcquisition

Answer = Annotated[AnswerKind, ADDED_LATER]
"""Modes said the class of every pixel before they had a parameter for it."""


def random() -> ScoreAcquisition:
    """Build ``random``."""
    from alseg_baselines.acquisitions import Random

    return Random()


def entropy() -> ScoreAcquisition:
    """Build ``entropy``."""
    from alseg_baselines.acquisitions import Entropy

    return Entropy()


def least_confidence() -> ScoreAcquisition:
    """Build ``least-confidence``."""
    from alseg_baselines.acquisitions import LeastConfidence

    return LeastConfidence()


def margin() -> ScoreAcquisition:
    """Build ``margin``."""
    from alseg_baselines.acquisitions import Margin

    return Margin()


def region(radius: Radius = 1, spacing: Distance | None = None, answer: Answer = "pixels") -> AnnotationMode:
    """Build ``region``.

    Args:
        radius: The window reaches this many pixels to each side of its centre.
        spacing: After a pick, no other within this Chebyshev distance, in this round or later; at least twice
            the radius, which is the default, so that windows never overlap.
        answer: What the annotator says of a window: the class of each of its pixels, the class of most of
            them, the set of classes in it, or whether the class that the network proposes is that of most.

    Raises:
        AlsegError: If a number is negative, or the spacing lets windows overlap.
    """
    from alseg_baselines.modes import Window

    if radius < 0:
        raise AlsegError(f"Annotation mode 'region': radius must be at least 0, not {radius}.")
    distance = 2 * radius if spacing is None else spacing
    if distance < 2 * radius:
        raise AlsegError(
            f"Annotation mode 'region': spacing {distance} would let windows of radius {radius} overlap; "
            f"use at least {2 * radius}."
        )
    return Window(radius=radius, spacing=distance, answer=answer)


def pixel(spacing: Distance = 32) -> AnnotationMode:
    """Build ``pixel``.

    Args:
        spacing: After a pick, no other within this Chebyshev distance, in this round or later. The paper's
            value belongs to label maps of 1024 x 2048; smaller ones want less.

    Raises:
        AlsegError: If the spacing is negative.
    """
    from alseg_baselines.modes import Window

    if spacing < 0:
        raise AlsegError(f"Annotation mode 'pixel': spacing must be at least 0, not {spacing}.")
    return Window(radius=0, spacing=spacing)


def image(tolerance: Tolerance = OUTLINE_TOLERANCE, answer: Answer = "pixels") -> AnnotationMode:
    """Build ``image``.

    Args:
        tolerance: Pixels by which the outlines of an image may miss its label map. Their corners are what the
            image costs, where every pixel is labelled: fewer with a larger tolerance.
        answer: What the annotator says of an image, as of a window of ``region``.

    Raises:
        AlsegError: If the tolerance is negative.
    """
    from alseg_baselines.modes import WholeImage

    if not tolerance >= 0:
        raise AlsegError(f"Annotation mode 'image': tolerance must be at least 0, not {tolerance}.")
    return WholeImage(tolerance, answer)
