"""Budgets: what a method may spend on labels, and how much of it in each round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Unit = Literal[
    "share",
    "pixels-per-image",
    "pixels",
    "images",
    "clicks",
    "clicks-per-image",
    "regions",
    "regions-per-image",
]
Currency = Literal["pixels", "images", "clicks", "regions"]
Scope = Literal["image", "pool"]

CURRENCIES: dict[Unit, Currency] = {
    "share": "pixels",
    "pixels-per-image": "pixels",
    "pixels": "pixels",
    "images": "images",
    "clicks": "clicks",
    "clicks-per-image": "clicks",
    "regions": "regions",
    "regions-per-image": "regions",
}
"""What is counted, by the unit of a budget."""


@dataclass(frozen=True)
class Budget:
    """What may be spent on target labels in a run, all rounds together.

    Attributes:
        text: As written, such as ``2.2%``.
        unit: ``share`` of the pool's pixels; ``pixels``, whole ``images``, ``clicks`` or ``regions`` of the
            whole pool; or a number of them per image.
        amount: A share from 0 to 1, or a whole number.
        scope: ``image`` where every image has the same share or number of its own, ``pool`` where the best
            questions of the whole pool are asked.
    """

    text: str
    unit: Unit
    amount: Fraction
    scope: Scope

    @property
    def currency(self) -> Currency:
        """What is counted."""
        return CURRENCIES[self.unit]


def allowance(budget: Budget, round: int, rounds: int, image_pixels: Sequence[int]) -> list[int] | int:  # noqa: A002
    """Return how much may have been spent after the purchases of a round, earlier rounds included.

    The budget is spread evenly over the rounds and rounded down, so it is never exceeded and what one round
    leaves is there in the next; after the last round all of it, rounded down, may be spent.

    Args:
        budget: The whole budget.
        round: Purchases made, this one included, from 0 to ``rounds``.
        rounds: Purchases in the run.
        image_pixels: Pixels of every image of the pool.

    Returns:
        In the budget's currency: for scope ``image`` a number for each image, in order; for scope ``pool``
        one number. Never more pixels or images than there are.

    Raises:
        ValueError: If ``round`` is outside 0 to ``rounds``, or there are no rounds.
    """
    if rounds < 1 or not 0 <= round <= rounds:
        raise ValueError(f"round {round} of {rounds}")
    spent = budget.amount * Fraction(round, rounds)
    if budget.scope == "pool":
        everything = sum(image_pixels)
        if budget.unit == "share":
            spent *= everything
        elif budget.unit.endswith("-per-image"):
            spent *= len(image_pixels)
        limits = {"pixels": everything, "images": len(image_pixels)}
        return min(int(spent), limits.get(budget.currency, int(spent)))
    if budget.unit == "share":
        return [int(spent * pixels) for pixels in image_pixels]
    return [min(int(spent), pixels) if budget.currency == "pixels" else int(spent) for pixels in image_pixels]
