"""Aspects of a contract: which part of it a component departs from, for those who report each on its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

Aspect = Literal["contract", "determinism", "independence", "inputs", "needs", "pickling"]
"""What a departure is about.

- ``contract``: kinds, shapes and values of answers.
- ``determinism``: the same call gives the same answer.
- ``independence``: answers depend on nothing else, such as earlier calls or other images of a batch.
- ``inputs``: what is given, and what was returned, stays as it is.
- ``needs``: no more is read than the spec names.
- ``pickling``: another process gets the same.
"""

Departures = dict[Aspect, str]
"""Aspect to the first message about it."""

_collected: ContextVar[Departures | None] = ContextVar("collected", default=None)


class DepartureError(AssertionError):
    """A component departs from its contract.

    Attributes:
        aspect: In which part of it.
    """

    def __init__(self, aspect: Aspect, message: str) -> None:
        super().__init__(message)
        self.aspect = aspect


@contextmanager
def collecting() -> Iterator[Departures]:
    """Collect the departures that `require` finds meanwhile, the first of each aspect, and go on.

    What leaves nothing to go on with is raised nevertheless.
    """
    departures: Departures = {}
    token = _collected.set(departures)
    try:
        yield departures
    finally:
        _collected.reset(token)


def require(aspect: Aspect, holds: bool, message: str) -> None:
    """Require something of a component without which the rest can still be checked.

    Args:
        aspect: What it is about.
        holds: Whether it is so.
        message: Says what is not as it should be.

    Raises:
        DepartureError: If it is not so, and departures are not being collected.
    """
    if holds:
        return
    departures = _collected.get()
    if departures is None:
        raise DepartureError(aspect, message)
    departures.setdefault(aspect, message)
