"""Builders: the typed parameters that experiment files may set. Torch is imported only when one is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from alseg import AlsegError
from alseg.contracts import (
    OUTLINE_TOLERANCE,
    BatchSize,
    ColorStrength,
    Distance,
    Iterations,
    LearningRate,
    Momentum,
    Power,
    Radius,
    Side,
    SomeShare,
    Tolerance,
    Weight,
    WeightDecay,
    Zoom,
)

if TYPE_CHECKING:
    from alseg.contracts import AnnotationMode, Recipe, ScoreAcquisition, SelectAcquisition


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


def core_set() -> SelectAcquisition:
    """Build ``core-set``."""
    from alseg_baselines.acquisitions import CoreSet

    return CoreSet()


def region(radius: Radius = 1, spacing: Distance | None = None) -> AnnotationMode:
    """Build ``region``.

    Args:
        radius: The window reaches this many pixels to each side of its centre.
        spacing: After a pick, no other within this Chebyshev distance, in this round or later; at least twice
            the radius, which is the default, so that windows never overlap.

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
    return Window(radius=radius, spacing=distance)


def pixel(spacing: Distance = 32) -> AnnotationMode:
    """Build ``pixel``.

    Args:
        spacing: After a pick, no other within this Chebyshev distance, in this round or later. The paper's
            value belongs to label maps of 2048 x 1024; smaller ones want less.

    Raises:
        AlsegError: If the spacing is negative.
    """
    from alseg_baselines.modes import Window

    if spacing < 0:
        raise AlsegError(f"Annotation mode 'pixel': spacing must be at least 0, not {spacing}.")
    return Window(radius=0, spacing=spacing)


def image(tolerance: Tolerance = OUTLINE_TOLERANCE) -> AnnotationMode:
    """Build ``image``.

    Args:
        tolerance: Pixels by which the outlines of an image may miss its label map. Their corners are what the
            image costs: fewer with a larger tolerance.

    Raises:
        AlsegError: If the tolerance is negative.
    """
    from alseg_baselines.modes import WholeImage

    if not tolerance >= 0:
        raise AlsegError(f"Annotation mode 'image': tolerance must be at least 0, not {tolerance}.")
    return WholeImage(tolerance)


def plain(
    iterations: Iterations = 40000,
    decay_iterations: Iterations | None = None,
    optimizer: Literal["sgd", "adamw"] = "sgd",
    learning_rate: LearningRate = 2.5e-4,
    head_factor: Weight = 10.0,
    momentum: Momentum = 0.9,
    weight_decay: WeightDecay = 5e-4,
    power: Power = 0.9,
    source_batch: BatchSize = 2,
    target_batch: BatchSize = 2,
    source_size: tuple[Side, Side] | None = (720, 1280),
    target_size: tuple[Side, Side] | None = (640, 1280),
    flip: bool = False,
    scale: tuple[Zoom, Zoom] = (1.0, 1.0),
    color: ColorStrength = 0.0,
    sampling: Literal["shuffle", "class-balanced"] = "shuffle",
    label_resize: Literal["point", "nearest"] = "point",
    target_sampling: Literal["uniform", "labelled"] = "uniform",
    labelled_share: SomeShare = 0.5,
) -> Recipe:
    """Build ``plain``.

    Args:
        iterations: Optimiser steps in a run.
        decay_iterations: Steps over which the learning rate would decay to zero; None for ``iterations``.
        optimizer: ``sgd`` with momentum, or ``adamw``.
        learning_rate: Of the backbone at the start.
        head_factor: The head's learning rate in units of the backbone's.
        momentum: Of ``sgd``.
        weight_decay: Of both optimisers.
        power: Of the polynomial decay.
        source_batch: Source images per step; 0 trains on the target alone.
        target_batch: Target images per step; 0 trains on the source alone.
        source_size: Height and width of source inputs in pixels; None for the native size.
        target_size: The same for the target.
        flip: Whether images are mirrored at random.
        scale: Lowest and highest factor of a random zoom.
        color: Strength of random brightness, contrast and saturation.
        sampling: How source images are drawn.
        label_resize: How bought labels shrink, see `alseg.contracts.DataPlan`.
        target_sampling: How target images are drawn: ``uniform``, or ``labelled`` for a share of them from
            images with bought labels, once there are any.
        labelled_share: That share of the target images, above 0 and at most 1.
    """
    given = dict(locals())
    from alseg.toolkit.recipes import SupervisedRecipe

    return SupervisedRecipe(name="plain", optimizer_name=given.pop("optimizer"), **given)
