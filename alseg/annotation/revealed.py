"""Target labels as far as they are known: label maps for training, and what they have cost.

Inside alseg nothing else but the annotator reads a target training label. Acquisitions and annotation modes
get predictions and positions; the training loop gets the label maps of `RevealedLabels`, void wherever nobody
has paid. The one exception are upper marks, acquisitions that declare that they see the labels of the pool:
`RevealedLabels.true_label` is for them.

Plugins run with the rights of the user: one that opens the files of a data set by itself can read every label
in them. Acquisitions know images by opaque tokens only, which prevents mistakes, not intent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from alseg.annotation.accepted import AcceptedAnswers
from alseg.annotation.annotator import SimulatedAnnotator
from alseg.annotation.answering import Said
from alseg.annotation.external import ExternalAnnotator
from alseg.annotation.held_out import HeldOut
from alseg.annotation.history import PurchaseHistory
from alseg.annotation.label_count import FullCount, LabelCount, TrainingResize, count_everything
from alseg.contracts import (
    IGNORE_INDEX,
    OUTLINE_TOLERANCE,
    AnnotationMode,
    Cost,
    Dataset,
    RegionAnnotationMode,
    SimulatedErrors,
    Size,
)
from alseg.data.cache import uncached
from alseg.data.partitions import RegionMaps
from alseg.data.training_answers import TrainingAnswers
from alseg.guard.answers import checked_label
from alseg.guard.calls import guarded
from alseg.storage.derived import DerivedMaps
from alseg.storage.ledger import Purchase, refuse_other_regions, refuse_outside
from alseg.toolkit.imaging import resize_label_nearest
from alseg.toolkit.labels import translated


class RevealedLabels:
    """Label maps of the target training images as far as they are known.

    They are pickled to loader workers, which paint label maps there.

    Args:
        dataset: The target training split.
        translation: uint8 ``(256,)``: the data set's label values to the scenario's.
        mode: What a question reveals; None where nothing is asked.
        regions: The regions of the images, where questions are about them.
        everything: Whether all labels are known from the start (the fully supervised reference).
        training_size: Size to which label maps are resized for training, for counting trained pixels; None
            for the native size.
        point_resize: Whether that resize keeps every bought pixel (`resize_label_points`) or samples a grid.
        outline_tolerance: Where everything is known, pixels by which outlines may miss the label maps; their
            corners are the price.
        num_classes: Of the label space; the most that there can be unless given.
        errors: How the annotator errs; None for an annotator who does not.
        held_out: The images whose answers training never sees; None for none.
        answers: What people have answered, where they are the annotator: then no label map is read. It may
            grow, before what was asked is looked up.

    Attributes:
        history: What has been bought.
        answers: What people have answered; None where label maps do.
        derived: Label maps of a recipe that take the place of what was revealed in training; None for none.
        deciding: Gives the regions of an image in a round that is being decided on, where the partition
            follows the network, by index; None for an image that it does not know yet.

    Raises:
        ValueError: If everything is known and there is a mode.
    """

    def __init__(
        self,
        dataset: Dataset,
        translation: NDArray[np.uint8],
        *,
        mode: AnnotationMode | RegionAnnotationMode | None = None,
        regions: RegionMaps | None = None,
        everything: bool = False,
        training_size: Size | None = None,
        point_resize: bool = True,
        outline_tolerance: float = OUTLINE_TOLERANCE,
        num_classes: int = IGNORE_INDEX,
        errors: SimulatedErrors | None = None,
        held_out: HeldOut | None = None,
        answers: AcceptedAnswers | None = None,
    ) -> None:
        if everything and mode is not None:
            raise ValueError("Where everything is revealed, nothing is left to ask.")
        self.dataset = dataset
        self.mode = mode
        self._regions = regions
        self._translation = translation
        self._annotator = (
            SimulatedAnnotator(dataset, translation, mode, num_classes, errors)
            if answers is None
            else ExternalAnnotator(dataset, mode, num_classes, answers)
        )
        self.answers = answers
        self._everything = everything
        self._training_size = training_size
        self._point_resize = point_resize
        self._outline_tolerance = outline_tolerance
        self._num_classes = num_classes
        self._held_out = held_out
        self.history = PurchaseHistory(dataset)
        self.derived: DerivedMaps | None = None
        self.deciding: Callable[[int], NDArray[np.int32] | None] | None = None
        self._counts: dict[str, LabelCount] = {}
        self._uncounted: set[str] = set()
        self._full_count: FullCount | None = None

    @property
    def labelled(self) -> Sequence[int]:
        """Indices of the images with bought labels for training, void ones included, in pool order."""
        touched = range(len(self.dataset)) if self._everything else self.history.touched
        if self._held_out is None:
            return touched
        return [index for index in touched if not self.withholds(index)]

    @property
    def withheld(self) -> Sequence[int]:
        """Indices of the images with bought labels that training never sees, in pool order."""
        touched = range(len(self.dataset)) if self._everything else self.history.touched
        return [index for index in touched if self.withholds(index)]

    @property
    def withheld_answers(self) -> int:
        """Number of answers about the images that training never sees; one each where all is known."""
        if self._everything:
            return len(self.withheld)
        return sum(len(self.history.positions(self.dataset.image_id(index))) for index in self.withheld)

    def withholds(self, index: int) -> bool:
        """Whether answers about an image are held out of training."""
        return self._is_held_out(self.dataset.image_id(index))

    def _is_held_out(self, image_id: str) -> bool:
        return self._held_out is not None and self._held_out.holds(image_id)

    def reveal_everything(self) -> None:
        """Reveal all labels from now on, as those of the fully supervised reference.

        Raises:
            ValueError: If labels are asked for.
        """
        if self.mode is not None:
            raise ValueError("Labels that are asked for are not revealed all at once.")
        self._everything = True

    def follow_pool(self) -> None:
        """Take note that the data set shows another pool now; what has been bought stays."""
        self.history.follow_pool()
        self._full_count = None

    def add(self, purchase: Purchase, counts: Mapping[str, LabelCount]) -> None:
        """Reveal what has been bought just now.

        Args:
            purchase: The purchase.
            counts: Image id to the count of all that is bought of an image of the purchase.
        """
        self.history.append(purchase)
        self._counts |= counts
        self._uncounted -= counts.keys()

    def restore(self, purchase: Purchase) -> None:
        """Reveal what an earlier process has bought; its label maps are read when costs are asked for.

        Raises:
            AlsegError: If it is of an image that the data set has not, or of regions that there are not.
        """
        if self._regions is not None:
            for image_id in purchase.spans:
                index = self.history.index_of(image_id)
                kept, size = purchase.regions, self.dataset.size(index)
                regions = None if kept is None else kept.of_size(image_id, size)
                if regions is None:
                    regions = self._regions.regions(index)
                refuse_other_regions(purchase.of_image(image_id), image_id, regions)
        self.history.append(purchase)
        self._uncounted |= purchase.spans.keys()

    def revealed(self, index: int) -> NDArray[np.uint8]:
        """Return an image's label map as far as it is bought, uint8 ``(H, W)``, 255 elsewhere."""
        if self._everything:
            return translated(self.dataset.label(index), self._translation)
        positions = self._bought_positions(index)
        if not len(positions):
            return np.full(self.dataset.size(index), IGNORE_INDEX, np.uint8)
        return self.said(index, positions).label

    def true_label(self, index: int) -> NDArray[np.uint8]:
        """Return an image's whole label map, paid for or not, uint8 ``(H, W)``, 255 for void.

        For acquisitions that declare that they see it, which are upper marks; never for training.

        Raises:
            ValueError: If people are the annotator: nobody knows the label maps then.
        """
        if self.answers is not None:
            raise ValueError("Where people answer, there are no true labels to see.")
        with guarded(uncached(self.dataset), "label map"):
            whole = checked_label(self.dataset, self.dataset.label(index), self.dataset.size(index))
        return translated(whole, self._translation)

    def disclosed(self, index: int) -> NDArray[np.uint8]:
        """Return what is revealed of an image and not held out, as acquisitions may see it."""
        if self.withholds(index):
            return np.full(self.dataset.size(index), IGNORE_INDEX, np.uint8)
        return self.revealed(index)

    def training_label(self, index: int, size: Size) -> NDArray[np.uint8]:
        """Return an image's label map as far as it is bought, resized, uint8 of ``size``, 255 elsewhere.

        Where a recipe has derived another one, that one. Nothing of an image whose answers are held out.
        """
        if self.withholds(index):
            return np.full(size, IGNORE_INDEX, np.uint8)
        return self._training_label(index, None, size)

    def training_answers(self, index: int, size: Size) -> TrainingAnswers:
        """Return an image's label map as far as it is bought, with the answers that gave it, resized."""
        positions = self._bought_positions(index)
        if self._everything or not len(positions) or self.withholds(index):
            nowhere = np.full(size, -1, np.int32)
            nothing = np.zeros((0, self._num_classes + 1), np.bool_)
            return TrainingAnswers(self.training_label(index, size), nowhere, nothing)
        said = self.said(index, positions, wants_sets=True)
        assert said.sets is not None
        label = self._training_label(index, said.label, size)
        return TrainingAnswers(label, resize_label_nearest(said.footprint, size), said.sets)

    def said(self, index: int, positions: NDArray[np.int32], *, wants_sets: bool = False) -> Said:
        """Return what the annotator says of questions about an image, whether they are bought or not.

        Args:
            index: The image.
            positions: int32 ``(n, 2)`` rows ``(y, x)``, one for each question, at least one.
            wants_sets: Whether the sets of classes are wanted where every pixel has its own class, too.

        Raises:
            AnswerError: If the mode's footprint or kind of answer is none.
        """
        return self._annotator.said(index, positions, self.regions(index), wants_sets=wants_sets)

    def footprint(self, index: int, positions: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return which question about an image reveals each of its pixels.

        Args:
            index: The image.
            positions: int32 ``(n, 2)`` rows ``(y, x)``, one for each question.

        Returns:
            int32 ``(H, W)``: the question's place in ``positions``, -1 where none does.

        Raises:
            ValueError: If there is no mode, or its footprint is none.
        """
        return self._annotator.footprint(index, positions, self.regions(index))

    def regions(self, index: int) -> NDArray[np.int32] | None:
        """Return the regions that questions about an image are about, int32 ``(H, W)``, not to be changed.

        Where the partition follows the network, these are the ones of the round that is being decided on,
        else of the last one in which the image was asked about: what was asked before stays as it was. None
        where questions are not about regions.
        """
        if self._regions is None:
            return None
        found = self.deciding(index) if self.deciding is not None else None
        if found is None:
            found = self.history.regions(self.dataset.image_id(index))
        return self._regions.regions(index) if found is None else found

    def bought(self, index: int) -> NDArray[np.bool_]:
        """Return the pixels of an image that have been bought, bool ``(H, W)``."""
        positions = self.history.positions(self.dataset.image_id(index))
        if not len(positions):
            return np.zeros(self.dataset.size(index), np.bool_)
        bought: NDArray[np.bool_] = self.footprint(index, positions) >= 0
        return bought

    def cost(self) -> Cost:
        """Return what all labels known so far have cost; reads label maps that have not been counted yet."""
        if self._everything:
            return self._count_everything().cost
        self._count_restored()
        purchases = self.history.purchases
        pixels = sum(purchase.pixels for purchase in purchases)
        return Cost(
            pixels=pixels,
            valid_pixels=pixels - sum(purchase.void for purchase in purchases),
            trained_pixels=sum(
                count.trained for name, count in self._counts.items() if not self._is_held_out(name)
            ),
            clicks=sum(purchase.clicks for purchase in purchases),
            images=len(self._counts),
        )

    def pixels_by_class(self) -> NDArray[np.int64]:
        """Return how many pixels of each class are known so far, int64 ``(255,)``; void ones are none.

        Reads label maps that have not been counted yet.
        """
        if self._everything:
            return self._count_everything().classes
        self._count_restored()
        pixels = np.zeros(IGNORE_INDEX, np.int64)
        for count in self._counts.values():
            pixels += count.classes
        return pixels

    def pixels_by_purchase(self) -> list[NDArray[np.int64]]:
        """Return pixels bought of each image, int64 ``(images,)``, for each purchase; knowing all is one."""
        if self._everything:
            sizes = [self.dataset.size(index) for index in range(len(self.dataset))]
            return [np.array(sizes, np.int64).prod(axis=1)]
        return self.history.pixels_by_purchase()

    def count(self, label: NDArray[np.uint8]) -> LabelCount:
        """Return what training can use of a label map, uint8 ``(H, W)``, 255 where it is not known."""
        return self._resize.count(label)

    def _bought_positions(self, index: int) -> NDArray[np.int32]:
        """Return where an image has been asked about, int32 ``(m, 2)``, checked to lie in it."""
        image_id = self.dataset.image_id(index)
        positions = self.history.positions(image_id)
        refuse_outside(positions, image_id, self.dataset.size(index))
        return positions

    def _training_label(
        self, index: int, revealed: NDArray[np.uint8] | None, size: Size
    ) -> NDArray[np.uint8]:
        """Return what is derived of an image, or else revealed (looked up where None is given), resized."""
        derived = self.derived.label(self.dataset.image_id(index)) if self.derived is not None else None
        if derived is None:
            derived = self.revealed(index) if revealed is None else revealed
        return self._resize.resized(derived, size)

    def _count_restored(self) -> None:
        """Count what purchases of an earlier process have revealed."""
        for image_id in self._uncounted:
            with guarded(self.mode, f"answers about {image_id}"):
                label = self.revealed(self.history.index_of(image_id))
            self._counts[image_id] = self.count(label)
        self._uncounted.clear()

    def _count_everything(self) -> FullCount:
        """Count all label maps, once."""
        if self._full_count is None:
            trained = [not self.withholds(index) for index in range(len(self.dataset))]
            self._full_count = count_everything(
                zip(self._all_labels(), trained, strict=True), self._resize, self._outline_tolerance
            )
        return self._full_count

    def _all_labels(self) -> Iterator[NDArray[np.uint8]]:
        for index in range(len(self.dataset)):
            with guarded(uncached(self.dataset), "label map"):
                label = self.revealed(index)
            yield label

    @property
    def _resize(self) -> TrainingResize:
        return TrainingResize(self._training_size, self._point_resize and not self._everything)
