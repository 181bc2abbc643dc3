"""Confusion counts to metrics, exact and without torch.

One confusion matrix over the whole set. A class that the ground truth does not hold has no IoU: it is left
out of the mean and named, never counted as 0 or 100.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import IGNORE_INDEX, LabelSpace

SCORER_VERSION = "2"
"""Changes whenever the same counts or logits would give another number.

Version 2 resizes logits from the network's resolution straight to that of the labels, and averages the
softmax of mirrored images there; version 1 went through the input size, and resized averaged probabilities.
"""

_SAME_COUNTS = ("2",)
"""Scorer versions that count the same as this one; counts of others need a new evaluation."""


def counts_are_current(scorer: str) -> bool:
    """Return whether a scorer version's counts are what the present one would count from the same logits.

    Args:
        scorer: Version of the scorer, as a round's files hold it.
    """
    return scorer in _SAME_COUNTS


def confusion_counts(
    prediction: NDArray[np.uint8], label: NDArray[np.uint8], num_classes: int
) -> NDArray[np.int64]:
    """Count how often each class was predicted as each class.

    Args:
        prediction: uint8 ``(H, W)``, class indices below ``num_classes``.
        label: uint8 ``(H, W)``, class indices or 255, which is not counted.
        num_classes: Number of classes C.

    Returns:
        int64 ``(C, C)``, rows ground truth, columns prediction.

    Raises:
        ValueError: If the shapes differ, or a value is neither a class index nor 255 in the label.
    """
    if prediction.shape != label.shape:
        raise ValueError(f"Prediction {prediction.shape} and label {label.shape} differ in shape.")
    valid = label != IGNORE_INDEX
    truth = label[valid].astype(np.int64)
    guess = prediction[valid]
    if truth.size and (int(truth.max()) >= num_classes or int(guess.max()) >= num_classes):
        raise ValueError(f"Classes up to {max(truth.max(), guess.max())} do not fit {num_classes} classes.")
    return np.bincount(truth * num_classes + guess, minlength=num_classes**2).reshape(
        num_classes, num_classes
    )


@dataclass(frozen=True)
class Metrics:
    """What one confusion matrix says, in percent.

    Attributes:
        iou: Per class, true positives over the union; NaN where the ground truth does not hold the class.
        miou: Mean over the classes that have one; NaN if none has.
        accuracy: Share of valid pixels that are right; NaN without valid pixels.
        absent: Names of the classes left out of the mean.
        subsets: Subset name to mean IoU over its classes.
    """

    iou: tuple[float, ...]
    miou: float
    accuracy: float
    absent: tuple[str, ...]
    subsets: dict[str, float]


def metrics_of(counts: NDArray[np.integer], label_space: LabelSpace) -> Metrics:
    """Compute the metrics of one confusion matrix.

    Args:
        counts: Integers ``(C, C)``, rows ground truth, columns prediction.
        label_space: Names the C classes.

    Raises:
        ValueError: If the shape does not fit the label space.
    """
    size = len(label_space.classes)
    if counts.shape != (size, size):
        raise ValueError(
            f"Counts of shape {counts.shape} do not fit the {size} classes of {label_space.name}."
        )
    hits = counts.diagonal().astype(np.float64)
    truth = counts.sum(axis=1, dtype=np.int64)
    union = truth + counts.sum(axis=0, dtype=np.int64) - counts.diagonal()
    iou = np.full(size, np.nan)
    np.divide(100 * hits, union, out=iou, where=truth > 0)
    total = int(truth.sum())
    return Metrics(
        iou=tuple(iou.tolist()),
        miou=_mean(iou),
        accuracy=100 * float(hits.sum()) / total if total else float("nan"),
        absent=tuple(name for name, count in zip(label_space.names, truth, strict=True) if count == 0),
        subsets={
            subset: _mean(iou[[label_space.names.index(name) for name in names]])
            for subset, names in label_space.subsets.items()
        },
    )


def _mean(iou: NDArray[np.float64]) -> float:
    present = iou[~np.isnan(iou)]
    return float(present.mean()) if present.size else float("nan")
