"""Training recipes from the literature, one module each."""

from __future__ import annotations

import importlib
import pkgutil

from alseg import RecipeSpec, hookimpl


@hookimpl
def register_recipes() -> list[RecipeSpec]:
    """Offer ``SPEC`` of every module here that has one, by name of the module."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return [module.SPEC for module in modules if hasattr(module, "SPEC")]
