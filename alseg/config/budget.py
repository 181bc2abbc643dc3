"""Budgets: what a method may spend on labels, as the experiment file says it and in exact numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from alseg.errors import AlsegError, nearest
from alseg.registry.problems import show

UnitOfQuestion = Literal["part", "region", "image"]
Unit = Literal["share", "pixels-per-image", "images"]
Scope = Literal["image", "pool"]

FORMS = "2.2%, 40 px/image or 13 images"
"""How budgets are written, for messages."""

_NUMBER = r"(?P<number>[0-9]{1,15}(?:\.[0-9]{1,15})?)"
_PATTERNS: tuple[tuple[Unit, re.Pattern[str]], ...] = (
    ("share", re.compile(rf"{_NUMBER}\s*%")),
    ("pixels-per-image", re.compile(rf"{_NUMBER}\s*px\s*/\s*image")),
    ("images", re.compile(rf"{_NUMBER}\s*images?")),
)


@dataclass(frozen=True)
class Budget:
    """What may be spent on target labels in a run, all rounds together.

    Attributes:
        text: As written, such as ``2.2%``.
        unit: ``share`` of the pool's pixels, ``pixels-per-image``, or whole ``images``.
        amount: A share from 0 to 1, pixels, or images.
        scope: ``image`` where every image has the same share or pixels of its own, ``pool`` where the best
            questions of the whole pool are asked.
    """

    text: str
    unit: Unit
    amount: Fraction
    scope: Scope


def parse_budget(value: object, unit_of_mode: UnitOfQuestion) -> Budget:
    """Read a budget.

    Args:
        value: Text such as ``2.2%``, or a mapping with ``amount`` and ``scope``.
        unit_of_mode: What a question of the annotation mode is about. Whole images are always chosen over the
            pool, so ``image`` leaves no other scope. Regions are unless the budget says otherwise.

    Raises:
        AlsegError: If it is no budget, is nothing or more than everything, or does not fit the mode; says
            what is possible.
    """
    amount, scope = _amount_and_scope(value)
    unit, number = _quantity(amount)
    if number == 0:
        raise AlsegError(
            f"a budget of {amount} buys nothing; leave the acquisition out and say target_labels: none"
        )
    if unit == "share":
        number /= 100
        if number > 1:
            raise AlsegError(f"a budget of {amount} is more than the whole pool; the most is 100%")
    elif number.denominator != 1:
        raise AlsegError(
            f"a budget of {amount} is not a whole number of {'images' if unit == 'images' else 'pixels'}"
        )
    if unit == "images" and unit_of_mode != "image":
        raise AlsegError(
            f"a budget of {amount} needs an annotation mode that labels whole images; "
            "this one asks about parts: say a share such as 2.2%, or 40 px/image"
        )
    if unit == "pixels-per-image" and unit_of_mode == "image":
        raise AlsegError(
            f"a budget of {amount} needs an annotation mode that asks about parts; "
            "this one labels whole images: say a share such as 2.2%, or 13 images"
        )
    if unit_of_mode == "image" and scope == "image":
        raise AlsegError("scope 'image' makes no sense where whole images are labelled; leave scope out")
    return Budget(amount, unit, number, scope or ("image" if unit_of_mode == "part" else "pool"))


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
        For scope ``image`` the pixels of each image, in order. For scope ``pool`` one number: images
        where the budget's unit is ``images``, pixels of all images together otherwise. Never more than there
        are.

    Raises:
        ValueError: If ``round`` is outside 0 to ``rounds``, or there are no rounds.
    """
    if rounds < 1 or not 0 <= round <= rounds:
        raise ValueError(f"round {round} of {rounds}")
    spent = budget.amount * Fraction(round, rounds)
    if budget.unit == "images":
        return min(int(spent), len(image_pixels))
    if budget.scope == "pool":
        everything = sum(image_pixels)
        return min(int(spent * (everything if budget.unit == "share" else len(image_pixels))), everything)
    if budget.unit == "share":
        return [int(spent * pixels) for pixels in image_pixels]
    return [min(int(spent), pixels) for pixels in image_pixels]


def _amount_and_scope(value: object) -> tuple[str, Scope | None]:
    """Split a budget into its amount and, where it is given, its scope."""
    scope: Scope | None = None
    if isinstance(value, Mapping):
        for key in value:
            if key not in ("amount", "scope"):
                guess = nearest(str(key), ("amount", "scope"))
                hint = f", did you mean '{guess}'?" if guess else "; a budget has amount and scope"
                raise AlsegError(f"unknown key '{key}' of a budget{hint}")
        match value.get("scope", None):
            case None:
                scope = None
            case "image":
                scope = "image"
            case "pool":
                scope = "pool"
            case other:
                raise AlsegError(f"expected scope image or pool, got {show(other)}")
        if "amount" not in value:
            raise AlsegError(f"a budget needs an amount: {FORMS}")
        value = value["amount"]
    if not isinstance(value, str):
        raise AlsegError(f"expected a budget such as {FORMS}, got {show(value)}")
    return value.strip(), scope


def _quantity(amount: str) -> tuple[Unit, Fraction]:
    """Return the unit and the number in front of it."""
    for unit, pattern in _PATTERNS:
        if found := pattern.fullmatch(amount):
            return unit, Fraction(found["number"])
    raise AlsegError(f"expected a budget such as {FORMS}, got {show(amount)}")
