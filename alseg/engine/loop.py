"""The active-learning loop of one run.

    for each round:  ACQUIRE -> ANNOTATE -> TRAIN -> EVALUATE -> COMMIT

Round 0 buys nothing: it is source training, which runs that have it in common share. Every arrow is a point
from which an interrupted run goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alseg.acquisition.acquire import Pool
from alseg.annotation.allowance import BudgetSchedule
from alseg.annotation.oracle import Oracle
from alseg.config.experiment import RunSpec
from alseg.contracts import Cost, Recipe
from alseg.data.scenario import ScenarioData
from alseg.data.target_order import TargetOrder
from alseg.engine.assembly import MethodParts
from alseg.engine.context import RunContext
from alseg.engine.observers import report_of
from alseg.engine.purchase import QueryPlanner
from alseg.engine.recovery import last_usable_iteration, quarantine_damaged
from alseg.engine.shared_training import SharedTraining, shared_key
from alseg.errors import AlsegError
from alseg.evaluation.confusion import evaluate
from alseg.files import remove
from alseg.guard.calls import random_state_kept
from alseg.inference.example_maps import ScoreMap, make_examples, no_score
from alseg.inference.predict import InferenceOptions
from alseg.storage.examples import read_examples, write_examples
from alseg.storage.ledger import Purchase
from alseg.storage.run_folder import RunFolder, percent, read_counts, require_space
from alseg.toolkit.metrics import metrics_of
from alseg.training import checkpoint
from alseg.training.trainer import StepLosses, Trainer

LOG_EVERY_SECONDS = 10.0


def run(spec: RunSpec, folder: RunFolder, context: RunContext) -> None:
    """Do what is left of a run; the caller holds the folder's lock.

    Raises:
        Interrupted: If asked to stop; the run goes on from there when called again.
        AlsegError: If data, weights or the folder are faulty.
        AcquisitionError: If the acquisition returned something that cannot be used.
        DivergedError: If the loss is no longer finite.
    """
    _Run(spec, folder, context).execute()


@dataclass
class _Run:
    spec: RunSpec
    folder: RunFolder
    context: RunContext
    _timing: dict[str, float] = field(default_factory=dict)
    _last_saved: float = field(default_factory=time.monotonic)
    _last_logged: float = 0.0

    def __post_init__(self) -> None:
        spec, assembler = self.spec, self.context.assembler
        self.data: ScenarioData = assembler.scenario(spec.scenario)
        self.recipe: Recipe = assembler.recipe(spec.method.recipe)
        self.method: MethodParts | None = assembler.method(spec)
        self.oracle = Oracle(
            self.data.target.dataset,
            self.data.target.translation,
            mode=self.method.mode if self.method else None,
            everything=spec.method.target_labels == "all" and spec.method.labels_since == "start",
            training_size=self.recipe.plan.target.size,
            point_resize=self.recipe.plan.target.label_resize == "point",
            outline_tolerance=spec.method.outline_tolerance,
        )
        self.target_order = TargetOrder(len(self.data.target.dataset), self.recipe.plan.target, spec.seed)
        num_classes = len(self.data.label_space.classes)
        model = assembler.model(spec.model, num_classes, spec.seed)
        self.trainer = Trainer(
            self.context.fabric,
            model,
            self.recipe,
            self.data,
            self.oracle,
            self.target_order,
            spec.seed,
            self.context.settings.workers,
            channels_last=spec.channels_last,
            compiled=spec.compile,
        )
        self.stages = (*spec.rounds, self.recipe.plan.iterations)
        target = self.data.target.dataset
        self._image_pixels = [height * width for height, width in map(target.size, range(len(target)))]
        budget = spec.method.budget
        self.asking: QueryPlanner | None = None
        if self.method is not None and budget is not None:
            self.asking = QueryPlanner(
                spec=spec,
                method=self.method,
                spending=BudgetSchedule(budget, len(spec.rounds), self._image_pixels),
                oracle=self.oracle,
                context=self.context,
                folder=self.folder,
            )

    def execute(self) -> None:
        self._resume()
        require_space(self.folder.checkpoint, checkpoint.largest_size(self.trainer.module))
        for round_number, stop in enumerate(self.stages):
            self._timing = {}
            if round_number > 0:
                self._reveal(round_number)
            if self._is_done(round_number):
                self._observe(round_number)
                continue
            if round_number == 0 and not self.oracle.labelled:
                self._shared_source_training(stop)
            else:
                self._train(stop)
                self._commit(round_number, self._counts(round_number))
        if not read_examples(self.folder.path, len(self.data.label_space.classes)):
            self._keep_examples(self.folder.path, self._inference_options(for_acquisition=False))
        checkpoint.save(
            self.folder.weights, iteration=self.trainer.iteration, model=self.trainer.module, optimizer=None
        )

    def _is_done(self, round_number: int) -> bool:
        """Whether a round is committed and the network has been trained at least as far."""
        return (
            self.folder.round_is_committed(round_number)
            and self.trainer.iteration >= self.stages[round_number]
        )

    # Resuming

    def _resume(self) -> None:
        """Load the training state that is there, if this run can go on from it."""
        for problem in quarantine_damaged(self.folder, len(self.stages)):
            self._tell(problem)
        limit = last_usable_iteration(self.folder, self.stages, buys=self.method is not None)
        for path, optimizer in (
            (self.folder.checkpoint, self.trainer.optimizer),
            (self.folder.weights, None),  # after them, nothing is left to train
        ):
            if not path.exists():
                continue
            try:
                iteration = checkpoint.load(
                    path, model=self.trainer.module, optimizer=optimizer, scaler=self.trainer.scaler
                )
                if iteration > limit:
                    raise AlsegError(f"{path} is of iteration {iteration}, past what is there of the run.")
            except AlsegError as error:
                self._start_over(f"{error} Training starts over; bought labels are kept.")
                remove(path)
                continue
            self.trainer.iteration = iteration
            self._log(f"resumed at iteration {iteration}")
            return

    def _start_over(self, reason: str) -> None:
        self._tell(reason)
        num_classes = len(self.data.label_space.classes)
        fresh = self.context.assembler.model(self.spec.model, num_classes, self.spec.seed)
        self.trainer.restart(fresh.state_dict())

    # ACQUIRE and ANNOTATE

    def _reveal(self, round_number: int) -> None:
        """Buy the labels of a round, or learn all of them."""
        if self.method is not None:
            self._purchase(round_number)
        elif self.spec.method.target_labels == "all":
            self.oracle.reveal_everything()
        self.target_order.buy(self.stages[round_number - 1], self.oracle.labelled)

    def _purchase(self, round_number: int) -> None:
        folder = self.folder.round_folder(round_number)
        if self.folder.purchase_is_committed(round_number):
            self.oracle.restore(Purchase.read(folder))
            if self.asking is not None:
                self.asking.forget(round_number)
            return
        method, asking = self.method, self.asking
        assert method is not None and asking is not None
        target, options = self.data.target.dataset, self._inference_options(for_acquisition=True)
        with self._phase("acquire", len(target)) as on_image:
            pool = Pool(
                dataset=target,
                num_classes=len(self.data.label_space.classes),
                model=self.trainer.model,
                options=options if method.spec.needs else None,
                seed_axes=(self.spec.seed, round_number),
                on_image=on_image,
            )
            with random_state_kept():  # acquisitions of other runs may be asked, too
                picks, seconds = asking.picks(round_number, pool, self.trainer.module)
            self._timing["acquire"] = self._timing.get("acquire", 0.0) + seconds
        self._keep_examples(folder, options, partial(asking.score, pool.seed_axes))
        purchase = self.oracle.answer(picks)
        purchase.write(folder)
        asking.forget(round_number)
        self._log(
            f"round {round_number}: bought {purchase.pixels} pixels ({purchase.void} void) with "
            f"{purchase.clicks} clicks in {len(purchase.spans)} images"
        )

    def _keep_examples(self, folder: Path, options: InferenceOptions, score: ScoreMap = no_score) -> None:
        """Keep small maps of a few pool images for people to look at.

        The network and the acquisition are asked once more, after the picks are made: nothing that is kept
        can change what is bought.
        """
        count, target = self.context.settings.examples, self.data.target.dataset
        if not count:
            return
        examples = {}
        mode = self.method.mode if self.method else None
        with self._phase("examples", min(count, len(target))) as on_image, random_state_kept():
            for image_id, example in make_examples(
                self.trainer.model, target, options, count=count, mode=mode, score=score
            ):
                examples[image_id] = example
                on_image()
        write_examples(folder, examples)

    # TRAIN

    def _train(self, stop: int) -> None:
        if self.trainer.iteration >= stop:
            return
        with self._phase("train", stop, self.trainer.iteration) as on_step:
            self.trainer.train(stop, lambda step, losses: self._after_step(step, losses, on_step))
        self._save()

    def _after_step(self, step: int, losses: StepLosses, on_step: Callable[[str], None]) -> None:
        total = sum(losses.values())
        on_step(f"loss {total:.3f}")
        now = time.monotonic()
        if now - self._last_logged >= LOG_EVERY_SECONDS:
            self._last_logged = now
            self.folder.append_event("step", iteration=step, losses=dict(losses))
        stopping = self.context.stop.signal is not None
        if stopping or now - self._last_saved >= 60 * self.context.settings.checkpoint_minutes:
            self._save()
        # Not whatever has come since: a signal that finds the step unsaved waits for the next one.
        if stopping:
            self.context.stop.check()

    def _save(self) -> None:
        checkpoint.save(
            self.folder.checkpoint,
            iteration=self.trainer.iteration,
            model=self.trainer.module,
            optimizer=self.trainer.optimizer,
            scaler=self.trainer.scaler,
        )
        self._last_saved = time.monotonic()

    def _shared_source_training(self, stop: int) -> None:
        """Train round 0, or take over what another run with the same source training has left."""
        trainer = self.trainer
        shared = SharedTraining(self.context.shared / shared_key(self.spec, self.context.assembler))
        with shared.held(self.context.stop):
            if shared.complete:
                try:
                    counts = shared.load(trainer)
                except AlsegError as error:
                    self._start_over(f"{error} Source training is done again.")
                else:
                    self._log(f"source training to iteration {stop} taken over from {shared.folder.name}")
                    self._save()
                    self._commit(0, counts)
                    return
            self._train(stop)
            counts = self._counts(0)
            shared.save(trainer, counts, *self._evaluation_names())
            self._commit(0, counts)

    # EVALUATE and COMMIT

    def _counts(self, round_number: int) -> NDArray[np.int32]:
        """Evaluate, unless that has been done and only the metrics are missing."""
        path = self.folder.counts_of(round_number)
        if path.exists():
            with suppress(AlsegError):
                return read_counts(path)
        return self._evaluate()

    def _evaluate(self) -> NDArray[np.int32]:
        evaluation = self.data.evaluation
        with self._phase("evaluate", len(evaluation.dataset)) as on_image:
            return evaluate(
                self.trainer.model,
                evaluation.dataset,
                evaluation.translation,
                len(self.data.label_space.classes),
                self._inference_options(for_acquisition=False),
                on_image,
            )

    def _commit(self, round_number: int, counts: NDArray[np.int32]) -> None:
        if not self.folder.round_is_committed(round_number):
            self._write_round(round_number, counts)
        self._observe(round_number)
        self.context.stop.check()

    def _write_round(self, round_number: int, counts: NDArray[np.int32]) -> None:
        metrics = metrics_of(counts.sum(axis=0, dtype=np.int64), self.data.label_space)
        cost = self._cost(round_number)
        names = self.data.label_space.names
        content = {
            "round": round_number,
            "iteration": self.stages[round_number],
            "cost": asdict(cost),
            "allowance_pixels": self.asking and self.asking.spending.allowance_pixels(round_number),
            "pool": {"pixels": sum(self._image_pixels), "images": len(self._image_pixels)},
            "miou": percent(metrics.miou),
            "accuracy": percent(metrics.accuracy),
            "iou": {name: percent(value) for name, value in zip(names, metrics.iou, strict=True)},
            "subsets": {name: percent(value) for name, value in metrics.subsets.items()},
            "bought": dict(zip(names, self.oracle.bought[: len(names)].tolist(), strict=True)),
        }
        self.folder.commit_round(round_number, content, counts, *self._evaluation_names(), self._timing)
        self.folder.write_status("running", round_number=round_number)
        self.folder.append_event("round", round=round_number, miou=percent(metrics.miou), cost=asdict(cost))
        report = report_of(self.spec, self.folder, round_number)
        self.context.reporter.round_finished(report, len(self.spec.rounds))
        self.context.assembler.registry.notify_round_end(report, self.context.reporter.note)

    def _cost(self, round_number: int) -> Cost:
        """Return what labels have cost, and how many of them training has drawn."""
        method = self.spec.method
        known_at_once = method.target_labels == "all" and method.labels_since == "start"
        made = (0,) if known_at_once else self.stages[:round_number]
        # Knowing everything is one purchase, however many rounds follow.
        purchases = zip(made, self.oracle.purchased, strict=False)
        pixels, images = self.target_order.drawn(self.stages[round_number], purchases)
        return replace(self.oracle.cost, drawn_pixels=pixels, drawn_images=images)

    def _observe(self, round_number: int) -> None:
        """Tell the experiment's observers of a round, those of earlier processes included."""
        report = report_of(self.spec, self.folder, round_number)
        self.context.observers.round_ended(report, self.context.reporter.note)

    def _evaluation_names(self) -> tuple[list[str], list[str]]:
        """Return the names and the groups of the evaluation images."""
        dataset = self.data.evaluation.dataset
        names = [dataset.image_id(index) for index in range(len(dataset))]
        group = getattr(dataset, "group", None)
        return names, names if group is None else [str(group(index)) for index in range(len(dataset))]

    # Shared by the phases

    def _inference_options(self, *, for_acquisition: bool) -> InferenceOptions:
        settings, evaluation = self.context.settings, self.spec.evaluation
        needs = self.method.spec.needs if for_acquisition and self.method else ()
        training_size = self.recipe.plan.target.size
        return InferenceOptions(
            size=training_size if for_acquisition else evaluation.size or training_size,
            flip=evaluation.flip and not for_acquisition,
            through_input_size=for_acquisition,
            batch_size=settings.pool_batch if for_acquisition else settings.evaluation_batch,
            workers=settings.workers,
            device=self.context.fabric.device,
            features="features" in needs,
            image="image" in needs,
            overlap=settings.call_timeout is None,  # only the main thread's calls can be ended
        )

    @contextmanager
    def _phase(self, name: str, total: int, done: int = 0) -> Iterator[Callable[..., None]]:
        """Show and time a phase; what it yields is called after every step of it."""
        reporter, stop = self.context.reporter, self.context.stop
        stop.check()  # whatever the last phase made is saved
        reporter.phase(name, total, done)
        started = time.monotonic()

        def advance(detail: str = "") -> None:
            reporter.advance(detail)
            if name != "train":  # a step of training is saved first
                stop.check()

        yield advance
        self._timing[name] = self._timing.get(name, 0.0) + time.monotonic() - started

    def _tell(self, line: str) -> None:
        self._log(line)
        self.context.reporter.note(f"  {line}")

    def _log(self, line: str) -> None:
        self.folder.append_log(line)
