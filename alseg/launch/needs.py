"""What an acquisition needs and a network, a recipe or a method may lack."""

from __future__ import annotations

from alseg.config.specs import RunSpec
from alseg.engine.assembly import Assembler, MethodParts
from alseg.inference.passes import can_drop_out

_GIVEN = ("image", "regions", "bought", "revealed", "previous", "moments")
"""Needs that do not depend on the network: regions are checked when the file is read, moments here."""


def unmet_need(spec: RunSpec, parts: MethodParts, assembler: Assembler) -> str | None:
    """Return why a method cannot be done, one line; None where it can.

    Args:
        spec: A run of the method.
        parts: What the method is made of.
        assembler: Makes the network.
    """
    recipe, model = assembler.recipe_spec(spec.method.recipe), assembler.model_spec(spec.model)
    provided = {*model.provides, *recipe.provides, *_GIVEN}
    missing = [need for need in parts.spec.needs if need not in provided]
    if missing:
        outputs = any(need.startswith("output:") for need in missing)
        lacking = f"neither model '{spec.model.name}' nor recipe '{spec.method.recipe.name}' provides"
        only_model = f"model '{spec.model.name}' does not provide"
        return (
            f"acquisition '{parts.spec.name}' needs {' and '.join(missing)}, which "
            f"{lacking if outputs else only_model}"
        )
    drops_out = parts.passes is not None and parts.passes.source == "dropout"
    if drops_out and not can_drop_out(assembler.model(spec.model, 2, spec.seed)):
        return (
            f"acquisition '{parts.spec.name}' needs dropout, of which model '{spec.model.name}' as it is set "
            "up has none; give the model dropout, or the acquisition another source of passes"
        )
    return None
