"""The simulated annotator: it answers what is asked, from the label maps, and says what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alseg.annotation.label_count import LabelCount
from alseg.annotation.revealed import RevealedLabels
from alseg.contracts import IGNORE_INDEX, Answers, Picks
from alseg.guard.answers import answer_kind
from alseg.guard.calls import guarded
from alseg.storage.asked_regions import AskedRegions
from alseg.storage.ledger import Purchase
from alseg.toolkit.clicks import price_of


@dataclass(frozen=True)
class Answer:
    """What a round's questions about one image reveal, with their price.

    Attributes:
        picks: The questions, at least one.
        void: int64 ``(n,)``, pixels of each question to which its answer gives no class: void ones, and those
            for which a set leaves several possible.
        clicks: int64 ``(n,)``, what each answer costs.
        count: Of all that is bought of the image once these questions are.
    """

    picks: Picks
    void: NDArray[np.int64]
    clicks: NDArray[np.int64]
    count: LabelCount


class Oracle:
    """Answers questions about the target training images.

    Args:
        labels: The label maps, and what is known of them; they have an annotation mode.

    Raises:
        ValueError: If they have none.
    """

    def __init__(self, labels: RevealedLabels) -> None:
        if labels.mode is None:
            raise ValueError("An oracle needs an annotation mode: without one, nothing can be asked.")
        self.labels = labels
        self._mode = labels.mode

    def look_up(self, image_id: str, picks: Picks) -> Answer:
        """Look up the answers to all questions of a round about one image; nothing is bought by it.

        It may be called from another thread.

        Args:
            image_id: The image.
            picks: The questions, at least one.

        Raises:
            ValueError: If the annotation mode's footprint disagrees with the pixels it claimed, or a price is
                no price.
        """
        with guarded(self._mode, f"answers about {image_id}"):
            return self._looked_up(image_id, picks)

    def buy(self, answers: Mapping[str, Answer], regions: AskedRegions | None = None) -> Purchase:
        """Buy the answers to a round's questions.

        Args:
            answers: Image id to answer, each looked up after the round before was bought.
            regions: Of the images, where the partition follows the network; they are kept with the purchase.

        Returns:
            The purchase, from now on part of the revealed labels.
        """
        purchase = Purchase.of(
            {image_id: answer.picks for image_id, answer in answers.items()},
            {image_id: answer.void for image_id, answer in answers.items()},
            {image_id: answer.clicks for image_id, answer in answers.items()},
            regions,
        )
        self.labels.add(purchase, {image_id: answer.count for image_id, answer in answers.items()})
        return purchase

    def answer(self, picks: Mapping[str, Picks]) -> Purchase:
        """Look up and buy the answers to a round's questions.

        Args:
            picks: Image id to questions; images may have none.

        Raises:
            ValueError: As for `look_up`.
        """
        return self.buy(
            {image_id: self.look_up(image_id, asked) for image_id, asked in picks.items() if len(asked)}
        )

    def _looked_up(self, image_id: str, asked: Picks) -> Answer:
        index = self.labels.history.index_of(image_id)
        earlier = self.labels.history.positions(image_id)
        said = self.labels.said(index, np.concatenate([earlier, asked.positions]))
        footprint, label = said.footprint, said.label
        places = np.flatnonzero(footprint >= len(earlier))
        questions = footprint.reshape(-1)[places].astype(np.int64) - len(earlier)
        pixels = np.bincount(questions, minlength=len(asked))
        if not np.array_equal(pixels, asked.pixels):
            raise ValueError(f"The annotation mode billed {asked.pixels} pixels but revealed {pixels}.")
        kind = answer_kind(self._mode)
        answers = Answers(
            count=len(asked),
            size=(label.shape[0], label.shape[1]),
            places=places,
            questions=questions,
            classes=label.reshape(-1)[places],
            kind=kind,
            sets=said.sets[len(earlier) :] if kind == "classes" and said.sets is not None else None,
            proposed=asked.proposed,
        )
        return Answer(
            picks=asked,
            void=np.bincount(questions[answers.classes == IGNORE_INDEX], minlength=len(asked)),
            clicks=price_of(answers, self._mode),
            count=self.labels.count(label),
        )
