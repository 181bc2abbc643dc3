"""The processes that do one run together, each with a device of its own: who they are, and how they agree.

What one of them alone decides would differ from what the others decide; so whatever changes the course of a
run is agreed here first. A run in one process has `ALONE`, for which everything here is what it is given.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from typing import Any, TypeVar

_Value = TypeVar("_Value")

TIMEOUT = timedelta(minutes=30)
"""How long a rank waits for the others: longer than rank 0 alone may take for answers and files."""


@dataclass(frozen=True)
class Ranks:
    """The processes that do one run together.

    All of them call each method the same number of times and in the same order.

    Attributes:
        rank: This process, from 0; the first one answers, bills and writes.
        size: How many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process answers, bills and writes."""
        return self.rank == 0

    def agreed(self, code: int) -> int:
        """Return the largest of the ranks' numbers, by which all of them act alike.

        Args:
            code: This rank's number, such as that of a signal; 0 if all is well.
        """
        if self.size == 1:
            return code
        import torch

        # On the CPU, so that nobody waits for what a device has yet to compute.
        value = torch.tensor(code, dtype=torch.int64)
        torch.distributed.all_reduce(value, torch.distributed.ReduceOp.MAX)
        return int(value)

    def from_first(self, value: _Value) -> _Value:
        """Return what the first rank has been given; what the others are given is not looked at.

        Args:
            value: Anything that can be pickled.
        """
        if self.size == 1:
            return value
        import torch

        values = [value if self.is_first else None]
        torch.distributed.broadcast_object_list(values, src=0)
        return values[0]  # type: ignore[return-value]

    def gathered(self, value: _Value) -> list[_Value]:
        """Return what the ranks have been given, in their order.

        Args:
            value: Anything that can be pickled.
        """
        if self.size == 1:
            return [value]
        import torch

        values: list[Any] = [None] * self.size
        torch.distributed.all_gather_object(values, value)
        return values

    def summed(self, value: Any) -> Any:
        """Return the sum over the ranks, from rank 0 on: the same bits on all of them.

        Args:
            value: A number or an array; integers are summed exactly.
        """
        return reduce(operator.add, self.gathered(value))

    def rows(self, batch_size: int) -> slice:
        """Return the rows of a whole batch that are this rank's.

        Args:
            batch_size: Rows of the whole batch, a multiple of `size`.

        Raises:
            ValueError: If it is none.
        """
        share, left = divmod(batch_size, self.size)
        if left:
            raise ValueError(f"a batch of {batch_size} cannot be divided among {self.size} ranks")
        return slice(self.rank * share, (self.rank + 1) * share)


ALONE = Ranks()
"""A run in one process."""


@contextmanager
def joined(device_type: str, *, timeout: timedelta = TIMEOUT) -> Iterator[Ranks]:
    """Meet the other ranks, whom the environment names: ``RANK``, ``WORLD_SIZE``, ``MASTER_ADDR`` and so on.

    What Python objects and decisions need goes over gloo, what GPUs exchange over NCCL.

    Args:
        device_type: ``cpu`` or ``cuda``; of the latter, the process's device has been set.
        timeout: How long to wait for a rank before it is lost.

    Yields:
        The ranks.
    """
    import torch

    backend = "cpu:gloo,cuda:nccl" if device_type == "cuda" else "gloo"
    torch.distributed.init_process_group(backend, timeout=timeout)
    try:
        yield Ranks(torch.distributed.get_rank(), torch.distributed.get_world_size())
    finally:
        torch.distributed.destroy_process_group()
