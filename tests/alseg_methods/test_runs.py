"""Methods that need nothing new, through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import alseg_methods
from alseg.cli import main
from toycommand import write_toy
from toys import toy_document, toy_registry

WINDOW = {"annotation": {"name": "region", "radius": 1}, "budget": "20%"}


@pytest.fixture(autouse=True)
def _registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alseg.registry.loading.load_registry", lambda: toy_registry(alseg_methods))


def _run(folder: Path, acquisitions: list[object], *options: str) -> Result:
    methods = [
        {"label": f"Method {place}", "acquisition": acquisition, **WINDOW}
        for place, acquisition in enumerate(acquisitions)
    ]
    file = write_toy(folder, toy_document(methods=methods))
    return CliRunner().invoke(main, ["run", str(file), "--results", str(folder / "results"), *options])


def test_scores_of_one_prediction_buy_labels(tmp_path: Path) -> None:
    power = {"name": "power", "uncertainty": "bvsb", "beta": 1.0, "beta_end": 100.0}
    result = _run(tmp_path, ["bvsb", "halo-euclid", power, "random-boundary"])
    assert result.exit_code == 0, result.output
    rounds = sorted((tmp_path / "results" / "toy" / "runs").glob("*/rounds/02/metrics.json"))
    bought = [json.loads(file.read_text(encoding="utf-8"))["cost"]["pixels"] for file in rounds]
    # A fifth of 6 images of 12 x 24 pixels is 345; where windows of 9 fit no more, a little is left.
    assert len(bought) == 4
    assert all(300 < pixels <= 345 for pixels in bought)


def test_an_impurity_of_single_pixels_is_refused_with_its_place(tmp_path: Path) -> None:
    result = _run(tmp_path, [{"name": "impurity", "radius": 0}], "--dry-run")
    assert result.exit_code == 2
    assert result.output == f"Error: {tmp_path / 'toy.yaml'}:18:13: must be at least 1, got 0\n"


def test_plugins_shows_source_and_parameters_of_a_method() -> None:
    result = CliRunner().invoke(main, ["plugins", "pixbal"])
    assert result.exit_code == 0
    assert "Hwang et al. (MulActSeg), NeurIPS 2023, arXiv:2309.09319." in result.output
    assert "strength     float (0 to 1000000), default 6.0" in result.output
