"""Images of a run with label maps: what it bought, or what its final network predicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Dataset, LabelledImage, LabelledImages
from alseg.inspection.saved_run import SavedRun
from alseg.toolkit import imaging


class Counted:
    """Label maps that are counted as they are read.

    Attributes:
        count: How many were read.
        images: The label maps.
    """

    def __init__(self, found: LabelledImages) -> None:
        self.count = 0
        self.images = replace(found, images=self._read(found.images))

    def _read(self, images: Iterator[LabelledImage]) -> Iterator[LabelledImage]:
        for image in images:
            self.count += 1
            yield image


def bought_labels(run: SavedRun, last: int) -> LabelledImages:
    """Return the label maps of the images that were asked about up to a round; of all, where all are known.

    Args:
        run: The run.
        last: The round; later purchases are left out.
    """

    def images() -> Iterator[LabelledImage]:
        labels = run.labels(last)
        asked = {
            image_id
            for number, bought in run.purchases.items()
            if number <= last
            for image_id in bought.spans
        }
        for index, image_id in enumerate(run.pool.image_ids):
            if image_id in asked or run.target_labels == "all":
                label = labels.revealed(index)
                yield LabelledImage(image_id, label, _reader(run.pool.dataset, index, label))

    return LabelledImages(run.space, f"Labels of {run.folder.name} up to round {last}.", False, images())


def predicted_labels(run: SavedRun, device: str) -> LabelledImages:
    """Return what the final network predicts of all evaluation images, or of the pool where there are none.

    Args:
        run: The run.
        device: In the words of ``settings.device``.
    """

    def images() -> Iterator[LabelledImage]:
        split = run.evaluation or run.pool
        dataset = split.dataset
        for index, predicted in run.predict(split, range(len(dataset)), device):
            classes = predicted.classes
            yield LabelledImage(dataset.image_id(index), classes, _reader(dataset, index, classes))

    return LabelledImages(run.space, f"Predictions of {run.folder.name}.", True, images())


def _reader(dataset: Dataset, index: int, label: NDArray[np.uint8]) -> Callable[[], NDArray[np.uint8]]:
    """Return what reads an image at the size of its label map."""
    size = (label.shape[0], label.shape[1])
    return lambda: imaging.image_of_size(dataset.image(index), size)
