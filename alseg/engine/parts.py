"""What a run consists of: its objects, made once, and what several phases ask of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from alseg.acquisition.job import SourceImages
from alseg.annotation.accepted import AcceptedAnswers
from alseg.annotation.held_out import HeldOut
from alseg.annotation.oracle import Oracle
from alseg.annotation.revealed import RevealedLabels
from alseg.config.annotator import People
from alseg.config.experiment import RunSpec
from alseg.contracts import DataPlan, Dataset, Need, Recipe
from alseg.data.loading import DenseLabels
from alseg.data.scenario import ScenarioData
from alseg.data.target_order import TargetOrder
from alseg.engine.assembly import MethodParts
from alseg.engine.context import RunContext
from alseg.engine.derivation import derived_after
from alseg.engine.needed_outputs import with_needs
from alseg.engine.pool import RunPool
from alseg.engine.purchase import QueryPlanner
from alseg.engine.regions import method_regions
from alseg.engine.round_protocol import schedule_of
from alseg.errors import AlsegError
from alseg.guard.answers import answer_kind
from alseg.inference.predict import InferenceOptions
from alseg.storage.count_files import CountFiles
from alseg.storage.layout import NETWORK_NAME
from alseg.storage.run_folder import RunFolder
from alseg.training import checkpoint
from alseg.training.device import set_up
from alseg.training.trainer import Trainer


@dataclass(frozen=True, kw_only=True)
class RunParts:
    """The objects of a run.

    Attributes:
        spec: What is asked for.
        folder: Where it is kept.
        context: What the run shares with its process.
        data: The scenario's data.
        recipe: Losses and schedule.
        method: Acquisition and annotation mode; None for methods that buy nothing.
        labels: What is known of the target labels.
        target_order: Which target image each draw is.
        trainer: The network and its optimiser.
        planner: Decides what is asked; None for methods that buy nothing.
        stages: Iterations at which each round's training ends.
        pool: The images of which labels are bought; they are the target of ``data``.
    """

    spec: RunSpec
    folder: RunFolder
    context: RunContext
    data: ScenarioData
    recipe: Recipe
    method: MethodParts | None
    labels: RevealedLabels
    target_order: TargetOrder
    trainer: Trainer
    planner: QueryPlanner | None
    stages: tuple[int, ...]
    pool: RunPool

    def settle_pool(self, round_number: int) -> None:
        """Become the run with the pool of a round, which is asked about, and trained with after it.

        Raises:
            AlsegError: If an image that was asked about is gone, or one has another size.
            DamageError: If the kept pool is damaged; names it.
        """
        asked = {image_id for purchase in self.labels.history.purchases for image_id in purchase.spans}
        change = self.pool.settle(round_number, asked)
        if change is not None:
            self.labels.follow_pool()
            self.target_order.change_pool(change.moved, change.images)
            gone = int((change.moved < 0).sum())
            new = change.images - len(change.moved) + gone
            lost = f"; {gone} are gone" if gone else ""
            self.tell(f"round {round_number}: the pool has {change.images} images, {new} new{lost}")

    @property
    def derivations(self) -> Mapping[int, int]:
        """The iteration at which the recipe derives labels in each round; empty where it derives none."""
        return {} if self.method is None else derived_after(self.recipe, self.stages)

    @property
    def num_classes(self) -> int:
        """Classes of the scenario's label space."""
        return len(self.data.label_space.classes)

    def log(self, line: str) -> None:
        """Write a line into the run's log."""
        self.folder.append_log(line)

    def tell(self, line: str) -> None:
        """Write a line into the run's log, and show it."""
        self.context.tell(self.folder, line)

    def save(self) -> None:
        """Keep the training state."""
        if self.context.ranks.is_first:
            self.trainer.save(self.folder.checkpoint)

    def start_over(self, reason: str) -> None:
        """Go back to the network's first weights, and say why."""
        self.tell(reason)
        self.trainer.restart(self.first_weights())

    def first_weights(self) -> Mapping[str, torch.Tensor]:
        """Return the weights with which the network began."""
        return self.context.assembler.model(self.spec.model, self.num_classes, self.spec.seed).state_dict()

    def evaluation_names(self) -> tuple[list[str], list[str]]:
        """Return the names and the groups of the evaluation images, of which there may be none."""
        if self.data.evaluation is None:
            return [], []
        dataset = self.data.evaluation.dataset
        return names_of(dataset, range(len(dataset)))

    @cached_property
    def count_files(self) -> CountFiles:
        """What is counted in each round."""
        method = self.spec.method
        return CountFiles.of(
            evaluated=self.data.evaluation is not None,
            target_labels=method.target_labels,
            labels_since=method.labels_since,
            held_out=self.spec.evaluation.held_out_share,
        )

    def previous_network(self, round_number: int) -> Any | None:
        """Return the network with which the questions of the round before were decided; None in the first.

        Raises:
            AlsegError: If it has been removed.
            DamageError: If its file is damaged.
        """
        if round_number < 2:
            return None
        path, ranks = self.folder.round_folder(round_number - 1) / NETWORK_NAME, self.context.ranks
        module = self.context.assembler.model(self.spec.model, self.num_classes, self.spec.seed)
        if ranks.is_first:
            if not path.exists():
                raise AlsegError(
                    f"{path} is missing: the acquisition compares with that network. Begin the run anew with "
                    "--fresh."
                )
            checkpoint.load(path, model=module, optimizer=None)
        if ranks.size > 1:
            module.load_state_dict(ranks.from_first(module.state_dict()))
        return set_up(self.context.fabric, module)

    def keep_network(self, round_number: int) -> None:
        """Keep the network for the next round's questions."""
        path = self.folder.round_folder(round_number) / NETWORK_NAME
        self._save_network(path)

    def save_weights(self) -> None:
        """Keep the final weights."""
        self._save_network(self.folder.weights)

    def _save_network(self, path: Path) -> None:
        if self.context.ranks.is_first:
            checkpoint.save(path, iteration=self.trainer.iteration, model=self.trainer.module, optimizer=None)

    def source_images(self) -> SourceImages:
        """Return the source images, for acquisitions that observe them."""
        source, options = self.data.source, self.inference_options(for_acquisition=True)
        labels = DenseLabels(source.dataset, source.translation)
        size = self.recipe.plan.source.size or options.size
        return SourceImages(dataset=source.dataset, label=labels.label, options=replace(options, size=size))

    def inference_options(self, *, for_acquisition: bool, round_number: int = 0) -> InferenceOptions:
        """Return how predictions are made, for an acquisition of a round or for evaluation."""
        settings, evaluation = self.context.settings, self.spec.evaluation
        method = self.method if for_acquisition else None
        needs = method.needs if method else ()
        training_size = self.recipe.plan.target.size
        options = InferenceOptions(
            size=training_size if for_acquisition else evaluation.size or training_size,
            flip=evaluation.flip and not for_acquisition,
            through_input_size=for_acquisition,
            window=evaluation.window,
            window_overlap=evaluation.overlap,
            batch_size=settings.pool_batch if for_acquisition else settings.evaluation_batch,
            workers=settings.workers,
            device=self.context.fabric.device,
            passes=method.passes if method else None,
            axes=(self.spec.seed, round_number),
            overlap=settings.call_timeout is None,  # only the main thread's calls can be ended
            ranks=self.context.ranks,
        )
        return self.needing(options, needs)

    def needing(self, options: InferenceOptions, needs: Sequence[Need]) -> InferenceOptions:
        """Return options under which predictions hold what is needed, by the names of specs."""
        provided = self.context.assembler.recipe_spec(self.spec.method.recipe).provides
        return with_needs(options, needs, self.recipe, provided, self.trainer.state.wrapped_modules)


def names_of(dataset: Dataset, indices: Sequence[int]) -> tuple[list[str], list[str]]:
    """Return the names and the groups of some images of a data set."""
    names = [dataset.image_id(index) for index in indices]
    group = getattr(dataset, "group", None)
    return names, names if group is None else [str(group(index)) for index in indices]


def make_parts(
    spec: RunSpec, folder: RunFolder, context: RunContext, pool: RunPool | None = None
) -> RunParts:
    """Make the objects of a run.

    Args:
        spec: What is asked for.
        folder: Where it is kept.
        context: What the run shares with its process.
        pool: Its pool; None for the one that its folder keeps, or that is listed now.

    Raises:
        AlsegError: If data, weights or parameters are faulty.
    """
    assembler = context.assembler
    pool = pool or RunPool(spec.scenario, folder, assembler, context.ranks)
    recipe = assembler.recipe(spec.method.recipe, spec.scenario.label_space)
    data = pool.data
    method = assembler.method(spec)
    target, plan = data.target.dataset, recipe.plan.target
    labels = _labels(spec, method, data, plan, context)
    order = TargetOrder(len(target), plan, spec.seed, recipe.plan.accumulation)
    stages = (*spec.rounds, recipe.plan.iterations)
    trainer = Trainer(
        context.fabric,
        assembler.model(spec.model, len(data.label_space.classes), spec.seed),
        recipe,
        data,
        labels,
        order,
        spec.seed,
        context.settings.workers,
        channels_last=spec.channels_last,
        compiled=spec.compile,
        schedule=schedule_of(spec, recipe, stages, derived_after(recipe, stages) if method else {}),
        rounds=spec.rounds,
        ranks=context.ranks,
    )
    planner = None
    if method is not None and spec.method.budget is not None:
        planner = QueryPlanner(
            spec=spec,
            method=method,
            budget=spec.method.budget,
            oracle=Oracle(labels),
            pool=pool,
            context=context,
            folder=folder,
        )
    return RunParts(
        spec=spec,
        folder=folder,
        context=context,
        data=data,
        recipe=recipe,
        method=method,
        labels=labels,
        target_order=order,
        trainer=trainer,
        planner=planner,
        stages=stages,
        pool=pool,
    )


def _answers(spec: RunSpec, method: MethodParts | None) -> AcceptedAnswers | None:
    """Return what will hold the answers of people; None where nobody is asked."""
    annotator = spec.method.annotator
    people = People.of(annotator) if annotator is not None else None
    return (
        None
        if people is None or method is None
        else AcceptedAnswers(answer_kind(method.mode), people.conflict)
    )


def _labels(
    spec: RunSpec, method: MethodParts | None, data: ScenarioData, plan: DataPlan, context: RunContext
) -> RevealedLabels:
    """Return what is known of the target labels before anything is bought."""
    regions = method_regions(spec, method, data, context.partitions).target if method else None
    share = spec.evaluation.held_out_share
    return RevealedLabels(
        data.target.dataset,
        data.target.translation,
        mode=method.mode if method else None,
        regions=regions if method and method.unit == "region" else None,
        everything=spec.method.target_labels == "all" and spec.method.labels_since == "start",
        training_size=plan.size,
        point_resize=plan.label_resize == "point",
        outline_tolerance=spec.method.outline_tolerance,
        num_classes=len(data.label_space.classes),
        errors=context.assembler.errors(spec.method.annotator),
        held_out=HeldOut(share) if share is not None else None,
        answers=_answers(spec, method),
    )
