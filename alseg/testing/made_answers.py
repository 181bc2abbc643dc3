"""Made-up answers of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.contracts import IGNORE_INDEX, AnswerKind, Answers, Size


def made_answers(
    kind: AnswerKind,
    places: NDArray[np.int64],
    questions: NDArray[np.int64],
    *,
    count: int,
    size: Size,
    num_classes: int,
) -> Answers:
    """Return answers about one image: every fifth pixel is void, the others have random classes.

    Args:
        kind: What is said of a question.
        places: int64 ``(m,)``, the pixels revealed, ``y * width + x``.
        questions: int64 ``(m,)``, the question that reveals each.
        count: Number of questions, each with a pixel.
        size: Height and width of the label map.
        num_classes: Of the label space.
    """
    random = np.random.default_rng(0)
    columns = random.integers(0, num_classes, len(places))
    columns[::5] = num_classes
    counts = np.zeros((count, num_classes + 1), np.int64)
    np.add.at(counts, (questions, columns), 1)
    sets = counts > 0
    if kind == "classes":
        columns = np.where(sets.sum(axis=1) == 1, sets.argmax(axis=1), num_classes)[questions]
    elif kind != "pixels":
        columns = counts.argmax(axis=1)[questions]
    return Answers(
        count=count,
        size=size,
        places=places,
        questions=questions,
        classes=np.where(columns == num_classes, IGNORE_INDEX, columns).astype(np.uint8),
        kind=kind,
        sets=sets if kind == "classes" else None,
        proposed=random.integers(0, num_classes, count).astype(np.uint8) if kind == "correction" else None,
    )


def made_batch_answers(labels: torch.Tensor | None, num_classes: int) -> dict[str, Any]:
    """Return ``target_regions`` and ``target_classes`` of a batch whose questions are stripes of 8 columns.

    Nothing is asked in rows without a label. Every second answer is a set of two classes, of every second of
    these void is one; the others name the class of their first pixel.

    Args:
        labels: int64 ``(B, H, W)``, 255 where unknown; None where there are no target images.
        num_classes: Of the label space.
    """
    if labels is None:
        return {}
    batch, _, width = labels.shape
    stripes = torch.arange(width).div(8, rounding_mode="floor")
    asked = (labels != IGNORE_INDEX).any(dim=-1, keepdim=True)
    regions = torch.where(asked, stripes, -1).expand(labels.shape).clone()
    count = int(regions.max()) + 1
    classes = torch.zeros((batch, count, num_classes + 1), dtype=torch.bool)
    for question in range(count):
        first = labels[:, 0, 8 * question].clamp(max=num_classes)
        classes[torch.arange(batch), question, first] = True
        if question % 2:
            classes[:, question, num_classes if question % 4 == 3 else 0] = True
    return {"target_regions": regions, "target_classes": classes}
