"""Work on strips of a map on the CPU, in threads that each keep to strips which fit their core's cache.

NumPy releases the interpreter lock inside its loops, so plain threads run in parallel; no thread waits for
another between operations, which keeps the speed on a machine that is busy with other things too.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import torch


def over_strips(height: int, rows: int, work: Callable[[Iterator[slice]], None]) -> None:
    """Call ``work`` in as many threads as torch uses, each with an iterator over the strips it is to do.

    Args:
        height: Rows of the map.
        rows: Rows of a strip, at least 1; the last may have fewer.
        work: Called once per thread, so that it can prepare working memory of its own. Whatever it raises is
            raised here.
    """
    left = deque(slice(top, min(top + rows, height)) for top in range(0, height, rows))
    stop = threading.Event()

    def strips() -> Iterator[slice]:
        while not stop.is_set():
            try:
                yield left.popleft()
            except IndexError:
                return

    threads = min(torch.get_num_threads(), len(left))
    if threads <= 1:
        work(strips())
        return
    with ThreadPoolExecutor(threads) as pool:
        try:
            for done in [pool.submit(work, strips()) for _ in range(threads)]:
                done.result()
        finally:
            stop.set()
