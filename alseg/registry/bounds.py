"""Bounds of numbers in types: finding them, filling in those that nobody has stated, and saying them."""

from __future__ import annotations

import functools
import operator
import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from annotated_types import Interval

LEAST_INT, MOST_INT = -(2**63), 2**63 - 1
"""Bounds of whole numbers that state none: what 64 bits hold."""


@dataclass(frozen=True)
class Bounds:
    """What a number may be; None where nothing is stated.

    Attributes:
        ge: Least value.
        gt: The number is more than this.
        le: Greatest value.
        lt: The number is less than this.
    """

    ge: Any = None
    gt: Any = None
    le: Any = None
    lt: Any = None

    @property
    def has_low(self) -> bool:
        """Whether there is a lower bound."""
        return self.ge is not None or self.gt is not None

    @property
    def has_high(self) -> bool:
        """Whether there is an upper bound."""
        return self.le is not None or self.lt is not None

    @property
    def text(self) -> str:
        """The bounds in words, such as ``0 to 4096``; nothing where none is stated."""
        if self.ge is not None and self.le is not None:
            return f"{self.ge} to {self.le}"
        words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
        given = {key: getattr(self, key) for key in words}
        return ", ".join(f"{words[key]} {value}" for key, value in given.items() if value is not None)


def bounds_in(metadata: Iterable[Any]) -> Bounds:
    """Return the bounds that the metadata of an ``Annotated`` type state.

    Args:
        metadata: Objects of `annotated_types` or of ``pydantic.Field``; others are passed over.
    """
    found: dict[str, Any] = {}
    for item in _single(metadata):
        for key in ("ge", "gt", "le", "lt"):
            if getattr(item, key, None) is not None:
                found[key] = getattr(item, key)
    return Bounds(**found)


def numbers_in(annotation: Any, metadata: tuple[Any, ...] = ()) -> Iterator[tuple[type, Bounds]]:
    """Yield every number in a type, int or float, with its bounds; those of tuples and unions included."""
    if annotation in (int, float):
        yield annotation, bounds_in(metadata)
    elif get_origin(annotation) is typing.Annotated:
        inner, *more = get_args(annotation)
        yield from numbers_in(inner, tuple(more))
    elif get_origin(annotation) is not typing.Literal:
        for argument in get_args(annotation):
            yield from numbers_in(argument)


def with_default_bounds(annotation: Any) -> Any:
    """Return a type in which every whole number has bounds, those of 64 bits where it states none.

    Numbers that are not whole must be finite, which pydantic checks.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is int:
        return typing.Annotated[int, Interval(ge=LEAST_INT, le=MOST_INT)]
    if origin is typing.Annotated:
        inner, *metadata = arguments
        if inner is int:
            metadata += _missing(bounds_in(metadata))
        else:
            inner = with_default_bounds(inner)
        return functools.reduce(lambda kind, item: typing.Annotated[kind, item], metadata, inner)
    if origin in (typing.Union, types.UnionType):
        return functools.reduce(operator.or_, map(with_default_bounds, arguments))
    if origin in (tuple, list, dict):
        return origin[tuple(map(with_default_bounds, arguments))]
    return annotation


def _missing(bounds: Bounds) -> list[Interval]:
    """Return the bounds that a whole number has not stated."""
    low = [] if bounds.has_low else [Interval(ge=LEAST_INT)]
    return low + ([] if bounds.has_high else [Interval(le=MOST_INT)])


def _single(metadata: Iterable[Any]) -> Iterator[Any]:
    """Yield metadata one by one; ``pydantic.Field`` keeps its own in a list."""
    for item in metadata:
        yield from [*getattr(item, "metadata", ()), item]
