"""How much of a budget each round may spend, and what it may still buy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alseg.annotation.revealed import RevealedLabels
from alseg.config.budget import Budget, allowance


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

    def of_image(self, index: int, pixels: int) -> int:
        """Return how many pixels of an image may be asked for at most.

        Args:
            index: The image.
            pixels: That it has.
        """
        if self.per_image is not None:
            return self.per_image[index]
        return pixels if self.pool_pixels is None else self.pool_pixels

    @property
    def of_pool(self) -> int:
        """The pool's limit, in pixels or images."""
        return (self.pool_images if self.pool_pixels is None else self.pool_pixels) or 0


@dataclass(frozen=True)
class BudgetSchedule:
    """A budget spread over the rounds of a run.

    Attributes:
        budget: What may be spent in all.
        rounds: Number of purchases.
        image_pixels: Pixels of each image of the pool.
    """

    budget: Budget
    rounds: int
    image_pixels: Sequence[int]

    def limits(self, round_number: int, labels: RevealedLabels) -> Limits:
        """Return what may be spent in a round: the allowance up to it, less what has been spent."""
        allowed = allowance(self.budget, round_number, self.rounds, self.image_pixels)
        if isinstance(allowed, list):
            spent = map(labels.history.pixels_bought, labels.history.image_ids)
            return Limits(per_image=[most - bought for most, bought in zip(allowed, spent, strict=True)])
        if self.budget.unit == "images":
            return Limits(pool_images=allowed - labels.cost().images)
        return Limits(pool_pixels=allowed - labels.cost().pixels)

    def allowance_pixels(self, round_number: int) -> int:
        """Return the most pixels that may have been spent after a round."""
        allowed = allowance(self.budget, round_number, self.rounds, self.image_pixels)
        if isinstance(allowed, list):
            return sum(allowed)
        if self.budget.unit == "images":
            return sum(sorted(self.image_pixels, reverse=True)[:allowed])
        return allowed
