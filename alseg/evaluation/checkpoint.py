"""Evaluation of any checkpoint, ours or not, at native label size with one confusion matrix over the set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.contracts import Dataset
from alseg.errors import AlsegError
from alseg.evaluation.prediction_files import SavePrediction
from alseg.inference.predict import InferenceOptions, predict
from alseg.toolkit.labels import translated
from alseg.toolkit.metrics import confusion_counts
from alseg.toolkit.weights import find_state_dict, load_exactly, read_checkpoint
from alseg.training import checkpoint


@dataclass(frozen=True)
class Weights:
    """A network's weights as found in a file.

    Attributes:
        state: Names to tensors.
        iteration: Optimiser steps taken, where the file says so.
    """

    state: Mapping[str, torch.Tensor]
    iteration: int | None


def read_weights(path: Path, parts: Sequence[str]) -> Weights:
    """Read weights from a checkpoint of alseg, a plain state dict, or one state dict for each part.

    Args:
        path: The file.
        parts: Names of the network's parts. A file with a state dict under one of these names at least, as
            the RIPU authors publish them, is read as such; its other content is left alone.

    Raises:
        AlsegError: If the file is missing, damaged, of a later version or holds no weights.
    """
    content = read_checkpoint(path)
    iteration = content.get("iteration")
    known = iteration if isinstance(iteration, int) else None
    by_part = {part: content[part] for part in parts if isinstance(content.get(part), Mapping)}
    if by_part:
        joined = {
            f"{part}.{name}": tensor
            for part, own in by_part.items()
            for name, tensor in find_state_dict(own, path).items()
        }
        return Weights(joined, known)
    if "format" in content and content["format"] != checkpoint.FORMAT:
        raise AlsegError(f"{path} has format {content['format']}; this version reads {checkpoint.FORMAT}.")
    return Weights(find_state_dict(content, path), known)


def fill(model: torch.nn.Module, path: Path, what: str) -> int | None:
    """Load a checkpoint into a network; every weight must have its counterpart.

    Args:
        model: Changed in place.
        path: The file.
        what: What the network is, for messages.

    Returns:
        The iteration at which the weights were saved, or None where the file does not say.

    Raises:
        AlsegError: As `read_weights`, and if names or shapes differ.
    """
    weights = read_weights(path, [name for name, _ in model.named_children()])
    load_exactly(model, weights.state, path, what=what)
    return weights.iteration


def evaluate_all(
    model: Any,
    dataset: Dataset,
    translation: NDArray[np.uint8],
    num_classes: int,
    options: InferenceOptions,
    *,
    save: Sequence[SavePrediction] = (),
    on_image: Callable[[], None] = lambda: None,
) -> NDArray[np.int64]:
    """Count over all images how often each class was predicted as each class.

    Args:
        model: A `SegmentationModel`, possibly wrapped for a device and precision.
        dataset: The split.
        translation: uint8 ``(256,)``: the data set's label values to those of the network's label space.
        num_classes: Number of classes C that the network predicts.
        options: How images are fed to the network.
        save: Given every prediction at label size.
        on_image: Called after every image.

    Returns:
        int64 ``(C, C)``, rows ground truth, columns prediction.
    """
    counts = np.zeros((num_classes, num_classes), np.int64)
    for prediction in predict(model, dataset, options):
        guess = prediction.logits.argmax(0).to(device="cpu", dtype=torch.uint8).numpy()
        label = translated(dataset.label(prediction.index), translation)
        counts += confusion_counts(guess, label, num_classes)
        for write in save:
            write(dataset.image_id(prediction.index), guess)
        on_image()
    return counts
