"""A short run through the real command line, from rendered streets to a purchase by features."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from alseg.cli import main

SIZE = [64, 128]


def document(model: dict[str, object]) -> dict[str, object]:
    streets = {"name": "streets", "height": 64, "width": 128, "count": 3, "val_count": 2}
    return {
        "name": "short",
        "scenario": {"source": {**streets, "domain": "render"}, "target": {**streets, "domain": "camera"}},
        "model": model,
        "recipe": {
            "name": "plain",
            "iterations": 3,
            "source_batch": 2,
            "target_batch": 2,
            "source_size": SIZE,
            "target_size": SIZE,
        },
        "rounds": [2],
        "methods": [
            {"label": "Core-set", "acquisition": "core-set", "annotation": "image", "budget": "1 images"},
            {"label": "Entropy", "acquisition": "entropy", "annotation": "region", "budget": "5%"},
        ],
        "evaluation": {"window": [48, 64]},
        "settings": {"device": "cpu"},
    }


@pytest.mark.parametrize(
    "model",
    [
        {"name": "segformer", "encoder": "mit_b0", "weights": "none", "decoder_channels": 32},
        {"name": "vit-linear", "encoder": "test_vit", "weights": "none"},
    ],
    ids=["segformer", "vit-linear"],
)
def test_a_network_is_trained_asked_and_evaluated_in_windows(
    tmp_path: Path, model: dict[str, object]
) -> None:
    file = tmp_path / "short.yaml"
    file.write_text(yaml.safe_dump(document(model), sort_keys=False))
    result = CliRunner().invoke(main, ["run", str(file), "--results", str(tmp_path / "results")])
    assert result.exit_code == 0, result.output
    for run in (tmp_path / "results/short/runs").iterdir():
        metrics = json.loads((run / "rounds/01/metrics.json").read_text())
        assert 0 <= metrics["miou"] <= 100
    asked = {path.name.split("__")[0] for path in (tmp_path / "results/short/runs").iterdir()}
    assert asked == {"core-set", "entropy"}
