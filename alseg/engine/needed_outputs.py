"""What the network and the recipe are to give besides logits, by the needs of whoever looks at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

import torch

from alseg.contracts import Need, OutputRecipe, Recipe
from alseg.inference.predict import InferenceOptions
from alseg.inference.recipe_outputs import RecipeOutputs

_OUTPUT = "output:"


def with_needs(
    options: InferenceOptions,
    needs: Sequence[Need],
    recipe: Recipe,
    provided: Sequence[Need],
    modules: Mapping[str, torch.nn.Module],
) -> InferenceOptions:
    """Return options under which predictions hold what is needed.

    Args:
        options: How images are fed to the network.
        needs: By the names of specs.
        recipe: Of the run.
        provided: Needs that the recipe meets; an output that the network has, too, is the recipe's.
        modules: Of the recipe, wrapped for device and precision.
    """
    named = [need for need in needs if need.startswith(_OUTPUT)]
    of_recipe = tuple(need.removeprefix(_OUTPUT) for need in named if need in provided)
    outputs = None
    if of_recipe:
        outputs = RecipeOutputs(recipe=cast(OutputRecipe, recipe), modules=modules, names=of_recipe)
    return replace(
        options,
        features="features" in needs,
        image="image" in needs,
        outputs=tuple(need.removeprefix(_OUTPUT) for need in named if need not in provided),
        recipe_outputs=outputs,
    )
