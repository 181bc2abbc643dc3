"""A pool that images join from round to round: what a data set lists, in an order of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Dataset, Size
from alseg.errors import DataError
from alseg.registry.datasets import is_labelled


class GrowingPool:
    """The images of one round's pool, by index; `show` turns it into that of another round.

    An image that the data set has no more keeps its place as long as its pool is shown: name and size are
    known, and reading it raises `DataError`.

    Args:
        dataset: The split, as it is listed now.
        images: Image id to size, the images of the pool in order; of the data set's own images the sizes are
            those that it gives itself.
        sizes: Those of the data set's images, in its order, where they are known.
    """

    group: Callable[[int], str]
    """The group of an image, only where the data set has groups."""

    stamp: Callable[[int], str]
    """Another text whenever an image may be another one, only where the data set has stamps."""

    def __init__(
        self, dataset: Dataset, images: Mapping[str, Size], sizes: Sequence[Size] | None = None
    ) -> None:
        self.show(dataset, images, sizes)
        if hasattr(dataset, "group"):
            self.group = self._group
        if hasattr(dataset, "stamp"):
            self.stamp = self._stamp

    def show(self, dataset: Dataset, images: Mapping[str, Size], sizes: Sequence[Size] | None = None) -> None:
        """Become the pool of another round.

        Args:
            dataset: As for the class.
            images: As for the class.
            sizes: As for the class.
        """
        places = {dataset.image_id(index): index for index in range(len(dataset))}
        self._dataset = dataset
        self._ids = tuple(images)
        self._places = tuple(places.get(image_id) for image_id in images)
        self._sizes = tuple(
            size if place is None else (dataset.size(place) if sizes is None else sizes[place])
            for place, size in zip(self._places, images.values(), strict=True)
        )

    @property
    def gone(self) -> frozenset[str]:
        """The images that the data set has no more."""
        return frozenset(
            image_id for image_id, place in zip(self._ids, self._places, strict=True) if place is None
        )

    @property
    def labelled(self) -> bool:
        """Whether the split has label maps."""
        return is_labelled(self._dataset)

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._ids)

    def image_id(self, index: int) -> str:
        """Return the image's name."""
        return self._ids[index]

    def size(self, index: int) -> Size:
        """Return height and width of the label map."""
        return self._sizes[index]

    def image(self, index: int) -> NDArray[np.uint8]:
        """Return the RGB image, uint8 ``(H, W, 3)``.

        Raises:
            DataError: If the data set has it no more, or as `Dataset.image`.
        """
        return self._dataset.image(self._place(index))

    def label(self, index: int) -> NDArray[np.uint8]:
        """Return the label map in the data set's own label space, uint8 ``(H, W)``, 255 for void.

        Raises:
            DataError: If the data set has it no more, or as `Dataset.label`.
        """
        return self._dataset.label(self._place(index))

    def _group(self, index: int) -> str:
        place = self._places[index]
        return self._ids[index] if place is None else str(self._dataset.group(place))  # type: ignore[attr-defined]

    def _stamp(self, index: int) -> str:
        return str(self._dataset.stamp(self._place(index)))  # type: ignore[attr-defined]

    def _place(self, index: int) -> int:
        place = self._places[index]
        if place is None:
            raise DataError(
                f"Image {self._ids[index]} is gone from the target's split, but the pool of this round has "
                "it. Put it back until the next purchase, which leaves images out that are gone; or begin "
                "the run anew with --fresh."
            )
        return place
