"""Confusion counts per image at native label size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.contracts import Dataset, Size
from alseg.data.cache import uncached
from alseg.guard.answers import checked_label
from alseg.guard.calls import guarded
from alseg.inference.predict import InferenceOptions, predict
from alseg.toolkit.labels import translated
from alseg.toolkit.metrics import confusion_counts


def evaluate(
    model: Any,
    dataset: Dataset,
    translation: NDArray[np.uint8],
    num_classes: int,
    options: InferenceOptions,
    on_image: Callable[[], None] = lambda: None,
) -> NDArray[np.int32]:
    """Count, image by image, how often each class was predicted as each class.

    Args:
        model: A `SegmentationModel`, possibly wrapped for a device and precision.
        dataset: The evaluation split.
        translation: uint8 ``(256,)``: the data set's label values to the scenario's.
        num_classes: Number of classes C of the scenario.
        options: How images are fed to the network.
        on_image: Called after every image.

    Returns:
        int32 ``(N, C, C)``, rows ground truth, columns prediction.
    """

    def label_of(index: int, size: Size) -> NDArray[np.uint8]:
        with guarded(uncached(dataset), "label map"):
            label = checked_label(dataset, dataset.label(index), size)
        return translated(label, translation)

    return count_confusions(model, dataset, label_of, num_classes, options, on_image)


def count_confusions(
    model: Any,
    dataset: Dataset,
    label_of: Callable[[int, Size], NDArray[np.uint8]],
    num_classes: int,
    options: InferenceOptions,
    on_image: Callable[[], None] = lambda: None,
) -> NDArray[np.int32]:
    """Count, image by image, how often each class was predicted as each class.

    Args:
        model: A `SegmentationModel`, possibly wrapped for a device and precision.
        dataset: The images; there may be none.
        label_of: Returns the label map of an image in the scenario's label space, uint8 ``(H, W)``, 255 for
            what does not count; given its index and the size of its prediction.
        num_classes: Number of classes C of the scenario.
        options: How images are fed to the network.
        on_image: Called after every image.

    Returns:
        int32 ``(N, C, C)``, rows ground truth, columns prediction.
    """
    counts = np.zeros((len(dataset), num_classes, num_classes), np.int32)
    for prediction in predict(model, dataset, options) if len(dataset) else ():
        guess = prediction.logits.argmax(0).to(device="cpu", dtype=torch.uint8).numpy()
        label = label_of(prediction.index, (guess.shape[0], guess.shape[1]))
        counts[prediction.index] = confusion_counts(guess, label, num_classes)
        on_image()
    summed: NDArray[np.int32] = options.ranks.summed(counts)
    return summed
