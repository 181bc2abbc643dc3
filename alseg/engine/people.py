"""Rounds whose questions people answer: the questions are kept, and the run waits for the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from alseg.annotation.accepted import AcceptedAnswers
from alseg.annotation.answered import AnsweredQuestions
from alseg.config.annotator import People
from alseg.contracts import Picks
from alseg.data.subset import Subset
from alseg.engine.parts import RunParts
from alseg.engine.phases import Phases
from alseg.engine.purchase import QueryPlanner, RoundQueries
from alseg.engine.waiting import Waiting
from alseg.guard.calls import random_state_kept
from alseg.inference.gathering import in_order
from alseg.inference.predict import InferenceOptions, predict
from alseg.storage.answers import read_answers
from alseg.storage.ledger import Purchase
from alseg.storage.questions import Questions


@dataclass(frozen=True)
class PeoplesRounds:
    """Asks people, round by round.

    Args:
        parts: The run, whose labels hold what people have answered.
        people: Who they are, and what is done with their answers.
        answers: What they have answered.
    """

    parts: RunParts
    people: People
    answers: AcceptedAnswers

    @classmethod
    def of(cls, parts: RunParts) -> PeoplesRounds | None:
        """Return how a run asks people; None where nobody is asked."""
        annotator, answers = parts.spec.method.annotator, parts.labels.answers
        people = People.of(annotator) if annotator is not None else None
        return None if people is None or answers is None else cls(parts, people, answers)

    def restore(self, round_number: int) -> None:
        """Know the answers of a round that is bought.

        Raises:
            DamageError: If a file of answers is damaged; names it.
        """
        self.answers.add(read_answers(self.parts.folder.round_folder(round_number)))

    def keep_questions(
        self, planner: QueryPlanner, queries: RoundQueries, phases: Phases, options: InferenceOptions
    ) -> None:
        """Write what a round asks; from then on it is never decided again.

        Args:
            planner: Has decided.
            queries: What it asks.
            phases: Shows and times what the network says of the images.
            options: How predictions are made.
        """
        asked = {image_id: picks for image_id, picks in queries.picks.items() if len(picks)}
        folder = self.parts.folder.round_folder(queries.round)
        predictions = self._predictions(asked, phases, options)
        Questions.write(folder, asked, planner.regions_of(queries, asked), predictions)
        questions = sum(map(len, asked.values()))
        self.parts.log(f"round {queries.round}: asks people {questions} questions about {len(asked)} images")

    def buy(self, planner: QueryPlanner, round_number: int) -> Purchase:
        """Buy the answers of a round.

        Raises:
            Waiting: If more answers are needed.
            DamageError: If a file of questions or answers is damaged; names it.
        """
        folder, labels = self.parts.folder.round_folder(round_number), self.parts.labels
        questions, imports = Questions.read(folder), read_answers(folder)
        self.answers.add(imports)
        queries = RoundQueries(
            picks=questions.picks,
            answers={},
            limits=planner.spending.limits(round_number, labels),
            seconds=0.0,
            adapted=None,
            regions=_regions_in(questions, labels.dataset.image_id),
            round=round_number,
        )
        labels.deciding = queries.regions
        found = AnsweredQuestions.of(questions.picks, self.answers)
        goes_on = self.people.partial == "go-on" or any(each.goes_on for each in imports)
        picks = found.to_buy(labels, queries.limits, planner.oracle.look_up, goes_on=goes_on)
        if picks is None:
            raise Waiting(round_number, found.count, found.total)
        return planner.buy(replace(queries, picks=picks))

    def _predictions(
        self, asked: Mapping[str, Picks], phases: Phases, options: InferenceOptions
    ) -> Iterator[tuple[str, NDArray[np.uint8]]]:
        """Yield the network's classes of the images that are asked about."""
        history, dataset = self.parts.labels.history, self.parts.labels.dataset
        chosen = Subset(dataset, sorted(map(history.index_of, asked)))
        plain = replace(options, passes=None, features=False, image=False, outputs=(), recipe_outputs=None)
        ranks = plain.ranks
        with phases.phase("predict", ranks.share(len(asked))) as on_image, random_state_kept():

            def own() -> Iterator[tuple[int, NDArray[np.uint8]]]:
                for prediction in predict(self.parts.trainer.model, chosen, plain):
                    yield prediction.index, prediction.logits.argmax(dim=0).to("cpu").numpy().astype(np.uint8)
                    on_image()

            for place, classes in in_order(ranks, own(), len(chosen)):
                yield chosen.image_id(place), classes


def _regions_in(
    questions: Questions, image_id_of: Callable[[int], str]
) -> Callable[[int], NDArray[np.int32] | None] | None:
    """Return what gives the regions of an image by index; None where they are the same in all rounds."""
    regions = questions.regions
    return None if regions is None else lambda index: regions.of_image(image_id_of(index))
