"""The processes that do one run together, each with a device of its own: who they are, and how they agree.

What one of them alone decides would differ from what the others decide; so whatever changes the course of a
run is agreed here first. A run in one process has `ALONE`, for which everything here is what it is given.

A rank that fails or stops leaves word and ends; whatever the others exchange next then raises `LostRank`, and
they read the word. So no phase needs an agreement of its own on failures.
"""

from __future__ import annotations

import json
import operator
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

_Value = TypeVar("_Value")

TIMEOUT = timedelta(minutes=30)
"""How long a rank waits for the others: longer than rank 0 alone may take for answers and files."""


class LostRank(Exception):  # noqa: N818 - not an error of this rank
    """Another rank has ended, or has not answered for too long."""


@dataclass(frozen=True)
class Word:
    """What a rank says when it leaves the others.

    Attributes:
        rank: Which one.
        host: Its machine.
        signal: What stopped it; None if it failed.
        error: What failed, in one line; empty if it was stopped.
        trace: Where it failed, for the log.
    """

    rank: int
    host: str
    signal: int | None = None
    error: str = ""
    trace: str = ""

    @property
    def text(self) -> str:
        """The failure with the rank's name."""
        return f"rank {self.rank} on {self.host}: {self.error}"


@dataclass(frozen=True)
class Ranks:
    """The processes that do one run together.

    All of them call each method the same number of times and in the same order, those of words excepted.

    Attributes:
        rank: This process, from 0; the first one answers, bills and writes.
        size: How many there are.
        hosts: The machine of each.
        store: Where words are left; of torch.
    """

    rank: int = 0
    size: int = 1
    hosts: tuple[str, ...] = field(default=(), compare=False)
    store: Any = field(default=None, compare=False, repr=False)

    @property
    def is_first(self) -> bool:
        """Whether this process answers, bills and writes."""
        return self.rank == 0

    def agreed(self, code: int) -> int:
        """Return the largest of the ranks' numbers, by which all of them act alike.

        Args:
            code: This rank's number, such as that of a signal; 0 if all is well.

        Raises:
            LostRank: If another rank has ended.
        """
        if self.size == 1:
            return code
        import torch

        # On the CPU, so that nobody waits for what a device has yet to compute.
        value = torch.tensor(code, dtype=torch.int64)
        with exchanging():
            torch.distributed.all_reduce(value, torch.distributed.ReduceOp.MAX)
        return int(value)

    def from_first(self, value: _Value) -> _Value:
        """Return what the first rank has been given; what the others are given is not looked at.

        Args:
            value: Anything that can be pickled; tensors are to be on the CPU.

        Raises:
            LostRank: If another rank has ended.
        """
        if self.size == 1:
            return value
        import torch

        values = [value if self.is_first else None]
        with exchanging():
            torch.distributed.broadcast_object_list(values, src=0)
        return values[0]  # type: ignore[return-value]

    def gathered(self, value: _Value) -> list[_Value]:
        """Return what the ranks have been given, in their order.

        Args:
            value: Anything that can be pickled; tensors are to be on the CPU.

        Raises:
            LostRank: If another rank has ended.
        """
        if self.size == 1:
            return [value]
        import torch

        values: list[Any] = [None] * self.size
        with exchanging():
            torch.distributed.all_gather_object(values, value)
        return values

    def summed(self, value: Any) -> Any:
        """Return the sum over the ranks, from rank 0 on: the same bits on all of them.

        Args:
            value: A number or an array; integers are summed exactly.

        Raises:
            LostRank: If another rank has ended.
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

    def batches(self, count: int, batch_size: int) -> Sequence[int]:
        """Return which of some items are this rank's: every so-manieth whole batch of them.

        Args:
            count: Items.
            batch_size: Items per batch; the last batch may be smaller.
        """
        if self.size == 1:
            return range(count)
        return [index for index in range(count) if index // batch_size % self.size == self.rank]

    def share(self, count: int) -> int:
        """Return about how many of some items are this rank's, for progress."""
        return -(-count // self.size)

    def still_waiting(self) -> None:
        """Let the others wait on, where the first rank waits for something that may take any time.

        Raises:
            LostRank: If another rank has ended.
        """
        self.from_first(False)

    def await_first(self, check: Callable[[], None] = lambda: None) -> None:
        """Come here together; the first rank may say `still_waiting` before.

        Args:
            check: Called by the others each time; may raise to leave.

        Raises:
            LostRank: If another rank has ended.
        """
        while not self.from_first(True):
            check()

    def leave_word(self, *, signal: int | None = None, error: str = "", trace: str = "") -> None:
        """Say why this rank leaves the others, before it ends.

        Args:
            signal: What stopped it.
            error: What failed, in one line.
            trace: Where it failed, for the log.
        """
        if self.store is not None:
            word = Word(self.rank, socket.gethostname(), signal, error, trace)
            self.store.set(f"word-{self.rank}", json.dumps(asdict(word)))

    def word(self) -> Word | None:
        """Return what another rank said when it left; None if none did: a failure goes before a signal."""
        if self.store is None:
            return None
        others = [f"word-{rank}" for rank in range(self.size) if rank != self.rank]
        found = [Word(**json.loads(self.store.get(key))) for key in others if self.store.check([key])]
        return min(found, key=lambda word: word.signal is not None, default=None)


ALONE = Ranks()
"""A run in one process."""


@contextmanager
def exchanging() -> Iterator[None]:
    """Call what fails in an exchange between ranks by its name.

    Raises:
        LostRank: If another rank has ended, or has not answered for too long.
    """
    try:
        yield
    except RuntimeError as error:  # torch has no type of its own for it
        raise LostRank((str(error).splitlines() or [""])[0]) from error


@contextmanager
def joined(device_type: str, *, timeout: timedelta = TIMEOUT, meeting: Path | None = None) -> Iterator[Ranks]:
    """Meet the other ranks, whom the environment names: ``RANK`` and ``WORLD_SIZE``.

    What Python objects and decisions need goes over gloo, what GPUs exchange over NCCL.

    Args:
        device_type: ``cpu`` or ``cuda``; of the latter, the process's device has been set.
        timeout: How long to wait for a rank before it is lost.
        meeting: The file by which ranks of one machine meet, so that nothing listens for others; None where
            ``MASTER_ADDR`` and ``MASTER_PORT`` name the place.

    Yields:
        The ranks.

    Raises:
        LostRank: If they do not come.
    """
    import torch

    distributed: Any = torch.distributed  # which does not say what of it is public
    backend = "cpu:gloo,cuda:nccl" if device_type == "cuda" else "gloo"
    with exchanging():
        if meeting is None:
            store, rank, size = next(distributed.rendezvous("env://", timeout=timeout))
            store.set_timeout(timeout)
        else:
            rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
            store = distributed.FileStore(str(meeting), size)
        group = distributed.PrefixStore("group", store)
        distributed.init_process_group(backend, store=group, rank=rank, world_size=size, timeout=timeout)
    words = distributed.PrefixStore("words", store)
    hosts = tuple(Ranks(rank, size).gathered(socket.gethostname()))
    yield Ranks(rank, size, hosts, words)
    # Not after an error: what is under way would be waited for, and the process ends anyway.
    distributed.destroy_process_group()
