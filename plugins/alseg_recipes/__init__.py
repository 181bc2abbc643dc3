"""Training recipes from the literature, one module each."""

from __future__ import annotations

import importlib
import pkgutil

from alseg import RecipeSpec, hookimpl


@hookimpl
def register_recipes() -> list[RecipeSpec]:
    """Offer ``SPEC`` of each module, by its name; modules whose names begin with ``_`` only help."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    return [importlib.import_module(f"{__name__}.{name}").SPEC for name in names]
