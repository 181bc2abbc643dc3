"""How much of a budget each round may spend, and what it may still buy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from alseg.annotation.revealed import RevealedLabels
from alseg.config.budget import Budget, Currency, allowance
from alseg.storage.records import Spending


@dataclass(frozen=True)
class Limits:
    """What may still be bought in this round.

    Attributes:
        currency: What is counted.
        per_image: Left for each image, or None where the budget is the pool's.
        pool: Left for the whole pool, where it is the pool's.
    """

    currency: Currency = "pixels"
    per_image: Sequence[int] | None = None
    pool: int = 0

    def of_image(self, index: int) -> int:
        """Return how much may be spent on an image at most."""
        return self.pool if self.per_image is None else self.per_image[index]

    def pixels_of_image(self, index: int, pixels: int) -> int:
        """Return how many pixels of an image may be asked for at most.

        Args:
            index: The image.
            pixels: That it has.
        """
        return self.of_image(index) if self.currency == "pixels" else pixels

    def questions_of_image(self, index: int) -> int | None:
        """Return how many questions about an image may be asked at most; None where pixels are the limit.

        An answer costs at least one click, so there are at most as many as clicks.
        """
        return None if self.currency == "pixels" else max(0, self.of_image(index))


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
        """Return what may be spent in a round: the allowance up to it, less what has been spent.

        Nothing where a pool became so small that more has been spent already.
        """
        allowed, currency = self._allowed(round_number), self.budget.currency
        if isinstance(allowed, list):
            spent = map(_spent_on_image(labels)[currency], labels.history.image_ids)
            left = [max(0, most - bought) for most, bought in zip(allowed, spent, strict=True)]
            return Limits(currency, per_image=left)
        return Limits(currency, pool=max(0, allowed - _spent(labels, currency)))

    def spending(self, round_number: int, labels: RevealedLabels) -> Spending | None:
        """Return what has been spent by the end of a round; None where costs in pixels or images tell."""
        allowed, currency = self._allowed(round_number), self.budget.currency
        if currency not in ("clicks", "regions"):
            return None
        total = sum(allowed) if isinstance(allowed, list) else allowed
        return Spending(currency, _spent(labels, currency), total)

    def allowance_pixels(self, round_number: int) -> int | None:
        """Return the most pixels that may have been spent after a round; None for clicks and regions."""
        allowed = self._allowed(round_number)
        if self.budget.currency in ("clicks", "regions"):
            return None
        if isinstance(allowed, list):
            return sum(allowed)
        if self.budget.currency == "images":
            return sum(sorted(self.image_pixels, reverse=True)[:allowed])
        return allowed

    def _allowed(self, round_number: int) -> list[int] | int:
        return allowance(self.budget, round_number, self.rounds, self.image_pixels)


def _spent(labels: RevealedLabels, currency: Currency) -> int:
    if currency == "regions":
        return labels.history.questions
    spent = labels.cost()
    return {"pixels": spent.pixels, "images": spent.images, "clicks": spent.clicks}[currency]


def _spent_on_image(labels: RevealedLabels) -> Mapping[Currency, Callable[[str], int]]:
    """Return what says how much has been spent on an image; images are always chosen over the pool."""
    history = labels.history
    return {
        "pixels": history.pixels_bought,
        "clicks": history.clicks_bought,
        "regions": lambda image_id: len(history.positions(image_id)),
    }
