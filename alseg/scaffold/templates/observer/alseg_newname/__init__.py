"""The observer ``newname``. Every alseg command loads it, so it imports no torch."""

from __future__ import annotations

from alseg import ObserverSpec, hookimpl

from .observer import NewnameObserver


@hookimpl
def register_observers() -> list[ObserverSpec]:
    """Offer ``newname``."""
    return [
        ObserverSpec(
            name="newname",
            summary="A CSV for each run, with a row for each round.",
            source="A template of alseg; name your tool.",
            build=NewnameObserver,
        )
    ]
