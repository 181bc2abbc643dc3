"""Which questions of a whole pool a budget pays for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from alseg.annotation.allowance import Limits
from alseg.annotation.rank_order import rank_order
from alseg.contracts import Picks

_PRUNE_EVERY = 64


@dataclass
class PoolPicks:
    """Gathers proposals of all images and keeps the best that a pool-wide budget affords.

    Of a budget in clicks these are as many as it affords at the least price, one click each.

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

    @property
    def proposals(self) -> Mapping[str, Picks]:
        """Image id to proposals, less those that the budget cannot pay for in any case."""
        return self._proposals

    def affordable(self) -> dict[str, Picks]:
        """Return each image's proposals that fit the budget; ends before the first that does not."""
        proposals = list(self._proposals.values())
        order, owner = rank_order(proposals)
        if not len(order):
            return dict(self._proposals)
        if self.limits.currency == "pixels":
            pixels = np.concatenate([picks.pixels for picks in proposals])[order]
            affordable = int(np.searchsorted(np.cumsum(pixels), self.limits.pool, side="right"))
        else:
            affordable = max(0, self.limits.pool)
        kept = np.bincount(owner[:affordable], minlength=len(proposals)).tolist()
        return {
            name: picks.first(count)
            for (name, picks), count in zip(self._proposals.items(), kept, strict=True)
        }
