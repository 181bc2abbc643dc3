"""Processes that do one run together."""

from __future__ import annotations

import socket
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import multiprocessing

from alseg.system.ranks import ALONE, LostRank, Ranks, joined


def test_one_process_agrees_with_itself() -> None:
    assert ALONE.is_first
    assert ALONE.agreed(15) == 15
    assert ALONE.from_first("this") == "this"
    assert ALONE.gathered("this") == ["this"]
    assert ALONE.summed(3) == 3
    assert ALONE.rows(5) == slice(0, 5)


def test_rows_of_a_batch_are_shared_out_in_order() -> None:
    assert [Ranks(rank, 3).rows(6) for rank in range(3)] == [slice(0, 2), slice(2, 4), slice(4, 6)]


def test_a_batch_that_cannot_be_shared_out_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a batch of 5 cannot be divided among 2 ranks$"):
        Ranks(0, 2).rows(5)


def test_two_processes_agree() -> None:
    queue = multiprocessing.get_context("spawn").SimpleQueue()
    multiprocessing.spawn(_agree, args=(_free_port(), queue), nprocs=2)  # type: ignore[attr-defined, no-untyped-call]
    said = sorted([queue.get(), queue.get()])
    agreed = {"code": 15, "first": {"rank": 0}, "all": [0, 1], "sum": [1, 2], "total": 1}
    assert said == [(0, {**agreed, "is_first": True}), (1, {**agreed, "is_first": False})]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _agree(rank: int, port: int, queue: Any) -> None:
    import os

    os.environ.update(RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    with joined("cpu", timeout=timedelta(seconds=60)) as ranks:
        said = {
            "code": ranks.agreed(15 * rank),
            "first": ranks.from_first({"rank": rank}),
            "all": ranks.gathered(rank),
            "sum": ranks.summed(np.array([rank, 1])).tolist(),
            "total": ranks.summed(rank),
            "is_first": ranks.is_first,
        }
    queue.put((rank, said))


def test_whole_batches_are_shared_out_in_turn() -> None:
    # Batches of 2 among 2: 0 1 | 2 3 | 4 5 | 6
    assert [list(Ranks(rank, 2).batches(7, 2)) for rank in range(2)] == [[0, 1, 4, 5], [2, 3, 6]]
    assert list(ALONE.batches(3, 2)) == [0, 1, 2]


def test_a_rank_that_leaves_tells_the_others_why(tmp_path: Path) -> None:
    queue = multiprocessing.get_context("spawn").SimpleQueue()
    multiprocessing.spawn(_leave, args=(str(tmp_path / "meeting"), queue), nprocs=2)  # type: ignore[attr-defined, no-untyped-call]
    rank, host, error, missed = queue.get()
    assert (rank, error, missed) == (1, "ValueError: no", True)
    assert host == socket.gethostname()


def _leave(rank: int, meeting: str, queue: Any) -> None:
    import os

    os.environ.update(RANK=str(rank), WORLD_SIZE="2", GLOO_SOCKET_IFNAME="lo")
    missed = False
    with suppress(LostRank), joined("cpu", timeout=timedelta(seconds=60), meeting=Path(meeting)) as ranks:
        assert ranks.hosts == (socket.gethostname(),) * 2
        if rank == 1:
            assert ranks.word() is None
            ranks.leave_word(error="ValueError: no")
            os._exit(0)
        try:
            ranks.agreed(0)
        except LostRank:
            missed = True
        word = ranks.word()
        assert word is not None
        queue.put((word.rank, word.host, word.error, missed))
        os._exit(0)
