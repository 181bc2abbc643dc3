"""Budgets as the experiment file says them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

from alseg.config.budget import CURRENCIES, Budget, Scope, Unit
from alseg.errors import AlsegError, nearest
from alseg.registry.problems import show

UnitOfQuestion = Literal["part", "region", "image"]

FORMS = "2.2%, 40 px/image, 5000 px, 13 images, 400 clicks, 20 clicks/image, 60 regions or 6 regions/image"
"""How budgets are written, for messages."""

_NUMBER = r"(?P<number>[0-9]{1,15}(?:\.[0-9]{1,15})?)"
_PER_IMAGE = r"\s*/\s*image"
_PATTERNS: tuple[tuple[Unit, re.Pattern[str]], ...] = (
    ("share", re.compile(rf"{_NUMBER}\s*%")),
    ("pixels-per-image", re.compile(rf"{_NUMBER}\s*px{_PER_IMAGE}")),
    ("pixels", re.compile(rf"{_NUMBER}\s*px")),
    ("images", re.compile(rf"{_NUMBER}\s*images?")),
    ("clicks", re.compile(rf"{_NUMBER}\s*clicks?")),
    ("clicks-per-image", re.compile(rf"{_NUMBER}\s*clicks?{_PER_IMAGE}")),
    ("regions", re.compile(rf"{_NUMBER}\s*regions?")),
    ("regions-per-image", re.compile(rf"{_NUMBER}\s*regions?{_PER_IMAGE}")),
)

_ASKS: Mapping[UnitOfQuestion, str] = {
    "part": "asks about parts",
    "region": "asks about regions",
    "image": "labels whole images",
}
_FITTING: Mapping[UnitOfQuestion, str] = {
    "part": "2.2%, 40 px/image, 5000 px, 400 clicks or 20 clicks/image",
    "region": "2.2%, 40 px/image, 5000 px, 400 clicks, 20 clicks/image, 60 regions or 6 regions/image",
    "image": "2.2%, 5000 px, 13 images, 400 clicks or 20 clicks/image",
}
"""Budgets that fit an annotation mode, by what its questions are about."""

_NEEDED: Mapping[Unit, tuple[str, tuple[UnitOfQuestion, ...]]] = {
    "images": ("labels whole images", ("image",)),
    "pixels-per-image": ("asks about parts", ("part", "region")),
    "regions": ("asks about regions of a partition", ("region",)),
    "regions-per-image": ("asks about regions of a partition", ("region",)),
}
"""Units that some annotation modes only can spend, and which those are."""


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
        raise AlsegError(f"a budget of {amount} is not a whole number of {CURRENCIES[unit]}")
    needed, fitting = _NEEDED.get(unit, ("", (unit_of_mode,)))
    if unit_of_mode not in fitting:
        raise AlsegError(
            f"a budget of {amount} needs an annotation mode that {needed}; "
            f"this one {_ASKS[unit_of_mode]}: say {_FITTING[unit_of_mode]}"
        )
    return Budget(amount, unit, number, _scope(amount, unit, scope, unit_of_mode))


def _scope(amount: str, unit: Unit, scope: Scope | None, unit_of_mode: UnitOfQuestion) -> Scope:
    """Return the scope of a budget, the usual one where none is given."""
    if unit_of_mode == "image":
        if scope == "image":
            raise AlsegError("scope 'image' makes no sense where whole images are labelled; leave scope out")
        return "pool"
    if unit != "share" and not unit.endswith("-per-image"):
        if scope == "image":
            form = {"pixels": "px"}.get(unit, unit)
            raise AlsegError(
                f"a budget of {amount} is that of the whole pool, so scope 'image' makes no sense; "
                f"leave scope out, or say how many {form}/image"
            )
        return "pool"
    return scope or ("image" if unit_of_mode == "part" else "pool")


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
