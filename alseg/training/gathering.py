"""What the ranks of a run exchange in a step: rows of batches and of outputs, and gradients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch

from alseg.system.ranks import Ranks, exchanging

BUCKET = 2**26
"""Bytes of gradients, or of buffers, that are exchanged at once."""


def gathered_rows(own: torch.Tensor, ranks: Ranks) -> torch.Tensor:
    """Return the rows of all ranks, those of rank 0 first.

    The gradient of the own rows is that of the result times the number of ranks. So it is exact where each
    rank computes the same loss of the result, divided by the number of ranks, and gradients are then summed.

    Args:
        own: ``(b, ...)``, of the same shape and type on all ranks.
        ranks: More than one.

    Returns:
        ``(b * ranks.size, ...)``, with channels last in memory where they are in `own`.
    """
    gathered: torch.Tensor = _Gathering.apply(own, ranks)
    return gathered


def gathered_parts(parts: Sequence[torch.Tensor], ranks: Ranks) -> list[torch.Tensor]:
    """Return the parts of a batch, such as images and label maps, with the rows of all ranks.

    Args:
        parts: ``(b, ...)`` each, on the device; alone they are returned as they are.
        ranks: The ranks.
    """
    return list(parts) if ranks.size == 1 else [_gathered(part, ranks) for part in parts]


def largest(numbers: Sequence[int], ranks: Ranks) -> list[int]:
    """Return the largest of the ranks' numbers, one by one, without waiting for a device.

    Args:
        numbers: As many on all ranks.
        ranks: The ranks.
    """
    if ranks.size == 1:
        return list(numbers)
    values = torch.tensor(numbers, dtype=torch.int64)
    with exchanging():
        torch.distributed.all_reduce(values, torch.distributed.ReduceOp.MAX)
    found: list[int] = values.tolist()
    return found


def sum_gradients(modules: Iterable[torch.nn.Module], ranks: Ranks) -> None:
    """Replace every gradient by its sum over the ranks, the same bits on all of them.

    Args:
        modules: Of whose parameters the same ones have a gradient on all ranks.
        ranks: The ranks; alone, nothing happens.
    """
    if ranks.size == 1:
        return
    parameters = (parameter for module in modules for parameter in module.parameters())
    for bucket in _buckets([each.grad for each in parameters if each.grad is not None]):
        flat = _flat(bucket)
        with exchanging():
            torch.distributed.all_reduce(flat)
        _copy_back(flat, bucket)


def copy_buffers(modules: Iterable[torch.nn.Module], ranks: Ranks) -> None:
    """Give all ranks the buffers of the first one, as a GPU may add up memories in another order on each.

    Args:
        modules: With the same buffers on all ranks.
        ranks: The ranks; alone, nothing happens.
    """
    if ranks.size == 1:
        return
    buffers = (buffer for module in modules for buffer in module.buffers())
    for bucket in _buckets([each for each in buffers if each.is_floating_point() and each.numel()]):
        flat = _flat(bucket)
        with exchanging():
            torch.distributed.broadcast(flat, 0)
        _copy_back(flat, bucket)


class _Gathering(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, own: torch.Tensor, ranks: Ranks) -> torch.Tensor:
        ctx.ranks = ranks
        return _gathered(own, ranks)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return gradient[ctx.ranks.rows(len(gradient))] * ctx.ranks.size, None


def _gathered(own: torch.Tensor, ranks: Ranks) -> torch.Tensor:
    if own.dtype == torch.bool:
        return _gathered(own.view(torch.uint8), ranks).view(torch.bool)
    last = own.ndim == 4 and not own.is_contiguous() and own.is_contiguous(memory_format=torch.channels_last)
    dense = own.movedim(1, -1) if last else own.contiguous()
    whole = dense.new_empty((len(dense) * ranks.size, *dense.shape[1:]))
    with exchanging():
        torch.distributed.all_gather(list(whole.chunk(ranks.size)), dense)
    return whole.movedim(-1, 1) if last else whole


def _buckets(tensors: Sequence[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """Yield tensors of one type and device together, in their order, up to some bytes at once."""
    for kind in dict.fromkeys((each.dtype, each.device) for each in tensors):
        bucket: list[torch.Tensor] = []
        size = 0
        for each in tensors:
            if (each.dtype, each.device) != kind:
                continue
            if bucket and size + each.nbytes > BUCKET:
                yield bucket
                bucket, size = [], 0
            bucket.append(each)
            size += each.nbytes
        yield bucket


def _flat(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.cat([each.reshape(-1) for each in tensors])


def _copy_back(flat: torch.Tensor, tensors: Sequence[torch.Tensor]) -> None:
    for each, part in zip(tensors, torch.split(flat, [each.numel() for each in tensors]), strict=True):
        each.copy_(part.view(each.shape))
