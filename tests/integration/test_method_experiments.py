"""The experiments that compare all acquisitions: what they hold, and a run of each method on small images."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from alseg.cli import main
from alseg.config.experiment import Experiment, read_experiment
from alseg.config.specs import Method
from alseg.registry.loading import load_registry
from alseg_driving import cityscapes, gtav

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
BESIDE = ("methods-adversarial", "methods-two-classifiers")
"""Experiments whose acquisitions read a network beside the segmenter, which their recipe trains."""
ON_STREETS = ("methods", *BESIDE)
NAMES = (*ON_STREETS, "gta2city-methods")
RUN = (
    "Random regions",
    "PixBal",
    "D2ADA",
    "CLUE",
    "Random pixels",
    "BALD",
    "PixelPick",
    "MADA",
    "Core-set images",
)
"""Methods of each kind; all acquisitions run end to end in ``tests/alseg_methods/test_end_to_end.py``."""

WITHOUT = {
    "halo": "needs a network with a hyperbolic embedding",
    "oracle-class-balanced": "an upper mark: it sees the labels of the pool",
    "oracle-impurity": "an upper mark: it sees the labels of the pool",
}
"""Acquisitions that no experiment of ours compares, and why."""


@pytest.fixture(autouse=True)
def short_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw as many images as a few iterations ask for, and not those of a whole training."""
    monkeypatch.setattr("alseg.data.sampling.CLASS_BALANCED_LIST", 300)


def read(name: str) -> Experiment:
    return read_experiment(EXPERIMENTS / f"{name}.yaml", registry=load_registry())


def buying(name: str) -> list[Method]:
    return [method for method in read(name).methods if method.acquisition]


def run(name: str, results: Path, *overrides: str) -> list[dict[str, str]]:
    """Run an experiment and return the rows of its table, with the published ones."""
    command = ["run", str(EXPERIMENTS / f"{name}.yaml"), *overrides, f"--results={results}"]
    outcome = CliRunner().invoke(main, command)
    assert outcome.exit_code == 0, outcome.output
    compared = CliRunner().invoke(main, ["compare", str(results / name), "--published", "--format=csv"])
    assert compared.exit_code == 0, compared.output
    return list(csv.DictReader(io.StringIO(compared.stdout)))


def test_every_acquisition_that_comes_with_alseg_is_compared_on_streets() -> None:
    entries = load_registry().acquisitions.values()
    ours = {entry.spec.name for entry in entries if entry.plugin.distribution == "alseg"}
    methods = [method for name in ON_STREETS for method in buying(name)]
    compared = {method.acquisition.name for method in methods if method.acquisition}
    assert compared == ours - WITHOUT.keys()


@pytest.mark.parametrize("name", NAMES)
def test_methods_are_asked_about_what_they_can_answer_for(name: str) -> None:
    registry = load_registry()
    for method in buying(name):
        assert method.acquisition and method.annotation
        spec = registry.acquisitions[method.acquisition.name].spec
        mode = registry.annotation_modes[method.annotation.name].spec
        assert mode.unit in spec.units, method.label
        assert (method.partition is not None) == (mode.unit == "region"), method.label


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_of_question_is_a_declared_family_with_random_as_its_baseline(name: str) -> None:
    document = yaml.safe_load((EXPERIMENTS / f"{name}.yaml").read_text(encoding="utf-8"))
    random = [
        method.label for method in buying(name) if method.acquisition and method.acquisition.name == "random"
    ]
    assert document["comparisons"] == [{"baseline": label} for label in random]


@pytest.mark.slow
def test_methods_of_every_kind_run_on_streets_and_spend_about_the_same(tmp_path: Path) -> None:
    images = [method.order for method in buying("methods") if "image" in str(method.annotation)]
    small = [f"scenario.{side}.{key}" for side in ("source", "target") for key in ("height=32", "width=64")]
    only = [f"--only=method={label}" for label in RUN]
    rows = run(
        "methods",
        tmp_path,
        *only,
        *small,
        *("scenario.source.count=4", "scenario.target.count=4", "scenario.target.val_count=2"),
        *("model.weights=none", "recipe.iterations=3", "recipe.decay_iterations=3", "rounds=[1, 2]"),
        *("recipe.source_size=[32, 64]", "recipe.target_size=[32, 64]"),
        *(f"methods.{order}.budget=50%" for order in images),
        "settings={device: cpu, threads: 1, examples: 0}",
    )
    bought = {row["label"]: float(row["pixels_percent"]) for row in rows}
    assert sorted(bought) == sorted(RUN)
    for method in buying("methods"):
        assert method.annotation
        if method.label not in RUN:
            continue
        if method.annotation.name == "image":
            # Half of 4 images, of the same size.
            assert bought[method.label] == 50, method.label
        elif method.annotation.name == "superpixel":
            # 5% of 4 images are 409 pixels: 8 superpixels of about 51, the last of which may not fit.
            assert 3 < bought[method.label] <= 5, method.label
        else:
            # 40 pixels of an image of 2,048, where picks 3 apart leave room for them.
            assert 0.9 < bought[method.label] <= 1.96, method.label


@pytest.mark.slow
@pytest.mark.parametrize("name", BESIDE)
def test_methods_that_read_a_network_beside_the_segmenter_run_on_streets(name: str, tmp_path: Path) -> None:
    methods = read(name).methods
    small = [f"scenario.{side}.{key}" for side in ("source", "target") for key in ("height=32", "width=64")]
    rows = run(
        name,
        tmp_path,
        *small,
        *("scenario.source.count=4", "scenario.target.count=4", "scenario.target.val_count=2"),
        *("model.weights=none", "recipe.iterations=3", "recipe.decay_iterations=3", "rounds=[1, 2]"),
        *("recipe.source_size=[32, 64]", "recipe.target_size=[32, 64]"),
        "settings={device: cpu, threads: 1, examples: 0}",
    )
    bought = {row["label"]: float(row["pixels_percent"] or 0) for row in rows}
    assert sorted(bought) == sorted(method.label for method in methods)
    asking = {method.label for method in methods if method.acquisition}
    assert all(0.9 < bought[label] <= 5 for label in asking)


@pytest.mark.slow
def test_methods_of_other_papers_run_in_the_papers_setting(tmp_path: Path) -> None:
    gtav.write_fake(tmp_path / "data")
    cityscapes.write_fake(tmp_path / "data")
    networks = [method.order for method in read("gta2city-methods").methods if method.model]
    prefixes = ["model", *(f"methods.{order}.model" for order in networks)]
    only = ["D2ADA*", "HALO*", "MADA*", "ILM-ASSL*V2"]
    images = [method.order for method in buying("gta2city-methods") if "image" in str(method.annotation)]
    rows = run(
        "gta2city-methods",
        tmp_path / "results",
        f"scenario.root={tmp_path / 'data'}",
        *(f"{prefix}.backbone=resnet50" for prefix in prefixes),
        *(f"{prefix}.weights=none" for prefix in prefixes),
        *("recipe.source_size=[32, 64]", "recipe.target_size=[32, 64]", "evaluation.size=[32, 64]"),
        *("recipe.iterations=2", "rounds=[1]", "seeds=[0]", "settings={device: cpu, threads: 1}"),
        # The two networks keep budgets of their own.
        *(f"methods.{order}.budget={1 + (order in networks)} images" for order in images),
        *(f"--only=method={pattern}" for pattern in only),
    )
    ours = {row["label"]: row for row in rows if not row["published"]}
    assert set(ours) == {
        "D2ADA 5%, V3+",
        "HALO, Euclidean 5%, V3+",
        "MADA 5%, V3+",
        "ILM-ASSL's choice 2.2%, V2",
    }
    assert all(float(row["clicks_per_image"]) > 0 for row in ours.values())
    published = {row["label"]: row["score"] for row in rows if row["published"]}
    assert (published["ILM-ASSL 5%, V3+"], published["MADA 5%, V3+"]) == ("76.1", "64.9")
