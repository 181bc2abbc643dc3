"""The questions of a round as whoever takes them to people gets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from alseg.annotation.rank_order import rank_order
from alseg.annotation.revealed import RevealedLabels
from alseg.contracts import AnswerKind, ImageQuestions, LabelSpace, Picks, Question, QuestionSheet, Size, Unit
from alseg.storage.questions import Questions
from alseg.toolkit import imaging


@dataclass(frozen=True)
class AskedImage:
    """The questions of a round about one image, see `alseg.contracts.ImageQuestions`."""

    image_id: str
    size: Size
    questions: Sequence[Question]
    _index: int
    _kept: Questions
    _labels: RevealedLabels

    def image(self) -> NDArray[np.uint8]:
        """Return the RGB image at the size of its label map, in which positions are, uint8 ``(H, W, 3)``."""
        return imaging.image_of_size(self._labels.dataset.image(self._index), self.size)

    def footprint(self) -> NDArray[np.int32]:
        """Return which question each pixel belongs to, int32 ``(H, W)``: its place, -1 where none does."""
        earlier = self._labels.history.positions(self.image_id)
        positions = np.concatenate([earlier, self._kept.picks[self.image_id].positions])
        return np.maximum(self._labels.footprint(self._index, positions) - len(earlier), -1).astype(np.int32)

    def prediction(self) -> NDArray[np.uint8] | None:
        """Return the network's classes, uint8 ``(H, W)``; None where the run kept none."""
        predictions = self._kept.predictions
        return None if predictions is None else predictions.of_image(self.image_id)


def sheet_of(
    questions: Questions,
    labels: RevealedLabels,
    *,
    experiment: str,
    run: str,
    round_number: int,
    kind: AnswerKind,
    unit: str,
    space: LabelSpace,
) -> QuestionSheet:
    """Return the questions of a round.

    Args:
        questions: What is asked.
        labels: What is known of the labels; their regions are those of the round.
        experiment: Name of the experiment.
        run: Name of the run's folder.
        round_number: From 1.
        kind: What is said of a question.
        unit: What a question is about.
        space: The classes.
    """
    pool = [image_id for image_id in labels.history.image_ids if image_id in questions.picks]
    ranks = _ranks([questions.picks[image_id] for image_id in pool])
    images = []
    for image_id, numbers in zip(pool, ranks, strict=True):
        index = labels.history.index_of(image_id)
        asked = _questions(image_id, questions.picks[image_id], numbers)
        images.append(AskedImage(image_id, labels.dataset.size(index), asked, index, questions, labels))
    return QuestionSheet(
        experiment=experiment,
        run=run,
        round=round_number,
        kind=kind,
        unit=cast(Unit, unit),
        label_space=space,
        images=cast(Sequence[ImageQuestions], images),
    )


def _ranks(picks: Sequence[Picks]) -> list[NDArray[np.int64]]:
    """Return the rank of every question of each image, from 1, int64 ``(n,)`` each."""
    order = rank_order(picks).order
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(1, len(order) + 1)
    return np.split(ranks, np.cumsum([len(each) for each in picks])[:-1])


def _questions(image_id: str, picks: Picks, numbers: NDArray[np.int64]) -> list[Question]:
    proposed = [None] * len(picks) if picks.proposed is None else picks.proposed.tolist()
    return [
        Question(number=number, image_id=image_id, position=(y, x), pixels=pixels, proposed=proposal)
        for number, (y, x), pixels, proposal in zip(
            numbers.tolist(), picks.positions.tolist(), picks.pixels.tolist(), proposed, strict=True
        )
    ]
