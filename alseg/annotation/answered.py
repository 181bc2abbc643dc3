"""Which of a round's questions are answered, and whether the run can go on with these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alseg.annotation.accepted import AcceptedAnswers
from alseg.annotation.allowance import Limits
from alseg.annotation.oracle import Answer
from alseg.annotation.price_limit import answers_within
from alseg.annotation.rank_order import rank_order
from alseg.annotation.revealed import RevealedLabels
from alseg.contracts import Picks

LookUp = Callable[[str, Picks], Answer]


@dataclass(frozen=True)
class AnsweredQuestions:
    """The answered questions of a round.

    Attributes:
        picks: Image id to all questions of the round.
        answered: Image id to bool ``(n,)``: which of them people have answered.
    """

    picks: Mapping[str, Picks]
    answered: Mapping[str, NDArray[np.bool_]]

    @classmethod
    def of(cls, picks: Mapping[str, Picks], answers: AcceptedAnswers) -> AnsweredQuestions:
        """Return which questions have an answer."""
        found = {
            image_id: np.array(
                [answers.find(image_id, (y, x)) is not None for y, x in asked.positions.tolist()], np.bool_
            )
            for image_id, asked in picks.items()
        }
        return cls(picks, found)

    @property
    def count(self) -> int:
        """How many are answered."""
        return sum(int(each.sum()) for each in self.answered.values())

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(map(len, self.picks.values()))

    def to_buy(
        self, labels: RevealedLabels, limits: Limits, look_up: LookUp, *, goes_on: bool
    ) -> Mapping[str, Picks] | None:
        """Return the questions whose answers a round buys, or None where more answers are needed.

        A budget in clicks may be spent before all questions are answered: then the others need no answer.

        Args:
            labels: What is known of the labels.
            limits: What may be spent.
            look_up: Gives the answers to questions about an image, all of them answered.
            goes_on: Whether the round goes on with what there is.
        """
        if self.count == self.total:
            return self.picks
        if goes_on and self.count:
            return self._apart_from_unanswered(labels)
        if limits.currency != "clicks":
            return None
        pool = labels.history.image_ids
        first = self._until_unanswered(pool) if limits.per_image is None else self._until_unanswered_of_each()
        bought = answers_within(first, pool, limits, look_up)
        spent = {image_id: int(answer.clicks.sum()) for image_id, answer in bought.items()}
        kept = {image_id: len(answer.picks) for image_id, answer in bought.items()}

        def ended(image_id: str, left: int) -> bool:
            return kept.get(image_id, 0) < len(first.get(image_id, ())) or left < 1

        if limits.per_image is None:
            left = limits.pool - sum(spent.values())
            is_over = any(ended(image_id, left) for image_id in first)
        else:
            is_over = all(
                self.answered[image_id].all()
                or ended(
                    image_id, limits.of_image(labels.history.index_of(image_id)) - spent.get(image_id, 0)
                )
                for image_id in self.picks
            )
        return first if is_over else None

    def _until_unanswered(self, pool: Sequence[str]) -> dict[str, Picks]:
        """Return the questions before the first unanswered one, in rank order over the pool."""
        asked = [image_id for image_id in pool if len(self.picks.get(image_id, ()))]
        kept = dict.fromkeys(asked, 0)
        for place in rank_order([self.picks[image_id] for image_id in asked]).owner.tolist():
            image_id = asked[place]
            if not self.answered[image_id][kept[image_id]]:
                break
            kept[image_id] += 1
        return {image_id: self.picks[image_id].first(count) for image_id, count in kept.items()}

    def _until_unanswered_of_each(self) -> dict[str, Picks]:
        """Return the questions before the first unanswered one of each image."""
        return {
            image_id: asked.first(int(np.append(self.answered[image_id], False).argmin()))
            for image_id, asked in self.picks.items()
        }

    def _apart_from_unanswered(self, labels: RevealedLabels) -> dict[str, Picks]:
        """Return the answered questions, but those that share pixels with an unanswered one asked before.

        Such a question would reveal pixels of the other, about which nobody was asked.
        """
        return {
            image_id: _apart(labels, image_id, asked, self.answered[image_id])
            for image_id, asked in self.picks.items()
        }


def _apart(labels: RevealedLabels, image_id: str, asked: Picks, answered: NDArray[np.bool_]) -> Picks:
    """Return the answered questions about one image that reveal what they revealed with all others."""
    index, earlier = labels.history.index_of(image_id), labels.history.positions(image_id)
    kept = asked
    keep = answered
    while True:
        kept = _chosen(asked, keep)
        footprint = labels.footprint(index, np.concatenate([earlier, kept.positions]))
        pixels = np.bincount(footprint[footprint >= 0], minlength=len(earlier) + len(kept))[len(earlier) :]
        same = pixels == kept.pixels
        if same.all():
            return kept
        keep = keep.copy()
        keep[np.flatnonzero(keep)[~same]] = False


def _chosen(asked: Picks, keep: NDArray[np.bool_]) -> Picks:
    proposed = None if asked.proposed is None else asked.proposed[keep]
    return Picks(asked.positions[keep], asked.scores[keep], asked.pixels[keep], proposed)
