"""Bounds of numbers that several plugins and the experiment file have in common.

A parameter states its bounds in its type: ``Annotated[int, Interval(ge=1, le=4096)]``, or one of these names.
"""

from __future__ import annotations

from typing import Annotated

from annotated_types import Interval

Iterations = Annotated[int, Interval(ge=1, le=1_000_000_000)]
"""Optimiser steps."""

BatchSize = Annotated[int, Interval(ge=0, le=65_536)]
"""Images of a step; 0 for none."""

Side = Annotated[int, Interval(ge=1, le=65_536)]
"""Height or width in pixels; ledgers keep places in 16 bits."""

Radius = Annotated[int, Interval(ge=0, le=4_096)]
"""Reach of a window to each side, in pixels."""

Distance = Annotated[int, Interval(ge=0, le=65_536)]
"""Between pixels of one image, in pixels."""

Tolerance = Annotated[float, Interval(ge=0, le=65_536)]
"""By which something may be missed, in pixels."""

Share = Annotated[float, Interval(ge=0, le=1)]
"""A part of a whole, or a probability."""

SomeShare = Annotated[float, Interval(gt=0, le=1)]
"""A part of a whole that is not nothing."""

LearningRate = Annotated[float, Interval(gt=0, le=1_000)]
"""Of an optimiser."""

Weight = Annotated[float, Interval(ge=0, le=1_000_000)]
"""A factor of a loss or of a learning rate; 0 leaves it out."""

Momentum = Annotated[float, Interval(ge=0, lt=1)]
"""Of an optimiser."""

WeightDecay = Annotated[float, Interval(ge=0, le=1_000)]
"""Of an optimiser."""

Power = Annotated[float, Interval(ge=0, le=100)]
"""Exponent of a decay."""

Temperature = Annotated[float, Interval(ge=0.001, le=1_000)]
"""Divides what goes into a softmax."""

Zoom = Annotated[float, Interval(ge=0.01, le=100)]
"""Factor of an image's height and width."""

ColorStrength = Annotated[float, Interval(ge=0, le=100)]
"""Of random brightness, contrast and saturation: factors are drawn up to 1 plus this."""

Seed = Annotated[int, Interval(ge=0, le=2**63 - 1)]
"""Of random streams."""
