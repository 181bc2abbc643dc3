from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from alseg.toolkit._kernels.strips import over_strips


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_strips_cover_every_row_once(threads: int) -> None:
    rows: list[int] = []
    over_strips(
        10, 4, lambda strips: rows.extend(y for strip in strips for y in range(strip.start, strip.stop))
    )
    assert sorted(rows) == list(range(10))


def test_work_is_called_once_per_thread(threads: int) -> None:
    barrier = threading.Barrier(threads, timeout=30)
    calls: list[int] = []

    def work(strips: Iterator[slice]) -> None:
        # Nobody passes before all threads have come.
        barrier.wait()
        calls.append(len(list(strips)))

    over_strips(30, 1, work)
    assert len(calls) == threads
    assert sum(calls) == 30


def test_there_are_no_more_threads_than_strips(threads: int) -> None:
    calls: list[int] = []
    over_strips(2, 2, lambda strips: calls.append(len(list(strips))))
    assert calls == [1]


def test_what_a_thread_raises_is_raised(threads: int) -> None:
    def work(strips: Iterator[slice]) -> None:
        for strip in strips:
            if strip.start == 5:
                raise RuntimeError("row 5")

    with pytest.raises(RuntimeError, match=r"^row 5$"):
        over_strips(10, 1, work)


def test_a_map_without_rows_is_no_error(threads: int) -> None:
    over_strips(0, 1, lambda strips: None)
