"""Budgets in clicks and regions through the command line, from the file to the comparison."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from alseg.cli import main
from alseg.storage.ledger import Purchase

SUPERPIXEL = {"partition": {"name": "grid", "side": 8}, "annotation": "superpixel"}
METHODS: list[dict[str, Any]] = [
    {"label": "Clicks", "acquisition": "entropy", **SUPERPIXEL, "budget": "400 clicks"},
    {
        "label": "Regions",
        "acquisition": "random",
        **SUPERPIXEL,
        "budget": {"amount": "6 regions/image", "scope": "image"},
    },
]


def _command(*arguments: str | Path) -> str:
    outcome = CliRunner().invoke(main, list(map(str, arguments)))
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("budgets")
    scenes = {"name": "streets", "height": 64, "width": 96, "count": 4}
    document = {
        "name": "budgets",
        "scenario": {"source": scenes, "target": {**scenes, "domain": "camera", "val_count": 1}},
        "model": {"name": "smp", "architecture": "FPN", "encoder": "resnet18", "weights": "none"},
        "recipe": {"name": "plain", "iterations": 3, "source_size": [64, 96], "target_size": [64, 96]},
        "rounds": [1, 2],
        "methods": METHODS,
        "settings": {"device": "cpu"},
    }
    (folder / "budgets.yaml").write_text(yaml.safe_dump(document))
    _command("run", folder / "budgets.yaml", "--results", folder)
    return folder


def _rounds(folder: Path, method: str) -> list[tuple[Purchase, dict[str, Any]]]:
    (run,) = (folder / "budgets" / "runs").glob(f"{method}__s0__*")
    rounds = [run / "rounds" / f"{number:02d}" for number in (1, 2)]
    return [(Purchase.read(each), json.loads((each / "metrics.json").read_text())) for each in rounds]


def test_a_dry_run_says_about_what_clicks_and_regions_buy(folder: Path) -> None:
    told = _command("run", folder / "budgets.yaml", "--results", folder, "--dry-run")
    lines = {line.split()[0]: line for line in told.splitlines() if line.strip()}
    # 96 squares of 64 pixels in each of 4 images, all of which could cost one click each: 384 of 400.
    assert "about 24,576" in lines["Clicks"]
    assert " 384 to 400 " in lines["Clicks"]
    # 24 squares, of 1 to 17 classes: 16 and void.
    assert "about 1,536" in lines["Regions"]


def test_four_hundred_clicks_are_spent_and_not_one_more(folder: Path) -> None:
    spent = 0
    for (purchase, metrics), allowed in zip(_rounds(folder, "clicks"), (200, 400), strict=True):
        spent += purchase.clicks
        assert spent <= allowed
        # What is left did not pay for the next answer, of 19 classes and void at most.
        assert allowed - spent < 20
        assert metrics["spending"] == {"currency": "clicks", "spent": spent, "allowed": allowed}


def test_six_regions_are_bought_of_every_image(folder: Path) -> None:
    for purchase, metrics in _rounds(folder, "regions"):
        assert [stop - start for start, stop in purchase.spans.values()] == [3, 3, 3, 3]
        assert metrics["spending"]["spent"] == metrics["spending"]["allowed"]
    assert metrics["spending"] == {"currency": "regions", "spent": 24, "allowed": 24}
    assert metrics["cost"]["pixels"] == 24 * 64


def test_a_comparison_says_what_was_spent(folder: Path) -> None:
    spent = _rounds(folder, "clicks")[-1][1]["cost"]["clicks"]
    notes = json.loads(_command("compare", folder / "budgets", "--format", "json"))["notes"]
    assert (
        "Spent of what the budget allowed so far, mean over seeds: "
        f"Clicks {spent} of 400 clicks; Regions 24 of 24 regions."
    ) in notes
