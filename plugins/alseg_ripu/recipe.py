"""The training recipe of the paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch.nn import functional as F

from alseg.contracts import (
    IGNORE_INDEX,
    Augmentation,
    DataPlan,
    SegmentationModel,
    Size,
    TrainingBatch,
    TrainingPlan,
)
from alseg.optim import OptimizerName, build_optimizer, joint_forward, poly_factor
from alseg_ripu.losses import local_consistency_loss, negative_learning_loss


class Ripu:
    """Cross-entropy on labels of both domains, consistency on the source, negative learning on the target.

    The parameters are those of `alseg_ripu.build.recipe`.

    Source:
        Xie et al., CVPR 2022, arXiv:2111.12940, section 4.1. The defaults are the paper's, but for bought
        labels, which keep their place when label maps shrink (``label_resize="nearest"`` loses most of them,
        as the released code does), and for one forward pass for both domains where their sizes are equal.
    """

    def __init__(
        self,
        *,
        iterations: int,
        decay_iterations: int,
        optimizer: OptimizerName,
        learning_rate: float,
        head_factor: float,
        momentum: float,
        weight_decay: float,
        power: float,
        source_batch: int,
        target_batch: int,
        source_size: Size | None,
        target_size: Size | None,
        consistency: float,
        consistency_distance: Literal["l1", "kl"],
        negative_learning: float,
        negative_threshold: float,
        flip: bool,
        scale: tuple[float, float],
        color: float,
        sampling: Literal["shuffle", "class-balanced"],
        label_resize: Literal["point", "nearest"],
    ) -> None:
        augmentation = Augmentation(flip=flip, scale=scale, color=color)
        self.plan = TrainingPlan(
            iterations=iterations,
            source=DataPlan(
                batch_size=source_batch, size=source_size, augmentation=augmentation, sampling=sampling
            ),
            target=DataPlan(
                batch_size=target_batch,
                size=target_size,
                augmentation=augmentation,
                label_resize=label_resize,
            ),
        )
        self._optimizer: OptimizerName = optimizer
        self._learning_rate = learning_rate
        self._head_factor = head_factor
        self._momentum = momentum
        self._weight_decay = weight_decay
        self._decay_iterations = decay_iterations
        self._power = power
        self._consistency = consistency
        self._distance: Literal["l1", "kl"] = consistency_distance
        self._negative_learning = negative_learning
        self._threshold = negative_threshold

    def optimizer(self, model: SegmentationModel) -> torch.optim.Optimizer:
        """Return the optimiser with the learning rates of iteration 0."""
        return build_optimizer(
            model,
            self._optimizer,
            self._learning_rate,
            self._head_factor,
            self._momentum,
            self._weight_decay,
        )

    def learning_rate_factor(self, iteration: int) -> float:
        """Return the polynomial factor at ``iteration`` (steps already taken), from 1 down to 0."""
        return poly_factor(iteration, self._decay_iterations, self._power)

    def losses(
        self, forward: Callable[[torch.Tensor], torch.Tensor], batch: TrainingBatch
    ) -> Mapping[str, torch.Tensor]:
        """Return the weighted losses of one step.

        Args:
            forward: Maps images to float32 logits ``(B, C, H, W)``.
            batch: Source and target images with their labels.

        Returns:
            ``source`` and ``target`` cross-entropy, ``consistency`` and ``negative``. A domain that the batch
            lacks, a loss of weight 0 and the cross-entropy of a domain without any label in this batch are
            left out.
        """
        source_logits, target_logits = joint_forward(forward, batch)
        losses: dict[str, torch.Tensor] = {}
        if source_logits is not None and batch.source_labels is not None:
            _add_cross_entropy(losses, "source", source_logits, batch.source_labels)
            if self._consistency:
                losses["consistency"] = self._consistency * local_consistency_loss(
                    source_logits, batch.source_labels, self._distance, IGNORE_INDEX
                )
        if target_logits is not None:
            if batch.target_labels is not None:
                _add_cross_entropy(losses, "target", target_logits, batch.target_labels)
            if self._negative_learning:
                losses["negative"] = self._negative_learning * negative_learning_loss(
                    target_logits, self._threshold
                )
        return losses


def _add_cross_entropy(
    losses: dict[str, torch.Tensor], name: str, logits: torch.Tensor, labels: torch.Tensor
) -> None:
    """Add the mean over labelled pixels, unless there is none: the mean of nothing would be NaN."""
    if bool((labels != IGNORE_INDEX).any()):
        losses[name] = F.cross_entropy(logits, labels, ignore_index=IGNORE_INDEX)
