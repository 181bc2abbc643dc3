"""The recipe ``newname``. Every alseg command loads it, so it imports no torch."""

from __future__ import annotations

from alseg import RecipeSpec, hookimpl

from .recipe import NewnameRecipe

ALSEG_CONTRACT = "1.0"
"""For which contract with plugins this was written; `alseg plugins` shows it."""


@hookimpl
def register_recipes() -> list[RecipeSpec]:
    """Offer ``newname``."""
    return [
        RecipeSpec(
            name="newname",
            summary="Cross-entropy on labels of both domains, and low entropy on the target.",
            source="Grandvalet and Bengio, NIPS 2004; name your paper instead.",
            build=NewnameRecipe,
        )
    ]
