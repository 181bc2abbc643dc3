"""The observer ``newname``. Every alseg command loads it, so it imports no torch."""

from __future__ import annotations

from alseg import ObserverSpec, hookimpl

from .observer import NewnameObserver

ALSEG_CONTRACT = "1.0"
"""For which contract with plugins this was written; `alseg plugins` shows it."""


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
