"""What a run asks in a round, alone or together with runs that have the same network."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from alseg.acquisition.acquire import Pool, QueryJob, acquire, acquire_together, score_of
from alseg.annotation.allowance import BudgetSchedule
from alseg.annotation.oracle import Oracle
from alseg.config.experiment import RunSpec
from alseg.contracts import Picks, SelectAcquisition
from alseg.engine.assembly import MethodParts
from alseg.engine.context import RunContext
from alseg.engine.crashes import suspects
from alseg.engine.shared_acquisition import SharedPoolPass
from alseg.engine.shared_training import SharedTraining, shared_key
from alseg.files import content_hash
from alseg.guard.calls import name_of
from alseg.inference.predict import Prediction
from alseg.storage.run_folder import RunFolder
from alseg.training import checkpoint


@dataclass(frozen=True, kw_only=True)
class QueryPlanner:
    """Decides what a run asks.

    Attributes:
        spec: The run.
        method: What its method is made of.
        spending: Its budget.
        oracle: Knows what has been asked and spent.
        context: The other runs, and the folder for what runs share.
        folder: Of the run.
    """

    spec: RunSpec
    method: MethodParts
    spending: BudgetSchedule
    oracle: Oracle
    context: RunContext
    folder: RunFolder

    def picks(
        self, round_number: int, pool: Pool, module: torch.nn.Module
    ) -> tuple[Mapping[str, Picks], float]:
        """Decide what to ask in a round. In the first, runs with the same training so far ask together.

        Args:
            round_number: From 1 on.
            pool: The images.
            module: The network whose weights the pool's model has.

        Returns:
            Image id to picks, and seconds to be added to the time that this took, so that every run is billed
            its share of a common pass.

        Raises:
            AcquisitionError: If a score has the wrong shape or holds NaN, or a selection is no valid one.
            Interrupted: If asked to stop while another process asks for this run.
        """
        job = self._job(self.spec, self.method, self.spending, round_number)
        job = replace(job, on_final=self.oracle.look_up)
        if round_number > 1 or pool.options is None or isinstance(self.method.acquisition, SelectAcquisition):
            return acquire(job, pool), 0.0
        key = shared_key(self.spec, self.context.assembler)
        shared = SharedTraining(self.context.shared / key)
        others = dict(self._others(key))
        run = self.spec.folder
        common = SharedPoolPass(shared.folder)
        if not others and not common.holds(run):
            return acquire(job, pool), 0.0
        weights = checkpoint.digest(module.state_dict())
        with shared.held(self.context.stop):
            taken = common.take(run, weights)
            if taken is not None:
                return taken
            names = [name for name in others if common.take(name, weights) is None]
            started = time.monotonic()
            own, *found = acquire_together([job, *(others[name] for name in names)], pool)
            assert own is not None
            kept = {name: picks for name, picks in zip(names, found, strict=True) if picks is not None}
            took = time.monotonic() - started
            share = took / (1 + len(kept))
            for name, picks in kept.items():
                common.keep(name, weights, picks, share)
            return own, share - took

    def forget(self, round_number: int) -> None:
        """Remove what another run has asked for this one, once it is bought."""
        if round_number == 1:
            key = shared_key(self.spec, self.context.assembler)
            SharedPoolPass(self.context.shared / key).forget(self.spec.folder)

    def score(
        self, seed_axes: Sequence[int | str], prediction: Prediction, image_id: str
    ) -> torch.Tensor | None:
        """Return the score of an image in a round, float ``(H, W)``; None where whole images are ranked."""
        if isinstance(self.method.acquisition, SelectAcquisition):
            return None
        return score_of(self.method.acquisition, self.method.spec.name, prediction, image_id, seed_axes)

    def _others(self, key: str) -> Iterator[tuple[str, QueryJob]]:
        """Yield folder name and job of the other runs that have not bought yet and need the same."""
        suspected = suspects(self.folder.path.parent)
        for spec in self.context.specs:
            if spec.seed != self.spec.seed or spec.folder == self.spec.folder:
                continue
            method, budget = self.context.assembler.method(spec), spec.method.budget
            if method is None or budget is None or isinstance(method.acquisition, SelectAcquisition):
                continue
            if set(method.spec.needs) != set(self.method.spec.needs):
                continue
            if name_of(method.acquisition) in suspected or name_of(method.mode) in suspected:
                continue  # it has ended a process: it works alone
            bought = RunFolder(self.folder.path.parent / spec.folder).purchase_is_committed(1)
            if not bought and shared_key(spec, self.context.assembler) == key:
                spending = BudgetSchedule(budget, len(spec.rounds), self.spending.image_pixels)
                yield spec.folder, self._job(spec, method, spending, 1)

    def _job(
        self, spec: RunSpec, method: MethodParts, spending: BudgetSchedule, round_number: int
    ) -> QueryJob:
        # Where nothing has been bought, what the oracle knows holds for every run.
        component = spec.method.acquisition
        return QueryJob(
            acquisition=method.acquisition,
            name=method.spec.name,
            identity=content_hash(component.as_json() if component else None),
            mode=method.mode,
            limits=spending.limits(round_number, self.oracle),
            asked=self.oracle.asked,
        )
