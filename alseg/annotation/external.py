"""People as the annotator: what they have said of questions, from the answers that the run keeps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alseg.annotation.accepted import AcceptedAnswers
from alseg.annotation.annotator import Annotator
from alseg.annotation.answering import Said, said_in_sets
from alseg.contracts import IGNORE_INDEX, AnnotationMode, Dataset, RegionAnnotationMode
from alseg.errors import AlsegError
from alseg.guard.answers import answer_kind


class ExternalAnnotator(Annotator):
    """Says what people have answered; no label map is read.

    Args:
        dataset: The images.
        mode: As for `Annotator`.
        num_classes: Of the label space.
        answers: The answers that count.
    """

    def __init__(
        self,
        dataset: Dataset,
        mode: AnnotationMode | RegionAnnotationMode | None,
        num_classes: int,
        answers: AcceptedAnswers,
    ) -> None:
        super().__init__(dataset, mode, num_classes)
        self._answers = answers

    def said(
        self,
        index: int,
        positions: NDArray[np.int32],
        regions: NDArray[np.int32] | None,
        *,
        wants_sets: bool = False,
    ) -> Said:
        """Return what people said of questions about an image, see `Annotator.said`."""
        footprint = self.footprint(index, positions, regions)
        image_id = self._dataset.image_id(index)
        given = [self._given(image_id, position) for position in map(tuple, positions.tolist())]
        if answer_kind(self._mode) == "pixels":
            classes = _by_pixel(footprint, given, image_id)
            return self._of_pixels(footprint, classes, positions, wants_sets=wants_sets)
        sets = np.zeros((len(given), self._num_classes + 1), np.bool_)
        for row, values in zip(sets, given, strict=True):
            row[np.where(values == IGNORE_INDEX, self._num_classes, values)] = True
        return said_in_sets(footprint, sets)

    def _given(self, image_id: str, position: tuple[int, int]) -> NDArray[np.uint8]:
        values = self._answers.find(image_id, position)
        if values is None:
            raise AlsegError(
                f"The answer to the question about pixel {position} of {image_id} is missing from the run's "
                "folder, which says that it was bought. Put the files in rounds/*/answers back, or begin "
                "the run anew with --fresh."
            )
        return values


def _by_pixel(
    footprint: NDArray[np.int32], given: list[NDArray[np.uint8]], image_id: str
) -> NDArray[np.uint8]:
    """Return the classes of all pixels of a footprint, row after row, uint8 ``(m,)``.

    Raises:
        AlsegError: If an answer is about another number of pixels than its question.
    """
    questions = footprint[footprint >= 0]
    asked = np.bincount(questions, minlength=len(given)).tolist()
    lengths = [len(values) for values in given]
    if asked != lengths:
        raise AlsegError(
            f"The answers about {image_id} are about other pixels than the questions: the data, the "
            "annotation mode or the partition changed since. Put them back as they were, or begin the run "
            "anew with --fresh."
        )
    classes = np.empty(len(questions), np.uint8)
    classes[np.argsort(questions, kind="stable")] = np.concatenate([np.zeros(0, np.uint8), *given])
    return classes
