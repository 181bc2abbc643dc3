"""Training recipes from the literature, one module each.

They import torch inside functions only: hooks run in every command. What needs it at import is in `parts`.
"""

from __future__ import annotations

import importlib
import pkgutil

from alseg import RecipeSpec, hookimpl


@hookimpl
def register_recipes() -> list[RecipeSpec]:
    """Offer ``SPEC`` of every module here, by name of the module.

    Raises:
        AttributeError: If a module has none.
    """
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.ispkg)
    return [importlib.import_module(f"{__name__}.{name}").SPEC for name in names]
