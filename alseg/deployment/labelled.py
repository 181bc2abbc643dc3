"""Images of a run with label maps: what it bought, or what its final network predicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Dataset, LabelSpace
from alseg.inspection.saved_run import SavedRun


@dataclass(frozen=True)
class LabelledImage:
    """One image with its label map.

    Attributes:
        name: The image's id in its data set, which files are named after.
        label: uint8 ``(H, W)``, class indices, 255 where no class is known.
        read: Returns the image, uint8 RGB ``(H, W, 3)``.
    """

    name: str
    label: NDArray[np.uint8]
    read: Callable[[], NDArray[np.uint8]]


@dataclass(frozen=True)
class LabelledImages:
    """Label maps to be written for another tool.

    Attributes:
        space: Their classes.
        source: Where they come from, in one sentence.
        images: The images, read one after the other.
    """

    space: LabelSpace
    source: str
    images: Iterator[LabelledImage]


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
                yield LabelledImage(image_id, labels.revealed(index), _reader(run.pool.dataset, index))

    return LabelledImages(run.space, f"Labels of {run.folder.name} up to round {last}.", images())


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
            yield LabelledImage(dataset.image_id(index), predicted.classes, _reader(dataset, index))

    return LabelledImages(run.space, f"Predictions of {run.folder.name}.", images())


def _reader(dataset: Dataset, index: int) -> Callable[[], NDArray[np.uint8]]:
    return lambda: dataset.image(index)
