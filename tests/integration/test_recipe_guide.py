"""The recipe with a teacher in the plugin guide is what it says: short, and it runs."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from alseg.testing import check_recipe
from documents import DOCS, blocks
from stateful import stateful_document
from toys import run_folder, run_toy


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the example as a module."""
    (text,) = [block for block in blocks(DOCS / "plugins.md", "python") if "class EmaTeacher" in block]
    assert len(text.splitlines()) <= 60
    module = ModuleType("alseg_ema_teacher")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(text, "plugins.md", "exec"), module.__dict__)
    return module


def test_the_example_keeps_the_contract(plugin: ModuleType) -> None:
    (spec,) = plugin.register_recipes()
    check_recipe(spec)


def test_the_example_trains_a_teacher(plugin: ModuleType, tmp_path: Path) -> None:
    recipe = {"name": "ema-teacher", "source_size": None, "target_size": None, "learning_rate": 0.05}
    assert run_toy(tmp_path, stateful_document(recipe), plugin).done == 1
    assert (run_folder(tmp_path, "entropy") / "weights.pt").exists()
    (shared,) = (tmp_path / "results" / "toy" / "shared").glob("*/checkpoint.pt")
    kept = torch.load(shared, weights_only=True)
    (teacher,) = kept["modules"].values()
    # After 2 steps of a decay of 0.99 the teacher has hardly left the first weights.
    assert not torch.equal(teacher["head.weight"], kept["model"]["head.weight"])
