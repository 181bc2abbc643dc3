"""The only holder of target labels: it answers questions, bills them and paints what has been bought.

Inside alseg nothing else reads a target training label. Acquisitions and annotation modes get predictions and
positions; the training loop gets label maps painted here, void wherever nobody has paid.

Plugins run with the rights of the user: one that opens the files of a data set by itself can read every label
in them. Acquisitions know images by opaque tokens only, which prevents mistakes, not intent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import (
    IGNORE_INDEX,
    OUTLINE_TOLERANCE,
    AnnotationMode,
    Answers,
    Cost,
    Dataset,
    Picks,
    Size,
)
from alseg.data.cache import uncached
from alseg.errors import AlsegError
from alseg.guard.answers import checked_footprint, checked_label
from alseg.guard.calls import guarded
from alseg.storage.ledger import Purchase, all_positions, refuse_outside
from alseg.toolkit.clicks import clicks_per_outline, price_of
from alseg.toolkit.imaging import resize_label_nearest, resize_label_points
from alseg.toolkit.labels import translated


@dataclass(frozen=True)
class _Answer:
    """What the questions of a round reveal of one image, with all that was bought of it before.

    Attributes:
        void: int64 ``(n,)``, void pixels of each question.
        clicks: int64 ``(n,)``, what each answer costs.
        trained: Pixels of all that is bought that remain at the size of training.
        classes: int64 ``(255,)``, pixels of each class in all that is bought.
    """

    void: NDArray[np.int64]
    clicks: NDArray[np.int64]
    trained: int
    classes: NDArray[np.int64]


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
        outline_tolerance: Where everything is known, pixels by which outlines may miss the label maps; their
            corners are the price.
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
        outline_tolerance: float = OUTLINE_TOLERANCE,
    ) -> None:
        if everything and mode is not None:
            raise ValueError("An oracle that has revealed everything has nothing left to ask.")
        self._dataset = dataset
        self._translation = translation
        self._mode = mode
        self._everything = everything
        self._training_size = training_size
        self._point_resize = point_resize
        self._outline_tolerance = outline_tolerance
        self._purchases: list[Purchase] = []
        self._trained: dict[str, int] = {}
        self._classes: dict[str, NDArray[np.int64]] = {}
        self._uncounted: set[str] = set()
        self._looked_up: dict[str, tuple[Picks, _Answer]] = {}
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

    def reveal_everything(self) -> None:
        """Reveal all labels from now on, as those of the fully supervised reference.

        Raises:
            ValueError: If labels have been asked for.
        """
        if self._mode is not None:
            raise ValueError("An oracle that answers questions does not reveal everything.")
        self._everything = True

    @property
    def labelled(self) -> Sequence[int]:
        """Indices of the images with bought labels, void ones included, in pool order."""
        if self._everything:
            return range(len(self._dataset))
        touched = {self._index[image_id] for purchase in self._purchases for image_id in purchase.spans}
        return sorted(touched)

    def asked(self, image_id: str) -> NDArray[np.int32]:
        """Return where an image has been asked about, int32 ``(m, 2)`` rows ``(y, x)``."""
        return all_positions(self._purchases, image_id)

    def pixels_bought(self, image_id: str) -> int:
        """Return how many pixels of an image have been bought, void ones included."""
        return sum(
            int(purchase.of_image(image_id)["pixels"].sum(dtype=np.int64)) for purchase in self._purchases
        )

    def look_up(self, image_id: str, picks: Picks) -> None:
        """Look up the answers to all questions of a round about one image, ahead of `answer`.

        Nothing is bought or told by it. It may be called from another thread.

        Args:
            image_id: The image.
            picks: The questions; `answer` must be given the same object.

        Raises:
            ValueError: If the annotation mode's footprint disagrees with the pixels it claimed, or a price is
                no price.
        """
        if len(picks):
            self._looked_up[image_id] = picks, self._look_up(image_id, picks)

    def answer(self, picks: Mapping[str, Picks]) -> Purchase:
        """Answer a round's questions and bill them.

        Args:
            picks: Image id to questions.

        Returns:
            The purchase, already part of this oracle.

        Raises:
            ValueError: If the annotation mode's footprint disagrees with the pixels it claimed, or a price is
                no price.
        """
        answers: dict[str, _Answer] = {}
        for image_id, asked in picks.items():
            if not len(asked):
                continue
            given, answer = self._looked_up.get(image_id, (None, None))
            answers[image_id] = answer if answer and given is asked else self._look_up(image_id, asked)
        self._looked_up.clear()
        void = {image_id: answer.void for image_id, answer in answers.items()}
        clicks = {image_id: answer.clicks for image_id, answer in answers.items()}
        purchase = Purchase.of(picks, void, clicks)
        self._purchases.append(purchase)
        self._trained |= {image_id: answer.trained for image_id, answer in answers.items()}
        self._classes |= {image_id: answer.classes for image_id, answer in answers.items()}
        self._uncounted -= answers.keys()
        return purchase

    def _look_up(self, image_id: str, asked: Picks) -> _Answer:
        with guarded(self._require_mode(), f"answers about {image_id}"):
            return self._looked_up_now(image_id, asked)

    def _looked_up_now(self, image_id: str, asked: Picks) -> _Answer:
        index = self._index[image_id]
        earlier = self.asked(image_id)
        positions = np.concatenate([earlier, asked.positions])
        footprint = self._footprint(positions, self._dataset.size(index))
        label = self._paid_for(index, footprint)
        places = np.flatnonzero(footprint >= len(earlier))
        questions = footprint.reshape(-1)[places].astype(np.int64) - len(earlier)
        revealed = np.bincount(questions, minlength=len(asked))
        if not np.array_equal(revealed, asked.pixels):
            raise ValueError(f"The annotation mode billed {asked.pixels} pixels but revealed {revealed}.")
        classes = label.reshape(-1)[places]
        answers = Answers(len(asked), self._dataset.size(index), places, questions, classes)
        return _Answer(
            void=np.bincount(questions[classes == IGNORE_INDEX], minlength=len(asked)),
            clicks=price_of(answers, self._require_mode()),
            trained=self._count_trained(label),
            classes=_histogram(label),
        )

    def restore(self, purchase: Purchase) -> None:
        """Take a purchase of an earlier process as bought; label maps are read when `cost` is asked for.

        Raises:
            AlsegError: If it is of an image that the data set has not.
        """
        unknown = sorted(purchase.spans.keys() - self._index.keys())
        if unknown:
            raise AlsegError(f"The purchases are damaged or of other data: there is no image {unknown[0]!r}.")
        self._purchases.append(purchase)
        self._uncounted |= purchase.spans.keys()

    def revealed(self, index: int) -> NDArray[np.uint8]:
        """Return an image's label map as far as it is bought, uint8 ``(H, W)``, 255 elsewhere."""
        if self._everything:
            return self._labels(index)
        positions = self.asked(self._dataset.image_id(index))
        size = self._dataset.size(index)
        if not len(positions):
            return np.full(size, IGNORE_INDEX, np.uint8)
        refuse_outside(positions, self._dataset.image_id(index), size)
        return self._paid_for(index, self._footprint(positions, size))

    def training_label(self, index: int, size: Size) -> NDArray[np.uint8]:
        """Return an image's label map as far as it is bought, resized, uint8 of ``size``, 255 elsewhere."""
        return self._resized(self.revealed(index), size)

    @property
    def cost(self) -> Cost:
        """What all labels bought so far have cost."""
        if self._everything:
            if self._full_cost is None:
                self._full_cost = self._cost_of_everything()
            return self._full_cost
        self._count_restored()
        pixels = sum(purchase.pixels for purchase in self._purchases)
        return Cost(
            pixels=pixels,
            valid_pixels=pixels - sum(purchase.void for purchase in self._purchases),
            trained_pixels=sum(self._trained.values()),
            clicks=sum(purchase.clicks for purchase in self._purchases),
            images=len(self._trained),
        )

    @property
    def purchased(self) -> list[NDArray[np.int64]]:
        """Pixels bought of each image, int64 ``(images,)``, for each purchase; knowing everything is one."""
        if self._everything:
            sizes = [self._dataset.size(index) for index in range(len(self._dataset))]
            return [np.array(sizes, np.int64).prod(axis=1)]
        found = []
        for purchase in self._purchases:
            pixels = np.zeros(len(self._dataset), np.int64)
            for image_id in purchase.spans:
                pixels[self._index[image_id]] = purchase.of_image(image_id)["pixels"].sum(dtype=np.int64)
            found.append(pixels)
        return found

    @property
    def bought(self) -> NDArray[np.int64]:
        """How many pixels of each class have been bought so far, int64 ``(255,)``; void ones are none."""
        if self._everything:
            _ = self.cost  # reads all labels, once
        self._count_restored()
        counts = np.zeros(IGNORE_INDEX, np.int64)
        for of_image in self._classes.values():
            counts += of_image
        return counts

    def _count_restored(self) -> None:
        """Count what purchases of an earlier process have revealed."""
        for image_id in self._uncounted:
            with guarded(self._require_mode(), f"answers about {image_id}"):
                label = self.revealed(self._index[image_id])
            self._trained[image_id] = self._count_trained(label)
            self._classes[image_id] = _histogram(label)
        self._uncounted.clear()

    def _cost_of_everything(self) -> Cost:
        pixels = valid = trained = clicks = 0
        everything = np.zeros(IGNORE_INDEX, np.int64)
        for index in range(len(self._dataset)):
            with guarded(uncached(self._dataset), "label map"):
                label = self._labels(index)
            pixels += label.size
            valid += int(np.count_nonzero(label != IGNORE_INDEX))
            trained += self._count_trained(label)
            clicks += clicks_per_outline(label, self._outline_tolerance)
            everything += _histogram(label)
        self._classes = {"": everything}
        return Cost(
            pixels=pixels,
            valid_pixels=valid,
            trained_pixels=trained,
            clicks=clicks,
            images=len(self._dataset),
        )

    def _paid_for(self, index: int, footprint: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Return an image's label map where a footprint is not -1, uint8 ``(H, W)``, 255 elsewhere."""
        label = np.full(footprint.shape, IGNORE_INDEX, np.uint8)
        # Few pixels are bought; looking up them alone spares a pass over all.
        bought = np.flatnonzero(footprint >= 0)
        values = checked_label(self._dataset, self._dataset.label(index), _size_of(label)).reshape(-1)[bought]
        label.reshape(-1)[bought] = self._translation[values]
        return label

    def _footprint(self, positions: NDArray[np.int32], size: Size) -> NDArray[np.int32]:
        mode = self._require_mode()
        return checked_footprint(mode, mode.footprint(positions, size), size)

    def _resized(self, label: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
        dense = self._everything or not self._point_resize
        return (resize_label_nearest if dense else resize_label_points)(label, size)

    def _count_trained(self, label: NDArray[np.uint8]) -> int:
        return int(
            np.count_nonzero(self._resized(label, self._training_size or _size_of(label)) != IGNORE_INDEX)
        )

    def _labels(self, index: int) -> NDArray[np.uint8]:
        return translated(self._dataset.label(index), self._translation)

    def _require_mode(self) -> AnnotationMode:
        if self._mode is None:
            raise ValueError("This oracle was made without an annotation mode: nothing can be asked.")
        return self._mode


def _size_of(label: NDArray[np.uint8]) -> Size:
    return label.shape[0], label.shape[1]


def _histogram(label: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return how many pixels of each class a label map holds, int64 ``(255,)``, without void."""
    return np.bincount(label.reshape(-1), minlength=IGNORE_INDEX + 1)[:IGNORE_INDEX].astype(np.int64)
