"""Words that all contracts share."""

from __future__ import annotations

from typing import Literal

IGNORE_INDEX = 255
"""The value of void pixels, and of pixels nobody has labelled, in every label map."""

CLICKS_PER_IMAGE = 1700
"""Clicks that outlining everything in one street image takes, about: the cost of a fully labelled image."""

Size = tuple[int, int]
"""Height and width in pixels."""

Need = Literal["logits", "probs", "features", "image"]
"""What an acquisition can ask to see. All but the image come from the model."""
