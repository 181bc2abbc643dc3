"""Words that all contracts share."""

from __future__ import annotations

from typing import Literal

IGNORE_INDEX = 255
"""The value of void pixels, and of pixels nobody has labelled, in every label map."""

OUTLINE_TOLERANCE = 2.0
"""Pixels by which the outlines of an image may miss its label map, where nothing else is said."""

WINDOW_OVERLAP = 1 / 3
"""Share of a sliding window that the next one covers, too, where nothing else is said."""

Size = tuple[int, int]
"""Height and width in pixels."""

Precision = Literal["32-true", "16-mixed", "bf16-mixed", "16-true", "bf16-true", "64-true"]
"""How numbers are rounded in training and inference, by Lightning Fabric's names."""

Need = str
"""What an acquisition can ask to see: one of `NEEDS`, or ``output:NAME``, an output of model or recipe."""

BACKBONE_FEATURES = "backbone_features"
"""What a recipe can ask of a network: the last feature map of its pretrained part."""

TRUE_LABELS = "true_labels"
"""What an acquisition can ask to see that no method can have: the labels of the pool. It is an upper mark."""

WITHOUT_NETWORK = ("regions", "bought", "revealed", TRUE_LABELS)
"""What an acquisition can ask to see for which no image is read and nothing predicted."""

NEEDS = (
    *("logits", "probs", "features", "image", "regions", "moments", "bought", "revealed", "previous"),
    TRUE_LABELS,
)
"""What an acquisition can ask to see besides named outputs. ``logits`` and ``probs`` are one need with two
names, either of which gives both, since probabilities are the softmax of the logits."""

NAME_LOGITS = "Name 'logits' or 'probs' there: either gives both."
"""The remedy where logits or probabilities are read that no need names."""
