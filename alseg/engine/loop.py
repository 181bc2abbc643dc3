"""The active-learning loop of one run.

    for each round:  ACQUIRE -> ANNOTATE -> TRAIN -> EVALUATE -> COMMIT

Round 0 buys nothing: it is source training, which runs that have it in common share. A recipe that derives
label maps does so within TRAIN, see `alseg.engine.derivation`. Every arrow is a point from which an
interrupted run goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import numpy as np
from numpy.typing import NDArray

from alseg.acquisition.job import Pool
from alseg.config.experiment import RunSpec
from alseg.engine.answers_predicted import predict_held_out, predict_new_answers
from alseg.engine.books import copy_books
from alseg.engine.context import RunContext
from alseg.engine.derivation import use_derived
from alseg.engine.kept_examples import keep_examples
from alseg.engine.parts import RunParts, make_parts
from alseg.engine.people import PeoplesRounds
from alseg.engine.phases import Phases
from alseg.engine.purchase import QueryPlanner, RoundQueries
from alseg.engine.quarantine import quarantine_damaged
from alseg.engine.resume import resume
from alseg.engine.round_protocol import start_round
from alseg.engine.round_record import commit_round, replay_round
from alseg.engine.source_training import train_source
from alseg.engine.steps import Steps
from alseg.errors import DamageError
from alseg.evaluation.confusion import evaluate
from alseg.guard.calls import random_state_kept
from alseg.storage.derived import DerivedMaps
from alseg.storage.disk_space import require_space
from alseg.storage.examples import read_examples
from alseg.storage.ledger import Purchase
from alseg.storage.live import LiveFile
from alseg.storage.questions import Questions
from alseg.storage.round_files import read_counts
from alseg.storage.run_folder import RunFolder


def run(spec: RunSpec, folder: RunFolder, context: RunContext) -> None:
    """Do what is left of a run; the caller holds the folder's lock.

    Raises:
        Interrupted: If asked to stop; the run goes on from there when called again.
        Waiting: If people have been asked who have not answered yet; the run goes on from there, too.
        AlsegError: If data, weights or the folder are faulty.
        AcquisitionError: If the acquisition returned something that cannot be used.
        DivergedError: If the loss is no longer finite.
    """
    for problem in quarantine_damaged(folder, len(spec.rounds) + 1):
        context.tell(folder, problem)
    copy_books(folder, context.ranks)
    Loop(make_parts(spec, folder, context)).go()


class Loop:
    """The rounds of a run.

    Args:
        parts: What the run consists of.
    """

    def __init__(self, parts: RunParts) -> None:
        self.parts = parts
        self.live = LiveFile(parts.folder.path)
        self.phases = Phases(parts.context, self.live)
        self.steps = Steps(parts)
        self.people = PeoplesRounds.of(parts)

    def go(self) -> None:
        """Do what is left of the run."""
        parts, folder, trainer = self.parts, self.parts.folder, self.parts.trainer
        resume(parts)
        require_space(folder.checkpoint, trainer.state.largest_size())
        for round_number, stop in enumerate(parts.stages):
            self.phases = Phases(parts.context, self.live)
            if round_number > 0:
                self.buy(round_number)
            if folder.round_is_committed(round_number) and trainer.iteration >= stop:
                DerivedMaps.forget(folder.round_folder(round_number))
                if parts.context.ranks.is_first:
                    replay_round(parts, round_number)
                continue
            if round_number == 0 and not parts.labels.labelled:
                counts = train_source(parts, partial(self.train, round_number))
            else:
                counts = self.train(round_number)
            self.commit(round_number, counts)
        if not read_examples(folder.path, parts.num_classes):
            keep_examples(parts, self.phases, folder.path, parts.inference_options(for_acquisition=False))
        parts.save_weights()

    def buy(self, round_number: int) -> None:
        """Ask for the labels of a round and pay for them, or learn all of them."""
        parts, folder = self.parts, self.parts.folder
        parts.labels.derived = None  # derived from what had been bought before
        parts.settle_pool(round_number)
        if parts.planner is not None:
            if folder.purchase_is_committed(round_number):
                if self.people is not None:
                    self.people.restore(round_number)
                parts.labels.restore(Purchase.read(folder.round_folder(round_number)))
            else:
                purchase = self.purchase(round_number, parts.planner)
                purchase.write(folder.round_folder(round_number))
                parts.log(
                    f"round {round_number}: bought {purchase.pixels} pixels "
                    f"({purchase.void} without a class) with {purchase.clicks} clicks "
                    f"in {len(purchase.spans)} images"
                )
            parts.planner.forget(round_number)
            if not folder.round_is_committed(round_number):
                predict_new_answers(parts, self.phases, round_number)
        elif parts.spec.method.target_labels == "all":
            parts.labels.reveal_everything()
        parts.target_order.buy(parts.stages[round_number - 1], parts.labels.labelled)

    def purchase(self, round_number: int, planner: QueryPlanner) -> Purchase:
        """Choose what to ask, and get the answers; people are asked once, and their answers waited for.

        Raises:
            Waiting: If people have not answered enough.
        """
        if self.people is None:
            return planner.buy(self.acquire(round_number, planner))
        if not Questions.committed(self.parts.folder.round_folder(round_number)):
            queries = self.acquire(round_number, planner)
            options = self.parts.inference_options(for_acquisition=True, round_number=round_number)
            self.people.keep_questions(planner, queries, self.phases, options)
            planner.forget(round_number)
        return self.people.buy(planner, round_number)

    def acquire(self, round_number: int, planner: QueryPlanner) -> RoundQueries:
        """Choose what to ask."""
        parts, needs = self.parts, planner.method.needs
        options = parts.inference_options(for_acquisition=True, round_number=round_number)
        images = parts.context.ranks.share(planner.images_to_see)
        with self.phases.phase("acquire", images, timed=False) as on_image:
            pool = self.pool(round_number, planner, on_image)
            with random_state_kept():  # acquisitions of other runs may be asked, too
                queries = planner.decide(round_number, pool, parts.trainer.state)
            self.phases.add("acquire", queries.seconds)
        if "previous" in needs:
            parts.keep_network(round_number)
        folder = parts.folder.round_folder(round_number)
        keep_examples(parts, self.phases, folder, options, partial(planner.score, pool, queries))
        return queries

    def pool(self, round_number: int, planner: QueryPlanner, on_image: Callable[[], None]) -> Pool:
        """Return the images of which a round asks, as the network sees them."""
        parts = self.parts
        options = parts.inference_options(for_acquisition=True, round_number=round_number)
        compares = "previous" in planner.method.needs
        return Pool(
            dataset=parts.data.target.dataset,
            num_classes=parts.num_classes,
            model=parts.trainer.model,
            options=options if planner.needs_predictions else None,
            seed_axes=(parts.spec.seed, round_number),
            previous=parts.previous_network(round_number) if compares else None,
            source=parts.source_images(),
            round=round_number,
            rounds=len(parts.spec.rounds),
            ranks=parts.context.ranks,
            on_image=on_image,
        )

    def train(self, round_number: int) -> NDArray[np.int32] | None:
        """Train to the end of a round and count confusions, int32 ``(N, C, C)``; None without evaluation."""
        parts, derivation = self.parts, self.parts.derivations.get(round_number)
        if derivation is not None and parts.trainer.iteration < parts.stages[round_number]:
            if derivation > parts.stages[round_number - 1]:
                start_round(parts, round_number)
                self.steps.train(derivation, self.phases)
            use_derived(parts, self.phases, round_number)
        if round_number > 0:
            start_round(parts, round_number)
        self.steps.train(self.parts.stages[round_number], self.phases)
        return self.evaluate(round_number)

    def evaluate(self, round_number: int) -> NDArray[np.int32] | None:
        """Count confusions, unless that has been done and only the metrics are missing."""
        parts, evaluation = self.parts, self.parts.data.evaluation
        predict_held_out(parts, self.phases, round_number)
        if evaluation is None:
            return None
        path = parts.folder.counts_of(round_number)
        if path.exists():
            with suppress(DamageError):
                return read_counts(path)
        images = parts.context.ranks.share(len(evaluation.dataset))
        with self.phases.phase("evaluate", images) as on_image:
            return evaluate(
                parts.trainer.model,
                evaluation.dataset,
                evaluation.translation,
                parts.num_classes,
                parts.inference_options(for_acquisition=False),
                on_image,
            )

    def commit(self, round_number: int, counts: NDArray[np.int32] | None) -> None:
        """Write the round; from then on it is never done again."""
        if self.parts.context.ranks.is_first:
            commit_round(self.parts, round_number, counts, self.phases.seconds)
        DerivedMaps.forget(self.parts.folder.round_folder(round_number))
        self.parts.context.stop.check()
