"""How much there is to do in each unit: optimiser steps, passes over the pool, evaluations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alseg.config.specs import NO_SPLIT, RunSpec
from alseg.contracts import DerivingRecipe, PreparingAcquisition, WorkUnit
from alseg.engine.assembly import Assembler, MethodParts
from alseg.storage.run_folder import RunFolder


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A decision of what to ask, of several methods where they ask together.

    Attributes:
        specs: Runs whose purchase is decided.
        pool_predictions: Predictions of each image of the pool that it takes; 0 where nothing of the network
            is needed.
        source_predictions: Of each image of the source, likewise.
        times: How many such decisions there are.
    """

    specs: tuple[RunSpec, ...]
    pool_predictions: int
    source_predictions: int
    times: int = 1


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """What a unit does.

    Attributes:
        spec: The run; of a shared unit, the one that trains.
        steps: Optimiser steps.
        askings: Decisions of what to ask.
        derivations: Passes in which a recipe derives label maps, of all images at most.
        evaluations: Passes over the evaluation images.
    """

    spec: RunSpec
    steps: int = 0
    askings: tuple[Asking, ...] = ()
    derivations: int = 0
    evaluations: int = 0

    @property
    def pool_passes(self) -> int:
        """Decisions for which images of the pool are predicted."""
        return sum(each.times for each in self.askings if each.pool_predictions)


class Measure:
    """Says how much there is to do in the units of an experiment.

    Args:
        specs: Runs that can be done, by the name of their folder.
        assembler: Makes recipes and methods; no data is read.
        root: The experiment's results folder; rounds that are committed in it are done.
    """

    def __init__(self, specs: Mapping[str, RunSpec], assembler: Assembler, root: Path) -> None:
        self._specs = specs
        self._assembler = assembler
        self._root = root

    def of_unit(self, unit: WorkUnit, shared: Mapping[str, WorkUnit]) -> Amounts | None:
        """Return what a unit does; None for a run that is skipped.

        Args:
            unit: The unit.
            shared: Shared units by key.
        """
        specs = [self._specs[name] for name in unit.runs if name in self._specs]
        if not specs:
            return None
        if unit.is_shared:
            return self._of_shared(specs)
        leader = next((shared[key] for key in unit.after if key in shared), None)
        return self._of_run(specs[0], after_shared=leader is not None)

    def _of_shared(self, specs: Sequence[RunSpec]) -> Amounts:
        """Return round 0 of the first run, and the passes that decide the first purchase of all of them."""
        stages = self._stages(specs[0])
        together: dict[tuple[object, ...], list[tuple[RunSpec, MethodParts]]] = {}
        for spec in specs:
            parts = self._assembler.method(spec)
            if parts is not None and asks_together(parts):
                key = (frozenset(parts.spec.needs), parts.passes)
                together.setdefault(key, []).append((spec, parts))
        askings = tuple(
            Asking(
                specs=tuple(spec for spec, _ in members),
                pool_predictions=max(_of_pool(parts) for _, parts in members),
                source_predictions=max(_of_source(parts) for _, parts in members),
            )
            for members in together.values()
        )
        return Amounts(spec=specs[0], steps=stages[0], askings=askings, evaluations=_evaluated(specs[0]))

    def _of_run(self, spec: RunSpec, *, after_shared: bool) -> Amounts:
        """Return the rounds of a run, less those that are done and what its shared unit does."""
        stages, parts = self._stages(spec), self._assembler.method(spec)
        committed = self._committed(spec)
        done = max(committed, 1 if after_shared else 0)
        asked = committed - 1
        if after_shared and parts is not None and asks_together(parts):
            asked = max(asked, 1)
        askings = tuple(_askings(spec, parts, len(spec.rounds) - max(0, asked))) if parts is not None else ()
        recipe = self._assembler.recipe(spec.method.recipe, spec.scenario.label_space)
        derives = parts is not None and isinstance(recipe, DerivingRecipe) and recipe.derivation is not None
        return Amounts(
            spec=spec,
            steps=stages[-1] - (stages[done - 1] if done else 0),
            askings=askings,
            derivations=len(stages) - max(1, done) if derives else 0,
            evaluations=_evaluated(spec) * (len(stages) - done),
        )

    def _committed(self, spec: RunSpec) -> int:
        """Return how many rounds of a run are committed, one after the other."""
        folder = RunFolder(self._root / "runs" / spec.folder)
        rounds = range(len(spec.rounds) + 1)
        return next((number for number in rounds if not folder.round_is_committed(number)), len(rounds))

    def _stages(self, spec: RunSpec) -> tuple[int, ...]:
        """Return the iterations at which rounds end."""
        plan = self._assembler.recipe(spec.method.recipe, spec.scenario.label_space).plan
        return (*spec.rounds, plan.iterations)


def asks_together(parts: MethodParts) -> bool:
    """Whether a method's first purchase can be decided in a pass for several: its regions are given."""
    return parts.needs_predictions and parts.adaptive is None


def _askings(spec: RunSpec, parts: MethodParts, times: int) -> Iterator[Asking]:
    if times:
        yield Asking(
            specs=(spec,),
            pool_predictions=_of_pool(parts),
            source_predictions=_of_source(parts),
            times=times,
        )


def _of_pool(parts: MethodParts) -> int:
    """Return how often a method has each image of the pool predicted in a round."""
    if not parts.needs_predictions:
        return 0
    once = parts.passes.count if parts.passes is not None else 1
    once += 1 if "previous" in parts.needs else 0
    return once * (2 if isinstance(parts.acquisition, PreparingAcquisition) else 1)


def _of_source(parts: MethodParts) -> int:
    return 1 if parts.needs_predictions and "source" in parts.spec.observes else 0


def _evaluated(spec: RunSpec) -> int:
    """Return 1 where rounds are evaluated, else 0."""
    return 0 if spec.scenario.evaluation_split == NO_SPLIT else 1
