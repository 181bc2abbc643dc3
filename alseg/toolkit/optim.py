"""What recipes share: the optimiser with two learning rates, warm-up and decay, one forward pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch

from alseg.contracts import SegmentationModel, TrainingBatch

OptimizerName = Literal["sgd", "adamw"]
"""Optimisers that recipes offer."""


_FIRST_FACTOR = 1e-6
"""Of the learning rate, in the first step of a warm-up."""


def poly_factor(iteration: int, decay_iterations: int, power: float) -> float:
    """Return the polynomial learning-rate factor ``(1 - iteration / decay_iterations) ** power``.

    Args:
        iteration: Steps already taken, from 0.
        decay_iterations: Steps after which the factor is 0, and stays so.
        power: Exponent; 1 is linear.

    Returns:
        A factor from 1 down to 0.

    Raises:
        ValueError: If ``decay_iterations`` is not positive.
    """
    if decay_iterations < 1:
        raise ValueError(f"decay_iterations must be at least 1, not {decay_iterations}")
    return float(max(0.0, 1 - iteration / decay_iterations) ** power)


def warm_up_factor(iteration: int, steps: int) -> float:
    """Return the factor of a linear warm-up: almost 0 at first, 1 from ``steps`` on.

    Args:
        iteration: Steps already taken, from 0.
        steps: Steps of the warm-up; 0 for none.

    Source:
        The released code of Hoyer et al., CVPR 2022, arXiv:2111.14887, which starts at a millionth, too.
    """
    if iteration >= steps:
        return 1.0
    return 1 - (1 - iteration / steps) * (1 - _FIRST_FACTOR)


def build_optimizer(
    model: SegmentationModel,
    name: OptimizerName,
    learning_rate: float,
    head_factor: float,
    momentum: float,
    weight_decay: float,
) -> torch.optim.Optimizer:
    """Return an optimiser with one group for the backbone and one for the head.

    Args:
        model: Names its backbone and head parameters; a group without parameters is left out.
        name: ``sgd`` with momentum, or ``adamw``.
        learning_rate: Of the backbone.
        head_factor: The head's learning rate in units of the backbone's.
        momentum: Of ``sgd``; ``adamw`` does not use it.
        weight_decay: Of all parameters.

    Raises:
        ValueError: If the model has no parameters at all.
    """
    rates = (
        (list(model.backbone_parameters()), learning_rate),
        (list(model.head_parameters()), learning_rate * head_factor),
    )
    groups = [{"params": parameters, "lr": rate} for parameters, rate in rates if parameters]
    if not groups:
        raise ValueError(f"{type(model).__name__} has neither backbone nor head parameters")
    if name == "sgd":
        return torch.optim.SGD(groups, lr=learning_rate, momentum=momentum, weight_decay=weight_decay)
    # One pass over memory instead of a dozen: a third of the time on a CPU. Apple's GPU keeps the plain way.
    fused = not torch.backends.mps.is_available()
    return torch.optim.AdamW(groups, lr=learning_rate, weight_decay=weight_decay, fused=fused)


def joint_forward(
    forward: Callable[[torch.Tensor], torch.Tensor], batch: TrainingBatch
) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Return the logits of source and target images, from one forward pass where their sizes allow it.

    In one pass, batch norm in training mode sees both domains together.

    Args:
        forward: Maps images to float32 logits ``(B, C, H, W)``.
        batch: The images of this step.

    Returns:
        Source and target logits, None for a domain that the batch lacks.
    """
    source, target = batch.source_images, batch.target_images
    if source is not None and target is not None and source.shape[1:] == target.shape[1:]:
        # Gradients of a split are put together in one go, those of two slices by adding them to zeros.
        logits = forward(torch.cat([source, target]))
        source_logits, target_logits = torch.split(logits, [len(source), len(target)])
        return source_logits, target_logits
    return (
        None if source is None else forward(source),
        None if target is None else forward(target),
    )
