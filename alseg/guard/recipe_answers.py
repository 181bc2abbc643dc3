"""What recipes with state answer, checked before any of it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from alseg.guard.answers import AnswerError, refused
from alseg.guard.calls import name_of

if TYPE_CHECKING:
    import torch


def checked_modules(recipe: object, modules: Any, model: torch.nn.Module) -> dict[str, torch.nn.Module]:
    """Return what ``modules`` of a recipe returned.

    Raises:
        AnswerError: If it is no mapping of names to modules, or a module has parameters of the network.
    """
    import torch

    expected = "a mapping of names to torch modules"
    if not isinstance(modules, Mapping) or not all(isinstance(name, str) and name for name in modules):
        raise refused(recipe, "modules", expected, modules)
    own = {id(parameter) for parameter in model.parameters()}
    for name, module in modules.items():
        if not isinstance(module, torch.nn.Module):
            raise refused(recipe, "modules", f"{expected}, '{name}' one of them", module)
        if any(id(parameter) in own for parameter in module.parameters()):
            raise AnswerError(
                f"{name_of(recipe)}: module '{name}' has parameters of the network itself. Return a copy of "
                "them: copy.deepcopy(model)."
            )
    return dict(modules)


def checked_optimizers(recipe: object, optimizers: Any) -> dict[str, torch.optim.Optimizer]:
    """Return what ``make_optimizers`` of a recipe returned.

    Raises:
        AnswerError: If it is no mapping of names to one or more optimisers.
    """
    import torch

    expected = "a mapping of names to torch optimisers, at least one"
    if not isinstance(optimizers, Mapping) or not optimizers:
        raise refused(recipe, "make_optimizers", expected, optimizers)
    for name, optimizer in optimizers.items():
        if not isinstance(name, str) or not name or not isinstance(optimizer, torch.optim.Optimizer):
            raise refused(recipe, "make_optimizers", f"{expected}; '{name}' is none", optimizer)
    return dict(optimizers)
