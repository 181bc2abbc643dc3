"""What a round may still buy, and which questions of a whole pool that pays for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from alseg.contracts import Picks

_PRUNE_EVERY = 64


@dataclass(frozen=True)
class Limits:
    """What may still be bought in this round.

    Attributes:
        per_image: Pixels left for each image, or None where the budget is the pool's.
        pool_pixels: Pixels left for the whole pool, or None.
        pool_images: Images left for the whole pool, or None.
    """

    per_image: Sequence[int] | None = None
    pool_pixels: int | None = None
    pool_images: int | None = None

    @property
    def of_pool(self) -> int:
        """The pool's limit, in pixels or images."""
        return (self.pool_images if self.pool_pixels is None else self.pool_pixels) or 0


@dataclass
class PoolPicks:
    """Gathers proposals of all images and keeps the best that a pool-wide budget affords.

    Proposals of one image come with non-increasing scores, so the best of the pool are a merge of them: the
    result is that of a greedy choice over the whole pool. Ties go to the earlier image.
    """

    limits: Limits
    _proposals: dict[str, Picks] = field(default_factory=dict)

    def offer(self, image_id: str, picks: Picks) -> None:
        """Add one image's proposals."""
        self._proposals[image_id] = picks
        if len(self._proposals) % _PRUNE_EVERY == 0:
            self._proposals |= self.affordable()

    def affordable(self) -> dict[str, Picks]:
        """Return each image's proposals that fit the budget; ends before the first that does not."""
        image_ids = list(self._proposals)
        counts = np.array([len(self._proposals[name]) for name in image_ids], np.int64)
        if not counts.sum():
            return dict(self._proposals)
        scores = np.concatenate([self._proposals[name].scores for name in image_ids])
        pixels = np.concatenate([self._proposals[name].pixels for name in image_ids])
        owner = np.repeat(np.arange(len(image_ids)), counts)
        order = np.argsort(-scores, kind="stable")
        weights = pixels[order] if self.limits.pool_images is None else np.ones(len(order), np.int64)
        taken = order[: int(np.searchsorted(np.cumsum(weights), self.limits.of_pool, side="right"))]
        kept = np.bincount(owner[taken], minlength=len(image_ids))
        return {name: self._proposals[name].first(int(kept[place])) for place, name in enumerate(image_ids)}
