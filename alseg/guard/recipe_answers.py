"""What recipes with state answer, checked before any of it is used."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import BACKBONE_FEATURES, IGNORE_INDEX, Derivation, Size
from alseg.guard.answers import AnswerError, refused
from alseg.guard.calls import name_of

if TYPE_CHECKING:
    import torch

DERIVATION_NEEDS = ("logits", "probs", "features", "image")
"""What a derivation can ask to see besides named outputs."""


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


def checked_derived(recipe: object, label: Any, size: Size, num_classes: int) -> NDArray[np.uint8]:
    """Return what ``derive`` of a recipe returned, on the CPU.

    Args:
        recipe: Has returned it.
        label: Its answer.
        size: Height and width of the image's label map.
        num_classes: Of the label space, without void.

    Raises:
        AnswerError: If it is no uint8 label map of the image, or has a class that there is not.
    """
    import torch

    expected = f"None or a uint8 tensor {tuple(size)}"
    if not isinstance(label, torch.Tensor) or label.dtype != torch.uint8 or label.shape != tuple(size):
        raise refused(recipe, "derive", expected, label)
    answer: NDArray[np.uint8] = label.cpu().numpy()
    classes = answer[answer != IGNORE_INDEX]
    if classes.size and int(classes.max()) >= num_classes:
        raise AnswerError(
            f"{name_of(recipe)}: derive must return classes below {num_classes}, or {IGNORE_INDEX}, but "
            f"returned {int(classes.max())}. Mend the plugin; docs/plugins.md says what each method returns."
        )
    return answer


def check_needs(recipe: object) -> None:
    """Check what a recipe needs of networks.

    Raises:
        AnswerError: If ``needs`` is no tuple of words for features.
    """
    needs = getattr(recipe, "needs", ())
    words = ("features", BACKBONE_FEATURES)
    if not isinstance(needs, tuple) or any(need not in words for need in needs):
        raise AnswerError(
            f"{name_of(recipe)}: needs must be a tuple of {' and '.join(words)}, not {needs!r}. Mend the "
            "plugin."
        )


def check_derivation(recipe: object) -> None:
    """Check when a recipe derives label maps, and what it needs for it.

    Raises:
        AnswerError: If it is no `Derivation`, or one that cannot be kept.
    """
    derivation = getattr(recipe, "derivation", None)
    if derivation is None:
        return
    if not isinstance(derivation, Derivation) or not callable(getattr(recipe, "derive", None)):
        raise AnswerError(
            f"{name_of(recipe)}: derivation must be None or a Derivation, with a method 'derive' beside it. "
            "Mend the plugin."
        )
    needs = [need for need in derivation.needs if need not in DERIVATION_NEEDS]
    problem = None
    if not 0 <= derivation.at < 1:
        problem = f"at must be at least 0 and below 1, not {derivation.at}"
    elif derivation.restart not in ("continue", "initial"):
        problem = f"restart must be 'continue' or 'initial', not {derivation.restart!r}"
    elif not 0 < derivation.rate < math.inf:
        problem = f"rate must be a number above 0, not {derivation.rate}"
    elif any(not need.startswith("output:") for need in needs):
        problem = f"needs must be of {', '.join(DERIVATION_NEEDS)}, output:NAME, not {needs[0]}"
    if problem is not None:
        raise AnswerError(f"{name_of(recipe)}: derivation.{problem}. Mend the plugin.")
