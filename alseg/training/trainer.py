"""Optimiser steps, from one iteration to another.

Every random number of a step is derived from the run's seed and the step's number, so training on from a
checkpoint gives the same bytes as training through.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, repeat
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from lightning_fabric import Fabric

from alseg.contracts import (
    IGNORE_INDEX,
    DataPlan,
    FollowsSteps,
    Recipe,
    SegmentationModel,
    StatefulRecipe,
    TrainingBatch,
)
from alseg.data.loading import (
    DenseLabels,
    Sample,
    TrainingLabels,
    TrainingSamples,
    normalise,
    started,
    training_loader,
)
from alseg.data.rare_classes import RareClassOrder
from alseg.data.sampling import ClassBalancedOrder, Order, ShuffledOrder, StepBatches
from alseg.data.scenario import Domain, ScenarioData
from alseg.guard.answers import checked_losses
from alseg.guard.calls import guarded
from alseg.seeding import derive
from alseg.system.ranks import ALONE, Ranks
from alseg.training.forward import NetworkCalls
from alseg.training.gathering import copy_buffers, gathered_parts, largest, sum_gradients
from alseg.training.state import TrainingState

StepLosses = Mapping[str, float]
_Batch = Sample | None
_Batches = Iterator[_Batch]


class DivergedError(Exception):
    """The loss is no longer a number; the message names the step, the losses and the images."""


class Trainer:
    """Holds a network and its optimiser and takes steps with them.

    Args:
        fabric: Device and precision.
        model: A `SegmentationModel`; moved to the device.
        recipe: The losses and the schedule.
        data: The scenario's data.
        target_labels: What is known of the target.
        target_order: Which target image each draw is.
        seed: The run's seed.
        workers: Loader processes per domain.
        channels_last: Whether images and weights lie in memory with channels last.
        compiled: Whether the network is compiled.
        schedule: Returns the factor on the learning rates at an iteration; that of the recipe unless given.
        rounds: Iterations at which labels are bought.
        ranks: The processes that take each step together. All of them are given the same, and hold the same
            afterwards.

    Attributes:
        iteration: Steps taken.
        state: What training changes.
    """

    def __init__(
        self,
        fabric: Fabric,
        model: torch.nn.Module,
        recipe: Recipe,
        data: ScenarioData,
        target_labels: TrainingLabels,
        target_order: Order,
        seed: int,
        workers: int,
        *,
        channels_last: bool = False,
        compiled: bool = False,
        schedule: Callable[[int], float] | None = None,
        rounds: Sequence[int] = (),
        ranks: Ranks = ALONE,
    ) -> None:
        self.iteration = 0
        self._schedule = schedule or recipe.learning_rate_factor
        self.state = TrainingState(
            fabric, model, recipe, seed, channels_last=channels_last, compiled=compiled
        )
        precision = fabric.strategy.precision.precision
        self._forward = NetworkCalls(self.state.model, self.state.module, ranks, precision)
        self._fabric = fabric
        self._recipe = recipe
        self._data = data
        self._target_labels = target_labels
        self._target_order = target_order
        self._seed = seed
        self._workers = workers
        self._rounds = rounds
        self._ranks = ranks
        self._source_order: Order | None = None

    @property
    def module(self) -> torch.nn.Module:
        """The network itself."""
        return self.state.module

    @property
    def model(self) -> Any:
        """The network, wrapped for device and precision."""
        return self.state.model

    def restart(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Forget all training and begin with other weights."""
        self.state.begin_anew(weights)
        self.iteration = 0

    def save(self, path: Path) -> None:
        """Write the training state.

        Raises:
            WriteError: If the file cannot be written.
        """
        self.state.save(path, self.iteration)

    def train(self, stop: int, after_step: Callable[[int, StepLosses], None]) -> None:
        """Take steps until ``stop`` have been taken in all.

        Args:
            stop: Steps of the run that are done afterwards.
            after_step: Called with the number of steps taken and the step's losses; may raise to stop.

        Raises:
            DivergedError: If the loss becomes NaN or infinite, before the weights change.
        """
        plan = self._recipe.plan
        sources = self._batches("source", plan.source, stop)
        targets = self._batches("target", plan.target, stop)
        self.state.train_mode()
        batches = zip(sources, targets, strict=False)
        while self.iteration < stop and (parts := list(islice(batches, plan.accumulation))):
            with guarded(self._recipe, f"training step {self.iteration}"):
                losses = self._step(parts)
            self.iteration += 1
            after_step(self.iteration, losses)

    def _step(self, parts: Sequence[tuple[_Batch, _Batch]]) -> StepLosses:
        torch.manual_seed(derive("step", self._seed, self.iteration))
        self.state.set_rates(self._schedule(self.iteration))
        self.state.forget_gradients()
        found = [self._add_gradients(source, target, len(parts)) for source, target in parts]
        if any(found):
            sum_gradients((self.state.module, *self.state.modules.values()), self._ranks)
            self.state.step()
        self._follow_step()
        copy_buffers(self.state.modules.values(), self._ranks)
        return _means(found)

    def _add_gradients(self, source: _Batch, target: _Batch, parts: int) -> StepLosses:
        """Add the gradients of one of a step's batches, and return its losses.

        Args:
            source: This rank's rows of the batch, as all ranks have theirs.
            target: The same.
            parts: Batches of the step.
        """
        source_labelled, target_labelled, target = self._agreed(source, target)
        source_images, source_labels, *_ = self._whole(source)
        target_images, target_labels, *answers = self._whole(target)
        batch = TrainingBatch(
            iteration=self.iteration,
            source_images=source_images,
            source_labels=source_labels,
            target_images=target_images,
            target_labels=target_labels,
            source_labelled=source_labelled,
            target_labelled=target_labelled,
            round=bisect_right(self._rounds, self.iteration),
            rounds=len(self._rounds),
            **self._named(answers),
        )
        losses = self._losses(batch)
        values: dict[str, float] = {}
        if losses:
            stacked = torch.stack(list(losses.values()))
            # One transfer for all losses, for which the device has to be waited for.
            values = dict(zip(losses, stacked.detach().tolist(), strict=True))
        # A GPU may round differently from rank to rank, and all of them must stop, or none.
        if self._ranks.agreed(int(not all(math.isfinite(value) for value in values.values()))):
            raise DivergedError(
                f"The loss is not finite at iteration {self.iteration}: {values}. {self._batch_in_words()} "
                "Look at these images, or lower the recipe's learning rate."
            )
        if losses:
            # Each rank has the whole batch's losses, and gradients are summed over the ranks.
            self._fabric.backward(stacked.sum() / (parts * self._ranks.size))
        return values

    def _losses(self, batch: TrainingBatch) -> Mapping[str, torch.Tensor]:
        recipe, modules = self._recipe, self.state.wrapped_modules
        if isinstance(recipe, StatefulRecipe):
            return checked_losses(recipe, recipe.losses(self._forward, batch, modules))
        return checked_losses(recipe, recipe.losses(self._forward, batch))

    def _follow_step(self) -> None:
        if isinstance(self._recipe, FollowsSteps):
            with torch.no_grad():
                self._recipe.after_step(
                    cast(SegmentationModel, self.module), self.state.modules, self.iteration
                )

    def _batch_in_words(self) -> str:
        """Name the images of the step at hand."""
        parts = []
        for domain, plan in (("source", self._recipe.plan.source), ("target", self._recipe.plan.target)):
            dataset = (self._data.source if domain == "source" else self._data.target).dataset
            drawn = plan.batch_size * self._recipe.plan.accumulation
            draws = range(self.iteration * drawn, (self.iteration + 1) * drawn)
            names = [dataset.image_id(self._order(domain, plan).image(draw)) for draw in draws]
            parts += [f"{domain} {', '.join(names)}"] if names else []
        return f"Images of the batch: {'; '.join(parts)}."

    def _agreed(self, source: _Batch, target: _Batch) -> tuple[bool | None, bool | None, _Batch]:
        """Return whether the whole batch has labels, and this rank's target rows as wide as the others'."""
        known = [_has_labels(source), _has_labels(target)]
        questions = 0 if target is None or len(target) < 4 else target[3].shape[1]
        *any_labels, most = largest([*(int(bool(each)) for each in known), questions], self._ranks)
        if target is not None and questions < most:
            classes = torch.nn.functional.pad(target[3], (0, 0, 0, most - questions))
            target = (*target[:3], classes)
        of_source, of_target = (
            None if own is None else bool(anywhere) for own, anywhere in zip(known, any_labels, strict=True)
        )
        return of_source, of_target, target

    def _whole(self, batch: _Batch) -> Sequence[Any]:
        """Return normalised images, labels and answers of the whole batch, on the device."""
        if batch is None:
            return None, None
        moved = [part.to(self._fabric.device, non_blocking=True) for part in batch]
        images, labels, *answers = gathered_parts(moved, self._ranks)
        model: Any = self.module
        return normalise(images, model.mean, model.std), labels.long(), *answers

    def _named(self, answers: Sequence[torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return regions and classes of a batch by their names in `TrainingBatch`, if the plan wants them."""
        if not answers or not self._recipe.plan.target.regions:
            return {}
        regions, classes = answers
        return {"target_regions": regions.long(), "target_classes": classes}

    def _batches(self, domain: str, plan: DataPlan, stop: int) -> _Batches:
        if plan.batch_size == 0:
            return repeat(None)
        part = self._data.source if domain == "source" else self._data.target
        labels: TrainingLabels = (
            DenseLabels(part.dataset, part.translation) if domain == "source" else self._target_labels
        )
        order, each = self._order(domain, plan), self._recipe.plan.accumulation
        rare_classes = order if isinstance(order, RareClassOrder) else None
        samples = TrainingSamples(part.dataset, labels, plan, domain, self._seed, rare_classes=rare_classes)
        rows = self._ranks.rows(plan.batch_size)
        batches = StepBatches(order, plan.batch_size, self.iteration * each, stop * each, rows)
        pin = self._fabric.device.type == "cuda"
        return started(training_loader(samples, batches, self._workers, pin_memory=pin))

    def _order(self, domain: str, plan: DataPlan) -> Order:
        if domain == "target":
            return self._target_order
        if self._source_order is None:
            self._source_order = _source_order(self._data.source, plan, domain, self._seed)
        return self._source_order


def _source_order(source: Domain, plan: DataPlan, *axes: int | str) -> Order:
    if plan.sampling == "class-balanced":
        return ClassBalancedOrder(source.class_pixels, *axes)
    if plan.sampling == "rare-class":
        pixels = np.array([height * width for height, width in source.sizes], np.int64)
        return RareClassOrder(source.class_pixels, pixels, plan.rare_temperature, plan.rare_share, *axes)
    return ShuffledOrder(len(source.dataset), *axes)


def _means(found: Sequence[StepLosses]) -> StepLosses:
    """Return the mean of each loss over a step's batches; a batch without it counts as 0."""
    if len(found) == 1:
        return found[0]
    names = dict.fromkeys(name for losses in found for name in losses)
    return {name: sum(losses.get(name, 0.0) for losses in found) / len(found) for name in names}


def _has_labels(batch: _Batch) -> bool | None:
    """Return whether a batch that is still on the CPU has a labelled pixel."""
    return None if batch is None else bool((batch[1] != IGNORE_INDEX).any())
