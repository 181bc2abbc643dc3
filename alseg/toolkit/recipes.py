"""Supervised training on both domains: a recipe as it is, and the base of recipes that add losses to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from alseg import toolkit
from alseg.contracts import (
    ADDED_LATER,
    IGNORE_INDEX,
    Accumulation,
    Augmentation,
    BatchSize,
    ColorStrength,
    DataPlan,
    Iterations,
    LearningRate,
    Momentum,
    Power,
    Share,
    Side,
    SomeShare,
    SourceSampling,
    Temperature,
    TrainingPlan,
    WarmUp,
    Weight,
    WeightDecay,
    Zoom,
)
from alseg.errors import AlsegError

if TYPE_CHECKING:
    import torch

    from alseg.contracts import Forward, SegmentationModel, TrainingBatch
    from alseg.toolkit.losses import Term


@dataclass(kw_only=True)
class SupervisedRecipe:
    """Cross-entropy on source labels and on bought target labels.

    The class is what ``build`` of a `RecipeSpec` is: its fields are the parameters of experiment files, with
    their bounds and defaults. A recipe with further losses is a subclass that adds fields and `losses_of`.
    Losses that begin with a softmax over classes are added to `source_terms` and `target_terms` instead,
    which share it. Torch is imported when a recipe is used.

    Attributes:
        iterations: Optimiser steps in a run.
        decay_iterations: Steps over which the learning rate would decay to zero; None for ``iterations``.
        optimizer: ``sgd`` with momentum, or ``adamw``.
        learning_rate: Of the backbone at the start.
        head_factor: The head's learning rate in units of the backbone's.
        momentum: Of ``sgd``.
        weight_decay: Of both optimisers.
        power: Of the polynomial decay.
        source_batch: Source images per step; 0 trains on the target alone.
        target_batch: Target images per step; 0 trains on the source alone.
        source_size: Height and width of source inputs in pixels; None for the native size.
        target_size: The same for the target.
        flip: Whether images are mirrored at random.
        scale: Lowest and highest factor of a random zoom.
        color: Strength of random brightness, contrast and saturation.
        sampling: How source images are drawn: ``shuffle``, ``class-balanced``, or ``rare-class`` with a
            temperature.
        label_resize: How bought labels shrink, see `alseg.contracts.DataPlan`.
        target_sampling: How target images are drawn: ``uniform``, or ``labelled`` for a share of them from
            images with bought labels, once there are any.
        labelled_share: That share of the target images, above 0 and at most 1.
        warmup: Steps in which the learning rates rise linearly from almost 0; 0 for none.
        accumulate: Batches that a step draws from each domain, one after the other, with the means of their
            losses: the memory of one batch, and gradients as of a larger one, but for batch norm.
        crop: Height and width of a random cut of the inputs of both domains, in pixels; None for whole
            images.
        rare_temperature: Of ``rare-class`` sampling: the lower, the more the rarest classes are preferred.
        rare_share: Of ``rare-class`` sampling: share of an image above which it shows a class, and that the
            class should cover in a cut, too.

    Raises:
        AlsegError: If there is nothing to train on, or a number is out of range.
    """

    title: ClassVar[str] = "plain"
    """What messages call the recipe."""

    iterations: Iterations = 40_000
    decay_iterations: Iterations | None = None
    optimizer: Literal["sgd", "adamw"] = "sgd"
    learning_rate: LearningRate = 2.5e-4
    head_factor: Weight = 10.0
    momentum: Momentum = 0.9
    weight_decay: WeightDecay = 5e-4
    power: Power = 0.9
    source_batch: BatchSize = 2
    target_batch: BatchSize = 2
    source_size: tuple[Side, Side] | None = (720, 1280)
    target_size: tuple[Side, Side] | None = (640, 1280)
    flip: bool = False
    scale: tuple[Zoom, Zoom] = (1.0, 1.0)
    color: ColorStrength = 0.0
    sampling: SourceSampling = "shuffle"
    label_resize: Literal["point", "nearest"] = "point"
    target_sampling: Literal["uniform", "labelled"] = "uniform"
    labelled_share: SomeShare = 0.5
    warmup: Annotated[WarmUp, ADDED_LATER] = 0
    accumulate: Annotated[Accumulation, ADDED_LATER] = 1
    crop: Annotated[tuple[Side, Side] | None, ADDED_LATER] = None
    rare_temperature: Annotated[Temperature, ADDED_LATER] = 0.01
    rare_share: Annotated[Share, ADDED_LATER] = 0.0015

    def __post_init__(self) -> None:
        self._check()
        augmentation = Augmentation(flip=self.flip, scale=self.scale, color=self.color)
        self.plan = TrainingPlan(
            iterations=self.iterations,
            accumulation=self.accumulate,
            source=DataPlan(
                batch_size=self.source_batch,
                size=self.source_size,
                augmentation=augmentation,
                sampling=self.sampling,
                crop=self.crop,
                rare_temperature=self.rare_temperature,
                rare_share=self.rare_share,
            ),
            target=DataPlan(
                batch_size=self.target_batch,
                size=self.target_size,
                augmentation=augmentation,
                sampling="labelled" if self.target_sampling == "labelled" else "shuffle",
                labelled_share=self.labelled_share,
                label_resize=self.label_resize,
                crop=self.crop,
            ),
        )

    def make_optimizer(self, model: SegmentationModel) -> torch.optim.Optimizer:
        """Return the optimiser with the learning rates of iteration 0."""
        return toolkit.optim.build_optimizer(
            model,
            self.optimizer,
            self.learning_rate,
            self.head_factor,
            self.momentum,
            self.weight_decay,
        )

    def learning_rate_factor(self, iteration: int) -> float:
        """Return the polynomial factor at ``iteration`` (steps already taken), from 1 down to 0.

        In a warm-up it is multiplied by one that rises to 1.
        """
        decay = toolkit.optim.poly_factor(iteration, self.decay_iterations or self.iterations, self.power)
        return decay * toolkit.optim.warm_up_factor(iteration, self.warmup)

    def losses(self, forward: Forward, batch: TrainingBatch) -> Mapping[str, torch.Tensor]:
        """Return the weighted losses of one step, see `losses_of`.

        Args:
            forward: Maps images to float32 logits ``(B, C, H, W)``.
            batch: Source and target images with their labels.
        """
        return self.losses_of(*toolkit.optim.joint_forward(forward, batch), batch)

    def losses_of(
        self, source_logits: torch.Tensor | None, target_logits: torch.Tensor | None, batch: TrainingBatch
    ) -> dict[str, torch.Tensor]:
        """Return ``source`` and ``target`` cross-entropy, each the mean over labelled pixels of the batch.

        Args:
            source_logits: float32 ``(B, C, H, W)``, or None where the batch has no source.
            target_logits: The same for the target.
            batch: The labels.

        Returns:
            Scalars by name; the loss of a domain without a labelled pixel in this batch is left out, since
            the mean of nothing would be NaN.
        """
        losses: dict[str, torch.Tensor] = {}
        if source_logits is not None and batch.source_labels is not None:
            terms = self.source_terms(batch.source_labels)
            if not _labelled(batch.source_labels, batch.source_labelled):
                terms.pop("source", None)
            losses |= toolkit.losses.softmax_losses(source_logits, terms)
        if target_logits is not None and batch.target_labels is not None:
            terms = self.target_terms(batch.target_labels)
            if not _labelled(batch.target_labels, batch.target_labelled):
                terms.pop("target", None)
            losses |= toolkit.losses.softmax_losses(target_logits, terms)
        return losses

    def source_terms(self, labels: torch.Tensor) -> dict[str, Term]:
        """Return the losses of source logits by name, computed together: ``source``, the cross-entropy.

        Args:
            labels: int64 ``(B, H, W)``, 255 to be ignored.
        """
        return {"source": toolkit.losses.CrossEntropy(labels)}

    def target_terms(self, labels: torch.Tensor) -> dict[str, Term]:
        """Return the losses of target logits by name, computed together: ``target``, the cross-entropy.

        Args:
            labels: int64 ``(B, H, W)``, 255 where no label was bought.
        """
        return {"target": toolkit.losses.CrossEntropy(labels)}

    def _check(self) -> None:
        if self.iterations < 1:
            self._refuse(f"iterations must be at least 1, not {self.iterations}")
        if min(self.source_batch, self.target_batch) < 0 or self.source_batch + self.target_batch == 0:
            self._refuse(
                "source_batch and target_batch must be at least 0, and one of them at least 1, not "
                f"{self.source_batch} and {self.target_batch}"
            )
        if self.warmup < 0 or self.accumulate < 1:
            self._refuse(
                f"warmup must be at least 0 and accumulate at least 1, not {self.warmup} and "
                f"{self.accumulate}"
            )
        if self.warmup and self.warmup >= self.iterations:
            self._refuse(
                f"warmup {self.warmup} is not less than iterations {self.iterations}: the learning rate "
                "would never be reached"
            )
        if not self.learning_rate > 0:
            self._refuse(f"learning_rate must be above 0, not {self.learning_rate}")
        if self.decay_iterations is not None and self.decay_iterations < self.iterations:
            self._refuse(
                f"decay_iterations {self.decay_iterations} is less than iterations {self.iterations}: the "
                "learning rate would be 0 before the end"
            )
        if not 0 < self.scale[0] <= self.scale[1]:
            self._refuse(f"scale must be a lowest and a highest factor above 0, not {list(self.scale)}")
        if not 0 < self.labelled_share <= 1:
            self._refuse(f"labelled_share must be above 0 and at most 1, not {self.labelled_share}")
        for key, size in (("source_size", self.source_size), ("target_size", self.target_size)):
            if size is not None and min(size) < 1:
                self._refuse(f"{key} must be a height and a width of at least 1 pixel, not {list(size)}")
            if size is not None and self.crop is not None and not _fits(self.crop, size):
                self._refuse(
                    f"crop {list(self.crop)} does not fit in {key} {list(size)}; choose a smaller crop, or "
                    "null for whole images"
                )
        if not self.rare_temperature > 0:
            self._refuse(f"rare_temperature must be above 0, not {self.rare_temperature}")

    def _refuse(self, problem: str) -> None:
        raise AlsegError(f"Recipe '{self.title}': {problem}.")


def _fits(crop: tuple[int, int], size: tuple[int, int]) -> bool:
    return 0 < crop[0] <= size[0] and 0 < crop[1] <= size[1]


def _labelled(labels: torch.Tensor, known: bool | None) -> bool:
    """Return whether any pixel has a label; waits for the device where that is not known."""
    return bool((labels != IGNORE_INDEX).any()) if known is None else known
