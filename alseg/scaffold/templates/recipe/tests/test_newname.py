from __future__ import annotations

import math

import pytest
import torch
from alseg.contracts import RecipeSpec, TrainingBatch
from alseg.testing import check_recipe, check_spec

from alseg_newname import register_recipes
from alseg_newname.recipe import NewnameRecipe


@pytest.mark.parametrize("spec", register_recipes(), ids=lambda spec: spec.name)
def test_the_recipe_keeps_its_contract(spec: RecipeSpec) -> None:
    check_spec(spec)
    check_recipe(spec)


def batch() -> TrainingBatch:
    """Return a target image of one pixel without a label."""
    return TrainingBatch(
        iteration=0,
        source_images=None,
        source_labels=None,
        target_images=torch.zeros(1, 3, 1, 1),
        target_labels=torch.full((1, 1, 1), 255),
    )


def test_undecided_predictions_cost_their_entropy() -> None:
    logits = torch.zeros(1, 4, 1, 1)
    losses = NewnameRecipe(entropy=0.5).losses_of(None, logits, batch())
    # Four equally likely classes have an entropy of log 4; no label is there to add to it.
    assert losses.keys() == {"entropy"}
    assert losses["entropy"].item() == pytest.approx(0.5 * math.log(4))


def test_without_weight_the_recipe_is_supervised_training() -> None:
    assert NewnameRecipe(entropy=0.0).losses_of(None, torch.zeros(1, 4, 1, 1), batch()) == {}
