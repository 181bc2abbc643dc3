"""Doing the next thing while the last one is still under way: threads that keep the order of what they get.

Decoding, torch and NumPy release Python's lock while they work, so threads are enough.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar, cast

T = TypeVar("T")
R = TypeVar("R")

_END = object()


def ahead(items: Iterable[T]) -> Generator[T, None, None]:
    """Yield items in order; while one is used, the next one is made in a thread.

    Whatever making an item raises is raised where the item would have come.
    """
    made = iter(items)
    with ThreadPoolExecutor(max_workers=1) as thread:
        following = thread.submit(next, made, _END)
        while (item := following.result()) is not _END:
            following = thread.submit(next, made, _END)
            yield cast(T, item)


def behind(
    function: Callable[[T], R], items: Iterable[T], *, overlap: bool = True
) -> Generator[R, None, None]:
    """Yield what a function makes of items, in order; it works in a thread while the next item is made.

    Two items at most wait for the function or are in it. Whatever it raises is raised where its result would
    have come.

    Args:
        function: Called with one item after another, by one thread.
        items: What it gets.
        overlap: If False there is no thread: an item is made when the last one is done.
    """
    if not overlap:
        yield from map(function, items)
        return
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(max_workers=1) as thread:
        try:
            for item in items:
                waiting.append(thread.submit(function, item))
                if len(waiting) > 1:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for unwanted in waiting:
                unwanted.cancel()
