"""What an acquisition or a recipe needs and a network, a recipe or a method may lack."""

from __future__ import annotations

from collections.abc import Sequence

from alseg.config.specs import RunSpec
from alseg.contracts import BACKBONE_FEATURES, TRUE_LABELS, DerivingRecipe, Need, NeedsOfModel
from alseg.engine.assembly import Assembler, MethodParts
from alseg.inference.passes import can_drop_out

_GIVEN = ("logits", "probs", "image", "regions", "bought", "revealed", "previous", "moments", TRUE_LABELS)
"""Needs that do not depend on the network: all have logits; regions are checked when the file is read,
moments here, labels in preflight."""


def unmet_need(spec: RunSpec, parts: MethodParts, assembler: Assembler) -> str | None:
    """Return why a method cannot be done, one line; None where it can.

    Args:
        spec: A run of the method.
        parts: What the method is made of.
        assembler: Makes the network.
    """
    lacking = _lacking(spec, f"acquisition '{parts.spec.name}' needs", parts.spec.needs, assembler)
    if lacking is None and spec.method.partition is not None:
        who = f"partition '{spec.method.partition.name}' needs"
        lacking = _lacking(spec, who, parts.partition_needs, assembler)
    if lacking is None:
        recipe = assembler.recipe(spec.method.recipe, spec.scenario.label_space)
        if isinstance(recipe, DerivingRecipe) and recipe.derivation is not None:
            who = f"recipe '{spec.method.recipe.name}' derives labels and needs"
            lacking = _lacking(spec, who, recipe.derivation.needs, assembler)
    if lacking is not None:
        return lacking
    drops_out = parts.passes is not None and parts.passes.source == "dropout"
    if drops_out and not can_drop_out(assembler.model(spec.model, 2, spec.seed)):
        return (
            f"acquisition '{parts.spec.name}' needs dropout, of which model '{spec.model.name}' as it is set "
            "up has none; give the model dropout, or the acquisition another source of passes"
        )
    return None


def unmet_recipe_need(spec: RunSpec, assembler: Assembler) -> str | None:
    """Return why a network cannot be trained by a method's recipe, one line; None where it can.

    Args:
        spec: A run of the method.
        assembler: Makes recipe and network.
    """
    recipe = assembler.recipe(spec.method.recipe, spec.scenario.label_space)
    needs = recipe.needs if isinstance(recipe, NeedsOfModel) else ()
    provided = assembler.model_spec(spec.model).provides
    missing = [need for need in needs if need not in provided]
    if missing:
        return (
            f"recipe '{spec.method.recipe.name}' as it is set up needs {' and '.join(missing)}, which model "
            f"'{spec.model.name}' does not provide"
        )
    if BACKBONE_FEATURES not in needs:
        return None
    if not getattr(assembler.model(spec.model, 2, spec.seed), "pretrained", True):
        return (
            f"recipe '{spec.method.recipe.name}' as it is set up needs features of pretrained weights, but "
            f"the backbone of model '{spec.model.name}' begins with random ones; give the model weights"
        )
    return None


def _lacking(spec: RunSpec, who: str, needs: Sequence[Need], assembler: Assembler) -> str | None:
    """Return a line about needs that are not met; None where all are."""
    recipe, model = assembler.recipe_spec(spec.method.recipe), assembler.model_spec(spec.model)
    missing = [need for need in needs if need not in {*model.provides, *recipe.provides, *_GIVEN}]
    if not missing:
        return None
    whose = f"model '{spec.model.name}' does not provide"
    if any(need.startswith("output:") for need in missing):
        whose = f"neither model '{spec.model.name}' nor recipe '{spec.method.recipe.name}' provides"
    return f"{who} {' and '.join(missing)}, which {whose}"
