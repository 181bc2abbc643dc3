from __future__ import annotations

import subprocess
import sys

import pytest

import alseg_recipes
from alseg.contracts import RecipeSpec
from alseg.registry.loading import registry_of
from alseg.testing import check_recipe

SPECS = alseg_recipes.register_recipes()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_recipe_keeps_the_contract(spec: RecipeSpec) -> None:
    check_recipe(spec)


def test_the_registry_accepts_every_recipe() -> None:
    assert {"mulactseg", "sieve"} <= {spec.name for spec in SPECS} <= {*registry_of(alseg_recipes).recipes}


def test_offering_the_recipes_does_not_import_torch() -> None:
    script = "import alseg_recipes, sys; alseg_recipes.register_recipes(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
