"""A teacher: a copy of a network whose weights are a moving average of the network's own."""

from __future__ import annotations

import copy

import torch
from torch import nn

_DROPPING = ("Dropout", "DropPath", "StochasticDepth")
"""What the classes of layers that drop values at random are called, in torch, timm and torchvision."""


class StepCount(nn.Module):
    """Counts the updates of a teacher; part of a checkpoint, and 0 again where a teacher is made anew.

    Attributes:
        count: int64 scalar, on the module's device.
    """

    count: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))


def teacher_of(network: nn.Module) -> nn.Module:
    """Return a copy of a network without gradients.

    Args:
        network: The network, which is left as it is.
    """
    return copy.deepcopy(network).requires_grad_(False)


def decay_at(step: int | torch.Tensor, alpha: float) -> float | torch.Tensor:
    """Return the teacher's share of the average, ``min(1 - 1 / (step + 1), alpha)``.

    So the first updates are the mean of all weights so far, and the very first one takes the network's.

    Args:
        step: Updates already made, from 0; a number, or an integer scalar on any device.
        alpha: Share that the teacher keeps later on, from 0 up to but not including 1.

    Returns:
        A number; a scalar on the step's device where that is a tensor, so that nobody waits for the device.
    """
    if isinstance(step, torch.Tensor):
        exact = torch.float32 if step.device.type == "mps" else torch.float64
        return (1 - 1 / (step.to(exact) + 1)).clamp(max=alpha)
    return min(1 - 1 / (step + 1), alpha)


@torch.no_grad()
def update(teacher: nn.Module, network: nn.Module, decay: float | torch.Tensor) -> None:
    """Move a teacher's parameters: ``decay * teacher + (1 - decay) * network``.

    Buffers stay as they are: the statistics of batch norm come from the teacher's own forward passes.

    Args:
        teacher: Changed in place.
        network: Has the same parameters.
        decay: From `decay_at`.

    Raises:
        ValueError: If the two do not have equally many parameters.

    Source:
        Tarvainen and Valpola, NeurIPS 2017, arXiv:1703.01780; the released code of Tranheden et al., WACV
        2021, bit by bit.
    """
    for average, parameter in zip(teacher.parameters(), network.parameters(), strict=True):
        average.mul_(decay).add_((1 - decay) * parameter)


def silence_dropout(teacher: nn.Module) -> None:
    """Switch off layers that drop values at random; all others keep their mode, batch norm included.

    Args:
        teacher: The network, in training mode.
    """
    for module in teacher.modules():
        if any(word in type(module).__name__ for word in _DROPPING):
            module.eval()
