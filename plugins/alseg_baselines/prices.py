"""What answers cost at most where each class said is a click."""

from __future__ import annotations

from alseg.contracts import AnswerKind


def most_classes_said(answer: AnswerKind, pixels: int, classes: int) -> int:
    """Return the most classes that an annotator can say of a question, void being one.

    Args:
        answer: What is said of it.
        pixels: That it has.
        classes: Of the label space, without void.
    """
    return 1 if answer in ("dominant", "correction") else min(pixels, classes + 1)
