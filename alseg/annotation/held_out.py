"""Images whose answers are never trained on: they say how good the network is where nothing else does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alseg.contracts import Dataset
from alseg.seeding import derive

_STREAMS = 2**63
"""Different numbers that `derive` gives."""


@dataclass(frozen=True)
class HeldOut:
    """Which images are held out: a function of their names, the same in all runs and for any pool.

    Attributes:
        share: Of all names, above 0 and below 1; that of the images of a pool differs a little.
    """

    share: float

    def holds(self, image_id: str) -> bool:
        """Whether the answers about an image are held out."""
        return derive("held-out", image_id) < self.share * _STREAMS

    def among(self, dataset: Dataset, indices: Iterable[int]) -> Sequence[int]:
        """Return those of some images that are held out."""
        return [index for index in indices if self.holds(dataset.image_id(index))]
