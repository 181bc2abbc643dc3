"""The recipes in whole runs: stopped and resumed to the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

import alseg_recipes
from stopping import StopAfter
from toys import round_bytes, run_folder, run_toy, toy_document

OWN_KEYS: dict[str, dict[str, object]] = {
    "adversarial": {"adversarial": 0.5, "channels": 4, "layers": 2, "until": 0.8},
    "daformer": {},
    "mean-teacher": {},
    "two-classifiers": {},
}
"""Recipes with state, and keys that make them small."""


@pytest.mark.parametrize("name", OWN_KEYS)
@pytest.mark.parametrize(
    ("phase", "occurrence", "steps"), [("train", 1, 1), ("train", 2, 1), ("acquire", 2, 1)]
)
def test_an_interrupted_run_goes_on_to_the_same_bytes(
    tmp_path: Path, name: str, phase: str, occurrence: int, steps: int
) -> None:
    recipe = {
        "name": name,
        "iterations": 6,
        "learning_rate": 0.05,
        "warmup": 2,
        "source_size": None,
        "target_size": None,
        "crop": [8, 16],
        "accumulate": 2,
        **OWN_KEYS[name],
    }
    document = toy_document(methods=[toy_document()["methods"][1]], recipe=recipe)  # type: ignore[index]
    assert run_toy(tmp_path / "through", document, alseg_recipes).done == 1
    stop = StopAfter(phase, occurrence, steps)
    assert run_toy(tmp_path / "stopped", document, alseg_recipes, reporter=stop).signal is not None
    assert run_toy(tmp_path / "stopped", document, alseg_recipes).done == 1
    first, second = (round_bytes(run_folder(tmp_path / name, "entropy")) for name in ("through", "stopped"))
    assert first == second and first
