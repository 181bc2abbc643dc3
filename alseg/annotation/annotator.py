"""Annotators: what is said of questions about an image, from its label map or from what people answered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import cast

import numpy as np
from numpy.typing import NDArray

from alseg.annotation.answering import Said, answered, seen_in
from alseg.contracts import (
    IGNORE_INDEX,
    AnnotationMode,
    Dataset,
    RegionAnnotationMode,
    SimulatedErrors,
    Size,
)
from alseg.guard.answers import answer_kind, checked_footprint, checked_label
from alseg.toolkit.annotator_errors import spoken_without_errors


class Annotator(ABC):
    """Says what is asked about images.

    Args:
        dataset: The images.
        mode: What a question reveals, and what is said of it; None where nothing is asked.
        num_classes: Of the label space.
    """

    def __init__(
        self, dataset: Dataset, mode: AnnotationMode | RegionAnnotationMode | None, num_classes: int
    ) -> None:
        self._dataset, self._mode, self._num_classes = dataset, mode, num_classes

    def footprint(
        self, index: int, positions: NDArray[np.int32], regions: NDArray[np.int32] | None
    ) -> NDArray[np.int32]:
        """Return which question about an image reveals each of its pixels.

        Args:
            index: The image.
            positions: int32 ``(n, 2)`` rows ``(y, x)``, one for each question.
            regions: int32 ``(H, W)`` that questions are about; None where they are about no regions.

        Returns:
            int32 ``(H, W)``: the question's place in ``positions``, -1 where none does.

        Raises:
            ValueError: If there is no mode, or its footprint is none.
        """
        if self._mode is None:
            raise ValueError("These labels have no annotation mode: nothing can be asked.")
        size = self._dataset.size(index)
        if regions is None:
            footprint = cast(AnnotationMode, self._mode).footprint(positions, size)
        else:
            footprint = cast(RegionAnnotationMode, self._mode).footprint(positions, size, regions=regions)
        return checked_footprint(self._mode, footprint, size)

    @abstractmethod
    def said(
        self,
        index: int,
        positions: NDArray[np.int32],
        regions: NDArray[np.int32] | None,
        *,
        wants_sets: bool = False,
    ) -> Said:
        """Return what is said of questions about an image.

        Args:
            index: The image.
            positions: int32 ``(n, 2)`` rows ``(y, x)``, one for each question, at least one.
            regions: As for `footprint`.
            wants_sets: Whether the sets of classes are wanted where every pixel has its own class, too.

        Raises:
            AnswerError: If the mode's footprint or kind of answer is none.
            AlsegError: If people have not answered one, or answered about other pixels.
        """

    def _of_pixels(
        self,
        footprint: NDArray[np.int32],
        classes: NDArray[np.uint8],
        positions: NDArray[np.int32],
        *,
        wants_sets: bool,
    ) -> Said:
        """Return what is known where every pixel has its own class, said without errors.

        Args:
            footprint: int32 ``(H, W)``: the question that reveals each pixel, -1 where none does.
            classes: uint8 ``(m,)``: the class of each pixel that is not -1, row after row.
            positions: int32 ``(n, 2)``, one for each question.
            wants_sets: Whether the sets of classes are wanted, too.
        """
        if not wants_sets:
            label = np.full(footprint.shape, IGNORE_INDEX, np.uint8)
            label[footprint >= 0] = classes
            return Said(footprint, label, None)
        spoken = spoken_without_errors(len(positions), self._num_classes)
        seen = seen_in(footprint, classes, self._num_classes)
        return answered("pixels", footprint, seen, spoken, wants_sets=True)


class SimulatedAnnotator(Annotator):
    """Reads label maps where questions are about them, and nowhere else.

    Args:
        dataset: The images and their label maps.
        translation: uint8 ``(256,)``: the data set's label values to the scenario's.
        mode: As for `Annotator`.
        num_classes: Of the label space.
        errors: How the annotator errs; None for one who does not.
    """

    def __init__(
        self,
        dataset: Dataset,
        translation: NDArray[np.uint8],
        mode: AnnotationMode | RegionAnnotationMode | None,
        num_classes: int,
        errors: SimulatedErrors | None,
    ) -> None:
        super().__init__(dataset, mode, num_classes)
        self._translation, self._errors = translation, errors

    def said(
        self,
        index: int,
        positions: NDArray[np.int32],
        regions: NDArray[np.int32] | None,
        *,
        wants_sets: bool = False,
    ) -> Said:
        """Return what is said of questions about an image, see `Annotator.said`."""
        footprint = self.footprint(index, positions, regions)
        kind, classes = answer_kind(self._mode), self._classes(index, footprint)
        if kind == "pixels" and self._errors is None:
            return self._of_pixels(footprint, classes, positions, wants_sets=wants_sets)
        if self._errors is None:
            spoken = spoken_without_errors(len(positions), self._num_classes)
        else:
            image_id = self._dataset.image_id(index)
            spoken = self._errors.spoken(positions, self._num_classes, image_id)
        seen = seen_in(footprint, classes, self._num_classes)
        return answered(kind, footprint, seen, spoken, wants_sets=wants_sets)

    def _classes(self, index: int, footprint: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Return the classes that are seen where a footprint is not -1, uint8 ``(m,)``, row after row."""
        # Few pixels are bought; looking up them alone spares a pass over all.
        places = np.flatnonzero(footprint >= 0)
        size: Size = self._dataset.size(index)
        whole = checked_label(self._dataset, self._dataset.label(index), size)
        if self._errors is not None:
            places = self._errors.looked_at(places, size, self._dataset.image_id(index))
        return self._translation[whole.reshape(-1)[places]]
