"""The data of a scenario: splits of data sets in one label space."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Dataset, LabelSpace, Size
from alseg.data.cache import uncached
from alseg.data.kept import KeptData, key_of
from alseg.files import content_hash
from alseg.guard.calls import guarded


@dataclass(frozen=True)
class Domain:
    """One split of one data set, and how its labels become the scenario's.

    Attributes:
        dataset: The split.
        translation: uint8 ``(256,)``: the data set's label values to the scenario's.
        label_space: The data set's own label space.
        num_classes: Classes of the scenario's label space.
        cache: Folder in which resized images and label maps are kept, or None.
        kept: Keeps what the files hold, for other processes.
    """

    dataset: Dataset
    translation: NDArray[np.uint8]
    label_space: LabelSpace
    num_classes: int
    cache: Path | None = None
    kept: KeptData = field(default_factory=KeptData)

    @property
    def labelled(self) -> bool:
        """Whether the split has label maps."""
        return bool(getattr(uncached(self.dataset), "labelled", True))

    @cached_property
    def class_pixels(self) -> NDArray[np.int64]:
        """Pixels of each class of the scenario in each image, int64 ``(images, classes)``.

        Reads every label map, in several processes and once for all runs that share the data set. Where
        files are as they were, counts of an earlier start are read instead, see `alseg.data.kept`.

        Raises:
            DataError: As `Dataset.label`.
        """
        with guarded(uncached(self.dataset), "label maps"):
            by_value = self.kept.value_counts(self.dataset, self._key)
        pixels = np.zeros((len(by_value), self.num_classes), np.int64)
        for value, index in enumerate(self.translation.tolist()):
            if index < self.num_classes:
                pixels[:, index] += by_value[:, value]
        return pixels

    @cached_property
    def sizes(self) -> tuple[Size, ...]:
        """Height and width of every image, in order.

        Reads the header of every file, once for all runs that share the data set, unless another process
        has kept them in the experiment's folder.

        Raises:
            DataError: As `Dataset.size`.
        """
        with guarded(uncached(self.dataset), "sizes"):
            return self.kept.sizes(self.dataset, self._key)

    @cached_property
    def _key(self) -> str | None:
        return key_of(self.dataset)

    @cached_property
    def listing(self) -> str:
        """Number of images and a hash of their ids and sizes, in order: all one can know without decoding.

        Raises:
            DataError: As `sizes`.
        """
        each = [[self.dataset.image_id(index), *size] for index, size in enumerate(self.sizes)]
        return f"{len(each)} images, {content_hash(each)[:12]}"


@dataclass(frozen=True)
class ScenarioData:
    """The data of a scenario.

    Attributes:
        label_space: In which networks predict and results are given.
        source: Labelled training images.
        target: Unlabelled training images; only `alseg.annotation.revealed` reads their labels.
        evaluation: Target images for evaluation; None where there are no evaluation labels.
    """

    label_space: LabelSpace
    source: Domain
    target: Domain
    evaluation: Domain | None
