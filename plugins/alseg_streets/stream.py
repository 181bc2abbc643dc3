"""Random numbers that are the same on every machine and with every version of numpy.

Only the raw 64-bit output of PCG64 and the hash of `numpy.random.SeedSequence` are used: both streams are
guaranteed to stay as they are, while those of `numpy.random.Generator` are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")

_BATCH = 256


class Stream:
    """A sequence of random numbers named by integers: the same key gives the same numbers."""

    def __init__(self, *key: int) -> None:
        """Start the stream.

        Args:
            key: Non-negative integers, such as seed, domain, split, index and purpose.
        """
        self._bits = np.random.PCG64(np.random.SeedSequence(list(key)))
        self._pool: list[int] = []

    def _raw(self) -> int:
        if not self._pool:
            self._pool = self._bits.random_raw(_BATCH).tolist()[::-1]
        return self._pool.pop()

    def unit(self) -> float:
        """Return a number in [0, 1)."""
        return (self._raw() >> 11) * 2.0**-53

    def uniform(self, low: float, high: float) -> float:
        """Return a number in [low, high)."""
        return low + (high - low) * self.unit()

    def chance(self, probability: float) -> bool:
        """Return True with the given probability (0-1)."""
        return self.unit() < probability

    def integer(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""
        return low + (self._raw() * (high - low + 1) >> 64)

    def choice(self, items: Sequence[Item]) -> Item:
        """Return one of the items, all equally likely."""
        return items[self.integer(0, len(items) - 1)]

    def weighted(self, items: Sequence[tuple[Item, float]]) -> Item:
        """Return one of the items, each as likely as its weight (any positive scale)."""
        # Not sum(): since Python 3.12 it rounds floats differently.
        total = 0.0
        for _, weight in items:
            total += weight
        left = self.unit() * total
        for item, weight in items:
            left -= weight
            if left < 0:
                return item
        return items[-1][0]

    def octets(self, *shape: int) -> NDArray[np.uint8]:
        """Return an array of bytes, each value equally likely.

        Args:
            shape: The array's shape.

        Returns:
            uint8 of that shape.
        """
        count = 1
        for length in shape:
            count *= length
        raw = self._bits.random_raw((count + 7) // 8).astype("<u8", copy=False)
        return raw.view(np.uint8)[:count].reshape(shape)
