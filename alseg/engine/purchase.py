"""What a run buys in a round, decided alone or together with runs that have the same network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.acquisition.acquire import acquire, acquire_together
from alseg.acquisition.adapted_regions import AdaptedRegions
from alseg.acquisition.job import Pool, QueryJob
from alseg.acquisition.scoring import score_of
from alseg.annotation.allowance import BudgetSchedule, Limits
from alseg.annotation.oracle import Answer, Oracle
from alseg.annotation.price_limit import answers_within
from alseg.config.budget import Budget
from alseg.config.experiment import RunSpec
from alseg.contracts import Picks, PreparingAcquisition, ScoreAcquisition
from alseg.engine.assembly import MethodParts
from alseg.engine.companions import companions_of_all
from alseg.engine.context import RunContext
from alseg.engine.pool import RunPool
from alseg.engine.regions import MethodRegions, method_regions
from alseg.engine.shared_acquisition import SharedPoolPass
from alseg.engine.shared_training import SharedTraining, shared_key
from alseg.files import content_hash
from alseg.inference.predict import Prediction
from alseg.storage.asked_regions import AskedRegions
from alseg.storage.ledger import Purchase
from alseg.storage.run_folder import RunFolder
from alseg.training.state import TrainingState


@dataclass(frozen=True, kw_only=True)
class RoundQueries:
    """What a run asks in a round.

    Attributes:
        picks: Image id to questions, within the budget; of one in clicks as many as it affords at the least
            price.
        answers: Image id to answer, of images whose answers were looked up meanwhile.
        limits: What may be spent in the round.
        adapted: The regions of the round as they are made, where the partition follows the network; else
            None.
        regions: Gives the regions of an image of the round by index, where they are kept with the purchase;
            else None.
        round: From 1.
        seconds: How long it took to decide; of a pass for several runs, this run's share.
    """

    picks: Mapping[str, Picks]
    answers: Mapping[str, Answer]
    limits: Limits
    seconds: float
    adapted: AdaptedRegions | None
    regions: Callable[[int], NDArray[np.int32] | None] | None
    round: int


class _Decision(NamedTuple):
    """Picks, and how the time is billed that it took to make them.

    Attributes:
        picks: Image id to questions.
        spent: Seconds that this process has spent in a pass for several runs.
        share: Seconds of a pass for several runs that this run is billed.
    """

    picks: Mapping[str, Picks]
    spent: float = 0.0
    share: float = 0.0


@dataclass(frozen=True, kw_only=True)
class QueryPlanner:
    """Decides what a run asks, and buys the answers.

    Attributes:
        spec: The run.
        method: What its method is made of.
        budget: What it may spend.
        oracle: Answers; knows what has been asked and spent.
        pool: The images, and the data that they are part of.
        context: The other runs, and the folder for what runs share.
        folder: Of the run.
    """

    spec: RunSpec
    method: MethodParts
    budget: Budget
    oracle: Oracle
    pool: RunPool
    context: RunContext
    folder: RunFolder

    @property
    def images_to_see(self) -> int:
        """How many images the acquisition sees in a round, those of a second pass and the source too."""
        passes = 2 if isinstance(self.method.acquisition, PreparingAcquisition) else 1
        of_source = len(self.pool.data.source.dataset) if "source" in self.method.spec.observes else 0
        return passes * len(self.pool.data.target.dataset) + of_source

    @property
    def needs_predictions(self) -> bool:
        """Whether anything of the network is needed to decide what is asked, or to propose answers."""
        return self.method.needs_predictions

    def decide(self, round_number: int, pool: Pool, state: TrainingState) -> RoundQueries:
        """Decide what to ask in a round. In the first, runs with the same training so far ask together.

        Answers are looked up while other images are still scored, where nothing can change the questions any
        more; none is bought.

        Args:
            round_number: From 1 on.
            pool: The images.
            state: That of the network which the pool's model is.

        Raises:
            AcquisitionError: If a score has the wrong shape or holds NaN, or a selection is no valid one.
            Interrupted: If asked to stop while another process asks for this run.
        """
        started = time.monotonic()
        answers: dict[str, Answer] = {}

        def look_up(image_id: str, picks: Picks) -> None:
            if len(picks):
                answers[image_id] = self.oracle.look_up(image_id, picks)

        adapted = self._adapted()
        job = self._job(self.spec, self.method, self.spending, round_number, adapted)
        if self.oracle.labels.answers is None:  # people answer later
            job = replace(job, on_final=look_up)
        if self._may_ask_together(round_number, pool):
            decision = self._decide_together(job, pool, state)
        else:
            decision = _Decision(acquire(job, pool))
        elapsed = time.monotonic() - started
        known = self.context.ranks.gathered(answers)
        return RoundQueries(
            picks=decision.picks,
            answers={image_id: each for of_rank in known for image_id, each in of_rank.items()},
            limits=job.limits,
            seconds=elapsed - decision.spent + decision.share,
            adapted=adapted,
            regions=adapted.regions if adapted is not None and self.method.unit == "region" else None,
            round=round_number,
        )

    def leave_picks(self, pool: Pool, state: TrainingState) -> None:
        """Decide the first purchase of this run and of those with the same network, and leave them picks.

        Nothing is left for a run that works alone, nor again for one that has picks.

        Args:
            pool: The images, in round 1.
            state: That of the network which the pool's model is.

        Raises:
            AcquisitionError: If a score has the wrong shape or holds NaN, or a selection is no valid one.
            Interrupted: If asked to stop while another process asks for this run.
        """
        if not self._may_ask_together(1, pool):
            return
        job = self._job(self.spec, self.method, self.spending, round_number=1)
        made_with, own = self._made_with(state), self.spec.folder
        with self._shared_training.held(self.context.stop):
            if self._common_pass.take(own, made_with) is None:
                decision = self._ask_for_all(job, self._companions(), pool, made_with)
                self._common_pass.keep(own, made_with, decision.picks, decision.share)

    def buy(self, queries: RoundQueries) -> Purchase:
        """Buy the answers to a round's questions, of which some have been looked up, within the budget.

        Of processes that do the run together the first one answers, and all know it.

        Raises:
            ValueError: If the annotation mode's footprint disagrees with the pixels it claimed, or a price is
                no price.
        """

        def look_up(image_id: str, picks: Picks) -> Answer:
            known = queries.answers.get(image_id)
            same = known is not None and len(known.picks) == len(picks)
            return known if known is not None and same else self.oracle.look_up(image_id, picks)

        def answered() -> Mapping[str, Answer]:
            if queries.limits.currency == "clicks":
                pool = self.oracle.labels.history.image_ids
                return answers_within(queries.picks, pool, queries.limits, look_up)
            return {name: look_up(name, picks) for name, picks in queries.picks.items() if len(picks)}

        ranks = self.context.ranks
        answers = ranks.from_first(answered() if ranks.is_first else {})
        maps = self.regions_of(queries, answers)
        folder = self.folder.round_folder(queries.round)
        regions = None if maps is None else AskedRegions.write(folder, maps)
        purchase = self.oracle.buy(answers, regions)
        self.oracle.labels.deciding = None
        return purchase

    def forget(self, round_number: int) -> None:
        """Remove what another run has asked for this one, once it is bought or kept as questions."""
        if round_number == 1:
            self._common_pass.forget(self.spec.folder)

    def score(
        self, pool: Pool, queries: RoundQueries, prediction: Prediction, image_id: str
    ) -> torch.Tensor | None:
        """Return the score of an image as a round had it, float ``(H, W)``.

        None where all of the pool is looked at first.

        Args:
            pool: The pool.
            queries: What the run asks in the round, before it is bought.
            prediction: What the network says of the image, whatever its index.
            image_id: The image.
        """
        if self.method.spec.kind != "score":
            return None
        job = self._job(self.spec, self.method, self.spending, pool.round, queries.adapted)
        of_pool = replace(prediction, index=self.oracle.labels.history.index_of(image_id))
        return score_of(cast(ScoreAcquisition, self.method.acquisition), job, of_pool, image_id, pool)

    @property
    def spending(self) -> BudgetSchedule:
        """The budget over the rounds, of the pool at hand."""
        return self._schedule(self.budget, self.spec)

    def _schedule(self, budget: Budget, spec: RunSpec) -> BudgetSchedule:
        return BudgetSchedule(budget, len(spec.rounds), self.pool.image_pixels)

    @cached_property
    def _training_key(self) -> str:
        return shared_key(self.spec, self.context.assembler, self.pool.first)

    @property
    def _shared_training(self) -> SharedTraining:
        return SharedTraining(self.context.shared / self._training_key, ranks=self.context.ranks)

    @property
    def _common_pass(self) -> SharedPoolPass:
        return SharedPoolPass(self._shared_training.folder, self.context.ranks)

    def _may_ask_together(self, round_number: int, pool: Pool) -> bool:
        """Whether other runs may have the same network, and one pass over the pool spares them another."""
        return round_number == 1 and pool.options is not None and self.method.adaptive is None

    def _decide_together(self, job: QueryJob, pool: Pool, state: TrainingState) -> _Decision:
        """Take the picks that another run has left, or ask for the other runs too."""
        companions = self._companions()
        if not companions and not self._common_pass.holds(self.spec.folder):
            return _Decision(acquire(job, pool))
        made_with = self._made_with(state)
        with self._shared_training.held(self.context.stop):
            left = self._common_pass.take(self.spec.folder, made_with)
            if left is not None:
                picks, share = left
                return _Decision(picks, share=share)
            return self._ask_for_all(job, companions, pool, made_with)

    def _made_with(self, state: TrainingState) -> str:
        """Return the network in a line, and the pool where it grows: otherwise one network has one pool."""
        return " of ".join(filter(None, (state.digest(), self.pool.text)))

    def _ask_for_all(
        self, job: QueryJob, companions: Mapping[str, QueryJob], pool: Pool, made_with: str
    ) -> _Decision:
        """Make one pass for this run and its companions, and leave them their picks; the folder is held."""
        common = self._common_pass
        waiting = {name: other for name, other in companions.items() if common.take(name, made_with) is None}
        started = time.monotonic()
        found = acquire_together(job, waiting, pool)
        spent = time.monotonic() - started
        share = spent / (1 + len(found.others))
        for name, picks in found.others.items():
            common.keep(name, made_with, picks, share)
        return _Decision(found.own, spent=spent, share=share)

    def _companions(self) -> dict[str, QueryJob]:
        """Return what this run can ask for other runs, by the name of their folder."""
        runs = self.folder.path.parent
        found = companions_of_all(self.spec, self.method, self._training_key, runs, self.context)
        return {
            each.spec.folder: self._job(
                each.spec,
                each.method,
                self._schedule(each.budget, each.spec),
                round_number=1,
            )
            for each in found
        }

    def _adapted(self) -> AdaptedRegions | None:
        """Return the regions of a round, of no image yet; None where they are the same in all rounds."""
        base = self._regions(self.spec, self.method).target
        if self.method.adaptive is None or base is None:
            return None
        labels, of_regions = self.oracle.labels, self.method.unit == "region"

        def asked(index: int) -> NDArray[np.int32]:
            return labels.footprint(index, labels.history.positions(labels.dataset.image_id(index)))

        adapted = AdaptedRegions(
            self.method.adaptive, self.method.partition_needs, base.regions, asked if of_regions else None
        )
        labels.deciding = adapted.find
        return adapted

    def regions_of(
        self, queries: RoundQueries, asked: Iterable[str]
    ) -> Iterator[tuple[str, NDArray[np.int32]]] | None:
        """Return the regions of images that are asked about; None where they are the same in all rounds.

        Args:
            queries: What is asked.
            asked: Image ids.
        """
        find = queries.regions
        if find is None:
            return None
        found = ((image_id, find(self.oracle.labels.history.index_of(image_id))) for image_id in asked)
        return ((image_id, regions) for image_id, regions in found if regions is not None)

    def _job(
        self,
        spec: RunSpec,
        method: MethodParts,
        spending: BudgetSchedule,
        round_number: int,
        adapted: AdaptedRegions | None = None,
    ) -> QueryJob:
        # Where nothing has been bought, what is known of the labels holds for every run.
        labels, regions = self.oracle.labels, self._regions(spec, method)
        of_pool = adapted or regions.target
        return QueryJob(
            acquisition=method.acquisition,
            name=method.spec.name,
            identity=content_hash(_seen_by(spec, method)),
            mode=method.mode,
            limits=spending.limits(round_number, labels),
            asked=labels.history.positions,
            needs=method.spec.needs,
            observes=method.spec.observes,
            unit=method.unit,
            regions=of_pool.regions if of_pool else None,
            adapted=adapted,
            source_regions=regions.source.regions if regions.source else None,
            revealed=labels.disclosed,
            bought=labels.bought,
            true_labels=labels.true_label if method.spec.sees_labels else None,
        )

    def _regions(self, spec: RunSpec, method: MethodParts) -> MethodRegions:
        return method_regions(spec, method, self.pool.data, self.context.partitions)


def _seen_by(spec: RunSpec, method: MethodParts) -> list[Any]:
    """Return all on which the scores of an image depend before anything is bought, besides the network."""
    component, partition = spec.method.acquisition, spec.method.partition
    return [
        component.as_json() if component else None,
        method.unit,
        partition.as_json() if partition else None,
        len(spec.rounds),
    ]
