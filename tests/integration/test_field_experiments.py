"""The experiments with data sets of the field: checked on fake data in real layouts, and one of them run."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner

import alseg_aerial
import alseg_driving
from alseg.cli import main
from alseg.config.experiment import read_experiment
from alseg.registry.loading import load_registry
from alseg_aerial.spaces import LOVEDA_7

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
DATA_SETS = {
    "cityscapes2acdc": ("cityscapes", "acdc"),
    "gta2bdd": ("gtav", "bdd100k"),
    "loveda": ("loveda", "loveda"),
}
SMALL = (
    "model.weights=none",
    *("recipe.source_size=[64, 64]", "recipe.target_size=[64, 64]", "recipe.crop=[48, 48]"),
    "evaluation.size=[64, 64]",
    "settings={device: cpu, threads: 1}",
)
SPECS = {spec.name: spec for plugin in (alseg_aerial, alseg_driving) for spec in plugin.register_datasets()}


def write_data(name: str, root: Path) -> None:
    for dataset in set(DATA_SETS[name]):
        writer = SPECS[dataset].write_fake
        assert writer is not None
        writer(root)


def alseg(*arguments: str) -> str:
    outcome = CliRunner().invoke(main, list(arguments))
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


@pytest.mark.parametrize("name", sorted(DATA_SETS))
def test_the_experiment_is_ready_to_run(name: str, tmp_path: Path) -> None:
    write_data(name, tmp_path / "data")
    experiment = read_experiment(EXPERIMENTS / f"{name}.yaml", registry=load_registry())
    networks = [method.order for method in experiment.methods if method.model]
    of_images = [method.order for method in experiment.methods if "image" in str(method.annotation)]
    output = alseg(
        "run",
        str(EXPERIMENTS / f"{name}.yaml"),
        "--dry-run",
        f"scenario.root={tmp_path / 'data'}",
        *SMALL,
        *(f"methods.{order}.model.weights=none" for order in networks),
        # 2.2% of so few images do not pay for one.
        *(f"methods.{order}.budget=50%" for order in of_images),
        f"--results={tmp_path / 'results'}",
    )
    assert "without labels" not in output
    assert f"{len(experiment.runs())} runs" in output
    source, target = DATA_SETS[name]
    assert (experiment.scenario.source.name, experiment.scenario.target.name) == (source, target)


@pytest.mark.slow
def test_loveda_buys_rural_labels_for_a_network_of_towns(tmp_path: Path) -> None:
    write_data("loveda", tmp_path / "data")
    only = ["RIPU RA 2.2%", "Random images 2.2%"]
    # The pool has 2 rural images of 96 x 96: one of them is half of it.
    alseg(
        "run",
        str(EXPERIMENTS / "loveda.yaml"),
        f"scenario.root={tmp_path / 'data'}",
        *SMALL,
        *("recipe.source_batch=2", "recipe.target_batch=2", "recipe.iterations=2", "rounds=[1]"),
        *("methods.5.budget=50%", "comparisons=null", "seeds=[0]"),
        *(f"--only=method={label}" for label in only),
        f"--results={tmp_path / 'results'}",
    )
    table = alseg("compare", str(tmp_path / "results/loveda"), "--format=csv")
    rows = {row["label"]: row for row in csv.DictReader(io.StringIO(table))}
    assert set(rows) == set(only)
    assert {f"iou:{name}" for name in LOVEDA_7.names} <= set(rows["RIPU RA 2.2%"])
    assert 2.0 < float(rows["RIPU RA 2.2%"]["pixels_percent"]) <= 2.2
    assert float(rows["Random images 2.2%"]["pixels_percent"]) == 50
