"""The only holder of target labels: it answers questions, bills them and paints what has been bought.

Nothing else in a run can read a target training label. Acquisitions and annotation modes get predictions and
positions; the training loop gets label maps painted here, void wherever nobody has paid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import CLICKS_PER_IMAGE, IGNORE_INDEX, AnnotationMode, Cost, Dataset, Picks, Size
from alseg.imaging import resize_label_nearest, resize_label_points
from alseg.ledger import Purchase, all_positions


class Oracle:
    """Answers questions about the target training images.

    It is pickled to loader workers, which paint label maps there.

    Args:
        dataset: The target training split.
        translation: uint8 ``(256,)``: the data set's label values to the scenario's.
        mode: What a question is; None where nothing is asked.
        everything: Whether all labels are known from the start (the fully supervised reference).
        training_size: Size to which label maps are resized for training, for counting trained pixels; None
            for the native size.
        point_resize: Whether that resize keeps every bought pixel (`resize_label_points`) or samples a grid.
    """

    def __init__(
        self,
        dataset: Dataset,
        translation: NDArray[np.uint8],
        *,
        mode: AnnotationMode | None = None,
        everything: bool = False,
        training_size: Size | None = None,
        point_resize: bool = True,
    ) -> None:
        if everything and mode is not None:
            raise ValueError("An oracle that has revealed everything has nothing left to ask.")
        self._dataset = dataset
        self._translation = translation
        self._mode = mode
        self._everything = everything
        self._training_size = training_size
        self._point_resize = point_resize
        self._purchases: list[Purchase] = []
        self._trained: dict[str, int] = {}
        self._index = {dataset.image_id(index): index for index in range(len(dataset))}
        self._full_cost: Cost | None = None

    @property
    def image_ids(self) -> Sequence[str]:
        """The pool's images, in order."""
        return list(self._index)

    @property
    def purchases(self) -> Sequence[Purchase]:
        """All purchases, oldest first."""
        return tuple(self._purchases)

    def asked(self, image_id: str) -> NDArray[np.int32]:
        """Return where an image has been asked about, int32 ``(m, 2)`` rows ``(y, x)``."""
        return all_positions(self._purchases, image_id)

    def pixels_bought(self, image_id: str) -> int:
        """Return how many pixels of an image have been bought, void ones included."""
        return sum(
            int(purchase.of_image(image_id)["pixels"].sum(dtype=np.int64)) for purchase in self._purchases
        )

    def answer(self, picks: Mapping[str, Picks]) -> Purchase:
        """Answer a round's questions and bill them.

        Args:
            picks: Image id to questions.

        Returns:
            The purchase, already part of this oracle.

        Raises:
            ValueError: If the annotation mode's footprint disagrees with the pixels it claimed.
        """
        mode = self._require_mode()
        void: dict[str, NDArray[np.int64]] = {}
        for image_id, asked in picks.items():
            if not len(asked):
                continue
            index = self._index[image_id]
            earlier = self.asked(image_id)
            footprint = mode.footprint(np.concatenate([earlier, asked.positions]), self._dataset.size(index))
            new = footprint - len(earlier)
            revealed = np.bincount(new[new >= 0], minlength=len(asked))
            if not np.array_equal(revealed, asked.pixels):
                raise ValueError(f"The annotation mode billed {asked.pixels} pixels but revealed {revealed}.")
            is_void = self._labels(index) == IGNORE_INDEX
            void[image_id] = np.bincount(new[(new >= 0) & is_void], minlength=len(asked))
        purchase = Purchase.of(picks, void, mode.questions_per_pick)
        self.restore(purchase)
        return purchase

    def restore(self, purchase: Purchase) -> None:
        """Take a purchase, of this process or an earlier one, as bought."""
        self._purchases.append(purchase)
        for image_id in purchase.spans:
            self._trained[image_id] = self._count_trained(self._index[image_id])

    def revealed(self, index: int) -> NDArray[np.uint8]:
        """Return an image's label map as far as it is bought, uint8 ``(H, W)``, 255 elsewhere."""
        if self._everything:
            return self._labels(index)
        positions = self.asked(self._dataset.image_id(index))
        size = self._dataset.size(index)
        if not len(positions):
            return np.full(size, IGNORE_INDEX, np.uint8)
        footprint = self._require_mode().footprint(positions, size)
        return np.where(footprint >= 0, self._labels(index), np.uint8(IGNORE_INDEX))

    def training_label(self, index: int, size: Size) -> NDArray[np.uint8]:
        """Return an image's label map as far as it is bought, resized, uint8 of ``size``, 255 elsewhere."""
        label = self.revealed(index)
        if label.shape == size:
            return label
        dense = self._everything or not self._point_resize
        return (resize_label_nearest if dense else resize_label_points)(label, size)

    @property
    def cost(self) -> Cost:
        """What all labels bought so far have cost."""
        if self._everything:
            if self._full_cost is None:
                self._full_cost = self._cost_of_everything()
            return self._full_cost
        pixels = sum(purchase.pixels for purchase in self._purchases)
        return Cost(
            pixels=pixels,
            valid_pixels=pixels - sum(purchase.void for purchase in self._purchases),
            trained_pixels=sum(self._trained.values()),
            questions=sum(purchase.questions for purchase in self._purchases),
            images=len(self._trained),
        )

    def _cost_of_everything(self) -> Cost:
        pixels = valid = trained = 0
        for index in range(len(self._dataset)):
            label = self._labels(index)
            pixels += label.size
            valid += int(np.count_nonzero(label != IGNORE_INDEX))
            trained += self._count_trained(index)
        images = len(self._dataset)
        return Cost(
            pixels=pixels,
            valid_pixels=valid,
            trained_pixels=trained,
            questions=images * CLICKS_PER_IMAGE,
            images=images,
        )

    def _count_trained(self, index: int) -> int:
        label = self.training_label(index, self._training_size or self._dataset.size(index))
        return int(np.count_nonzero(label != IGNORE_INDEX))

    def _labels(self, index: int) -> NDArray[np.uint8]:
        return self._translation[self._dataset.label(index)]

    def _require_mode(self) -> AnnotationMode:
        if self._mode is None:
            raise ValueError("This oracle was made without an annotation mode: nothing can be asked.")
        return self._mode
