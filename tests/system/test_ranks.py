"""Processes that do one run together."""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alseg.system.ranks import ALONE, LostRank, Ranks, joined
from pairs import called_by_two
from ranked_steps import in_two


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
    said = in_two(_agree, None, seconds=60)
    agreed = {"code": 15, "first": {"rank": 0}, "all": [0, 1], "sum": [1, 2], "total": 1}
    assert said == [{**agreed, "is_first": True}, {**agreed, "is_first": False}]


def _agree(ranks: Ranks, _: None) -> dict[str, Any]:
    return {
        "code": ranks.agreed(15 * ranks.rank),
        "first": ranks.from_first({"rank": ranks.rank}),
        "all": ranks.gathered(ranks.rank),
        "sum": ranks.summed(np.array([ranks.rank, 1])).tolist(),
        "total": ranks.summed(ranks.rank),
        "is_first": ranks.is_first,
    }


def test_whole_batches_are_shared_out_in_turn() -> None:
    # Batches of 2 among 2: 0 1 | 2 3 | 4 5 | 6
    assert [list(Ranks(rank, 2).batches(7, 2)) for rank in range(2)] == [[0, 1, 4, 5], [2, 3, 6]]
    assert list(ALONE.batches(3, 2)) == [0, 1, 2]


def test_a_rank_that_leaves_tells_the_others_why(tmp_path: Path) -> None:
    called_by_two(_leave, tmp_path)
    rank, host, error, missed = json.loads((tmp_path / "said").read_text())
    assert (rank, error, missed) == (1, "ValueError: no", True)
    assert host == socket.gethostname()


def _leave(rank: int, folder: Path) -> None:
    os.environ.update(RANK=str(rank), WORLD_SIZE="2", GLOO_SOCKET_IFNAME="lo")
    missed = False
    meeting = folder / "meeting"
    with suppress(LostRank), joined("cpu", timeout=timedelta(seconds=60), meeting=meeting) as ranks:
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
        (folder / "said").write_text(json.dumps((word.rank, word.host, word.error, missed)))
        os._exit(0)
