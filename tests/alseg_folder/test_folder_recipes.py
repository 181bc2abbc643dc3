"""The recipes of docs/data.md are experiments that can be read, in 15 lines at most."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import alseg_folder
from alseg.config.experiment import read_experiment
from documents import DOCS
from toys import toy_document, toy_registry

TEXT = (DOCS / "data.md").read_text(encoding="utf-8")
OWN_IMAGES = TEXT[TEXT.index("## Your own images") : TEXT.index("## Made-up data")]
RECIPES = re.findall(r"^\*\*(.+?)\*\*[^\n]*\n\n```yaml\n([^`]*)```", OWN_IMAGES, re.MULTILINE)


def test_there_is_a_recipe_for_each_kind_of_files() -> None:
    assert [title for title, _ in RECIPES] == [
        "CARLA to Cityscapes",
        "CamVid, day to dusk",
        "LoveDA",
        "Photographs without labels",
    ]


@pytest.mark.parametrize("recipe", [text for _, text in RECIPES])
def test_a_recipe_is_short_and_can_be_read(tmp_path: Path, recipe: str) -> None:
    assert len(recipe.splitlines()) <= 15
    file = tmp_path / "own.yaml"
    rest = {key: value for key, value in toy_document().items() if key != "scenario"}
    file.write_text(recipe + yaml.safe_dump(rest))
    scenario = read_experiment(file, registry=toy_registry(alseg_folder)).scenario
    assert scenario.root is None and scenario.root_of("source") != scenario.root_of("target")
