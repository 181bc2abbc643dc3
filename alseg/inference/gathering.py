"""What several processes know of images of which each has predicted some, in the order of all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TypeVar

from alseg.system.ranks import Ranks

T = TypeVar("T")

IMAGES_PER_EXCHANGE = 256
"""About how many images are exchanged at a time, so that not all of a pool is in memory twice."""


def in_order(ranks: Ranks, own: Iterable[tuple[int, T]], count: int) -> Iterator[tuple[int, T]]:
    """Yield what all ranks have of images, by index.

    Args:
        ranks: All of them call this.
        own: Indices of this rank's images, increasing, and what it has of them: to be pickled, on the CPU.
        count: Images of all ranks.

    Raises:
        LostRank: If another rank has ended.
    """
    if ranks.size == 1:
        yield from own
        return
    groups = groupby(own, lambda each: each[0] // IMAGES_PER_EXCHANGE)
    following = next(groups, None)
    for turn in range(-(-count // IMAGES_PER_EXCHANGE)):
        mine: list[tuple[int, T]] = []
        if following is not None and following[0] == turn:
            mine = list(following[1])
            following = next(groups, None)
        parts = ranks.gathered(mine)
        yield from sorted((item for part in parts for item in part), key=lambda each: each[0])
