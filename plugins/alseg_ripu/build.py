"""Builders: the typed parameters that experiment files may set. Torch is imported only when one is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from alseg import AlsegError
from alseg.contracts import (
    BatchSize,
    ColorStrength,
    Interval,
    Iterations,
    LearningRate,
    Momentum,
    Power,
    Share,
    Side,
    SomeShare,
    Weight,
    WeightDecay,
    Zoom,
)

if TYPE_CHECKING:
    from alseg.contracts import Recipe, ScoreAcquisition


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


def recipe(
    iterations: Iterations = 40000,
    decay_iterations: Iterations = 62500,
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
    consistency: Weight = 0.1,
    consistency_distance: Literal["l1", "kl"] = "l1",
    negative_learning: Weight = 1.0,
    negative_threshold: Share = 0.05,
    flip: bool = False,
    scale: tuple[Zoom, Zoom] = (1.0, 1.0),
    color: ColorStrength = 0.0,
    sampling: Literal["shuffle", "class-balanced"] = "class-balanced",
    label_resize: Literal["point", "nearest"] = "point",
    target_sampling: Literal["uniform", "labelled"] = "uniform",
    labelled_share: SomeShare = 0.5,
) -> Recipe:
    """Build ``ripu``.

    Args:
        iterations: Optimiser steps in a run.
        decay_iterations: Steps over which the learning rate would decay to zero; the paper stops before.
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
        consistency: Weight of the consistency loss on the source; 0 leaves it out.
        consistency_distance: ``l1``, or ``kl``, the Kullback-Leibler divergence.
        negative_learning: Weight of the negative-learning loss on the target; 0 leaves it out.
        negative_threshold: Probability below which a class counts as surely wrong.
        flip: Whether images are mirrored at random.
        scale: Lowest and highest factor of a random zoom.
        color: Strength of random brightness, contrast and saturation.
        sampling: How source images are drawn.
        label_resize: How bought labels shrink, see `alseg.contracts.DataPlan`.
        target_sampling: How target images are drawn: ``uniform`` as in the paper, or ``labelled`` for a share
            of them from images with bought labels, once there are any.
        labelled_share: That share of the target images, above 0 and at most 1.

    Raises:
        AlsegError: If there is nothing to train on, or a number is out of range.
    """
    given = dict(locals())
    from alseg_ripu.recipe import Ripu

    return Ripu(name="ripu", optimizer_name=given.pop("optimizer"), **given)


def _checked_radius(name: str, radius: int) -> int:
    """Return the radius, or refuse one whose window is a single pixel, of which the impurity is always 0."""
    if radius < 1:
        raise AlsegError(f"Acquisition '{name}': radius must be at least 1, not {radius}.")
    return radius
