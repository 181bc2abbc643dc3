"""Keeping names apart that stand at the ends of curves."""

from __future__ import annotations

from collections.abc import Sequence


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Return places from 0 to 1 that are ``gap`` apart, in order, and as near as can be to those wanted.

    Args:
        wanted: Where each would like to be.
        gap: Least distance; made smaller where not all would fit.

    Returns:
        The place of each, least squares away from what is wanted.
    """
    if not wanted:
        return []
    gap = min(gap, 1 / max(1, len(wanted) - 1))
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    # Without the gaps, places have only to be in order: neighbours that are not take their mean.
    blocks: list[tuple[float, int]] = []
    for rank, index in enumerate(order):
        mean, count = wanted[index] - rank * gap, 1
        while blocks and blocks[-1][0] >= mean:
            before, size = blocks.pop()
            mean, count = (before * size + mean * count) / (size + count), size + count
        blocks.append((mean, count))
    highest = 1 - (len(wanted) - 1) * gap
    levels = [min(max(mean, 0.0), highest) for mean, count in blocks for _ in range(count)]
    places = [0.0] * len(wanted)
    for rank, index in enumerate(order):
        places[index] = levels[rank] + rank * gap
    return places
