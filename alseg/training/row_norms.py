"""Batch norm over several ranks: a rank's rows are normalised by the statistics of the whole batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.modules._functions import SyncBatchNorm
from torch.overrides import TorchFunctionMode

from alseg.system.ranks import Ranks, exchanging


class RowNorms(TorchFunctionMode):
    """Within this, batch norms in training see the rows of all ranks, on CPUs and GPUs.

    Layers themselves stay as they are, so that whatever is called outside sees what it is given.

    Args:
        ranks: More than one.

    Attributes:
        norms: How many were called in training.
    """

    def __init__(self, ranks: Ranks) -> None:
        super().__init__()
        self._ranks = ranks
        self.norms = 0

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Call a function of torch."""
        given = kwargs or {}
        if func is torch.nn.functional.batch_norm:
            return self._batch_norm(*args, **given)
        return func(*args, **given)

    def _batch_norm(
        self,
        input: torch.Tensor,  # noqa: A002 - the names are torch's
        running_mean: torch.Tensor | None,
        running_var: torch.Tensor | None,
        weight: torch.Tensor | None = None,
        bias: torch.Tensor | None = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> torch.Tensor:
        if not training:
            return torch.nn.functional.batch_norm(
                input, running_mean, running_var, weight, bias, training, momentum, eps
            )
        self.norms += 1
        count = input.numel() // input.shape[1] * self._ranks.size
        if count == 1:
            raise ValueError(
                f"Expected more than 1 value per channel when training, got input size {input.size()}"
            )
        if input.is_cuda:
            group, size = torch.distributed.group.WORLD, self._ranks.size
            normalised: torch.Tensor = SyncBatchNorm.apply(
                input, weight, bias, running_mean, running_var, eps, momentum, group, size
            )
            return normalised
        exact = input.to(torch.promote_types(input.dtype, torch.float32))
        mean = _mean(exact, count)
        centred = exact - _over_channels(mean, input)
        variance = _mean(centred.square(), count)
        unbiased = variance.detach() * count / (count - 1)
        for running, found in ((running_mean, mean.detach()), (running_var, unbiased)):
            if running is not None:
                # As torch's own kernels do, past autograd: earlier passes of this step may have kept it.
                running.data.mul_(1 - momentum).add_(momentum * found)
        scale = (variance + eps).rsqrt()
        scaled = centred * _over_channels(scale if weight is None else scale * weight, input)
        return (scaled if bias is None else scaled + _over_channels(bias, input)).to(input.dtype)


def _mean(values: torch.Tensor, count: int) -> torch.Tensor:
    """Return the mean of each channel over all ranks, of ``count`` values in all."""
    over = [dimension for dimension in range(values.ndim) if dimension != 1]
    total: torch.Tensor = _Sum.apply(values.sum(over))
    return total / count


def _over_channels(values: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
    return values.view(1, -1, *([1] * (maps.ndim - 2)))


class _Sum(torch.autograd.Function):
    """The sum over all ranks, of which each has part in the others' losses."""

    @staticmethod
    def forward(ctx: Any, own: torch.Tensor) -> torch.Tensor:
        return _summed(own)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        return _summed(gradient)


def _summed(own: torch.Tensor) -> torch.Tensor:
    total = own.clone(memory_format=torch.contiguous_format)
    with exchanging():
        torch.distributed.all_reduce(total)
    return total
