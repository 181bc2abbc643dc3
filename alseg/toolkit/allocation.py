"""Shares of a budget: quotas of groups, turns of lists, picks until the money is spent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import torch

from alseg.contracts import PartsView

T = TypeVar("T")


def quotas(sizes: Sequence[int], count: int) -> list[int]:
    """Return how many of ``count`` each group gets, in proportion to its size.

    Each gets the whole part of its share; what is left goes to the largest remainders, of equal ones to the
    earlier group.

    Args:
        sizes: Members of each group, at least 0.
        count: To give away, at least 0; all members where there are not as many.

    Returns:
        One number a group, at most its size; their sum is ``count`` or the number of members.
    """
    total = sum(sizes)
    count = min(count, total)
    if not total:
        return [0] * len(sizes)
    given = [count * size // total for size in sizes]
    by_remainder = sorted(range(len(sizes)), key=lambda group: -(count * sizes[group] % total))
    for group in by_remainder[: count - sum(given)]:
        given[group] += 1
    return given


def places_in_groups(groups: torch.Tensor) -> torch.Tensor:
    """Return how many members of the same group come before each, in O(n log n) time.

    Args:
        groups: int64 ``(n,)``, the group of each, from 0.

    Returns:
        int64 ``(n,)``.
    """
    by_group = groups.argsort(stable=True)
    sizes = torch.bincount(groups)
    starts = sizes.cumsum(0) - sizes
    before = torch.empty_like(groups)
    before[by_group] = torch.arange(len(groups)) - starts[groups[by_group]]
    return before


def weighted_round_robin(lists: Sequence[Sequence[T]], weights: Sequence[int]) -> list[T]:
    """Return the members of all lists: of each list in turn as many as its weight, until all are empty.

    Args:
        lists: Members, first ones first.
        weights: One number a list, at least 1.

    Raises:
        ValueError: If a weight is below 1, with which a list would never end, or there is not one a list.
    """
    if len(lists) != len(weights) or any(weight < 1 for weight in weights):
        raise ValueError(f"weights must be at least 1, one for each of {len(lists)} lists, not {weights}")
    merged: list[T] = []
    turn = 0
    while any(turn * weight < len(members) for members, weight in zip(lists, weights, strict=True)):
        for members, weight in zip(lists, weights, strict=True):
            merged.extend(members[turn * weight : (turn + 1) * weight])
        turn += 1
    return merged


def affordable(picks: Iterable[int], pool: PartsView, pixels: int | None = None) -> list[int]:
    """Return the first parts that together have as many pixels as a budget, the one that reaches it included.

    Args:
        picks: Indices of parts, most wanted first; it may be endless work, no more of it is done than needed.
        pool: Has the sizes.
        pixels: To spend; the pool's budget unless given.
    """
    left = pool.budget if pixels is None else pixels
    chosen: list[int] = []
    for part in picks if left > 0 else ():
        chosen.append(part)
        left -= int(pool.pixels[part])
        if left <= 0:
            break
    return chosen


def left_over(pool: PartsView) -> torch.Tensor:
    """Return the parts that have not been bought, int64 ``(n,)``, indices in order.

    Args:
        pool: The parts of the pool.
    """
    return (~pool.bought).nonzero().flatten()
