"""Which questions of a whole pool a budget pays for."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from alseg.annotation.allowance import Limits
from alseg.contracts import Picks

_PRUNE_EVERY = 64


@dataclass
class PoolPicks:
    """Gathers proposals of all images and keeps the best that a pool-wide budget affords.

    Proposals of one image come with non-increasing scores, so the best of the pool are a merge of them: the
    result is that of a greedy choice over the whole pool. Ties go to the earlier image.
    """

    limits: Limits
    _proposals: dict[str, Picks] = field(default_factory=dict)

    def add(self, image_id: str, picks: Picks) -> None:
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
