"""AMSL and the method of Gao et al. in full, through the command line on streets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from alseg.cli import main
from alseg.inspection.saved_run import SavedRun
from alseg.registry.loading import load_registry
from alseg_partitions.superpixels import Seeds, Slic

METHODS: dict[str, dict[str, Any]] = {
    "AMSL": {
        "acquisition": {"name": "class-balanced", "shares": "pixels"},
        "partition": {"name": "amsl", "segments": 96, "epsilon": 0.1},
        "annotation": {"name": "superpixel", "answer": "dominant"},
        "budget": "12 clicks",
    },
    "Gao": {
        "acquisition": {"name": "gao", "sure": 1.0},
        "partition": {"name": "gao", "segments": 40, "sure": 1.0, "divergence": 0.02},
        "annotation": {"name": "superpixel", "answer": "dominant"},
        "budget": "4 clicks/image",
    },
}


def _command(*arguments: str | Path) -> str:
    outcome = CliRunner().invoke(main, list(map(str, arguments)))
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def _document() -> dict[str, Any]:
    scenes = {"name": "streets", "height": 64, "width": 96, "count": 3}
    return {
        "name": "adaptive",
        "scenario": {"source": scenes, "target": {**scenes, "domain": "camera", "val_count": 1}},
        "model": {"name": "smp", "architecture": "FPN", "encoder": "resnet18", "weights": "none"},
        "recipe": {
            "name": "sieve",
            "least_pixels": 32,
            "iterations": 3,
            "source_size": [64, 96],
            "target_size": [64, 96],
        },
        "rounds": [1, 2],
        "methods": [{"label": label, **method} for label, method in METHODS.items()],
        "settings": {"device": "cpu", "examples": 1},
    }


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("adaptive")
    (folder / "adaptive.yaml").write_text(yaml.safe_dump(_document(), sort_keys=False))
    _command("run", folder / "adaptive.yaml", "--results", folder)
    return folder / "adaptive"


def _saved(results: Path, label: str) -> SavedRun:
    (folder,) = (results / "runs").glob(f"{label.lower()}__s0__*")
    return SavedRun(folder, load_registry())


def test_amsl_asks_about_merged_superpixels_and_sieves_the_answers(results: Path) -> None:
    saved = _saved(results, "AMSL")
    clicks = [purchase.clicks for purchase in saved.purchases.values()]
    assert sum(clicks) == 12
    image = saved.pool.dataset.image(0)
    base = Seeds(segments=96).regions(image, "", None)  # type: ignore[arg-type]
    maps = [each.regions for each in saved.purchases.values() if each.regions is not None]
    name = saved.pool.image_ids[0]
    merged = [found for found in (each.of_image(name) for each in maps) if found is not None]
    assert all(found.max() < base.max() for found in merged)
    # Each base superpixel lies in one region of the first map: nothing was asked before.
    pairs = np.unique(np.stack([base.ravel(), merged[0].ravel()]), axis=1)
    assert pairs.shape[1] == base.max() + 1
    log = (saved.folder / "log.txt").read_text()
    assert "round 1: derived label maps of" in log


def test_gao_asks_about_groups_first_and_about_superpixels_then(results: Path) -> None:
    saved = _saved(results, "Gao")
    first, second = (saved.purchases[number] for number in (1, 2))
    assert first.regions is not None and second.regions is not None
    # Four clicks for each of three images, one for each answer.
    assert first.clicks + second.clicks == len(first.rows) + len(second.rows) == 12
    superpixels = (
        Slic(segments=40).regions(saved.pool.dataset.image(index), "", None)  # type: ignore[arg-type]
        for index in range(3)
    )
    largest = max(int(np.bincount(regions.ravel()).max()) for regions in superpixels)
    assert int(first.rows["pixels"].max()) > largest >= int(second.rows["pixels"].max())


@pytest.mark.parametrize("label", METHODS)
def test_what_was_bought_is_shown_and_exported(results: Path, tmp_path: Path, label: str) -> None:
    folder = _saved(results, label).folder
    _command("show", folder, "--output", tmp_path / "shown")
    assert list((tmp_path / "shown").rglob("*.png"))
    _command("export", folder, "--what", "picks", "--output", tmp_path / "picks")
    assert len((tmp_path / "picks" / "picks.csv").read_text().splitlines()) > 2
    cost = json.loads((folder / "rounds" / "02" / "metrics.json").read_text())["cost"]
    assert cost["valid_pixels"] <= cost["pixels"]
    assert "amsl" in _command("compare", results)
