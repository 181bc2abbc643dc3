"""Words that all contracts share."""

from __future__ import annotations

from typing import Literal

IGNORE_INDEX = 255
"""The value of void pixels, and of pixels nobody has labelled, in every label map."""

OUTLINE_TOLERANCE = 2.0
"""Pixels by which the outlines of an image may miss its label map, where nothing else is said."""

Size = tuple[int, int]
"""Height and width in pixels."""

Need = Literal["logits", "probs", "features", "image"]
"""What an acquisition can ask to see. All but the image come from the model."""
