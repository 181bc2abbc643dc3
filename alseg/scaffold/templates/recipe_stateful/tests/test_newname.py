from __future__ import annotations

import pytest
import torch
from alseg.contracts import RecipeSpec
from alseg.testing import check_recipe, check_spec

from alseg_newname import register_recipes
from alseg_newname.recipe import NewnameRecipe


@pytest.mark.parametrize("spec", register_recipes(), ids=lambda spec: spec.name)
def test_the_recipe_keeps_its_contract(spec: RecipeSpec) -> None:
    check_spec(spec)
    check_recipe(spec)


def test_the_teacher_moves_a_part_of_the_way_to_the_network() -> None:
    network = torch.nn.Conv2d(3, 2, kernel_size=1)
    recipe = NewnameRecipe(decay=0.75)
    modules = recipe.modules(network)
    before = modules["teacher"].weight.clone()
    with torch.no_grad():
        network.weight += 4
        recipe.after_step(network, modules, iteration=0)
    # The teacher keeps 3/4 of its own weights, so it moves by 1 where the network has moved by 4.
    torch.testing.assert_close(modules["teacher"].weight, before + 1)
