"""The experiment files of the paper's setting, run end to end on fake data in the real layouts.

Only size, iterations, seeds, data folder, device and initial weights are overridden.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from alseg.cli import main
from alseg.config.budget import allowance
from alseg.config.budget_text import parse_budget
from alseg.config.experiment import Experiment, read_experiment
from alseg.registry.loading import load_registry
from alseg_driving import cityscapes, gtav, synthia
from alseg_driving.spaces import CITYSCAPES_19, SYNTHIA_16

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
NAMES = sorted(path.stem for path in EXPERIMENTS.glob("*2city*.yaml"))
ALL_NAMES = sorted(path.stem for path in EXPERIMENTS.glob("*.yaml"))
INPUT_SIZE = "[32, 64]"
PIXELS = 2048 * 1024
"""Of a Cityscapes image."""


@pytest.fixture(autouse=True)
def short_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw as many images as a few iterations ask for, and not those of a whole training."""
    monkeypatch.setattr("alseg.data.sampling.CLASS_BALANCED_LIST", 300)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with tiny data sets; 4 pictures show every class."""
    root = tmp_path_factory.mktemp("data")
    gtav.write_fake(root)
    synthia.write_fake(root)
    cityscapes.write_fake(root)
    return root


def read(name: str) -> Experiment:
    return read_experiment(EXPERIMENTS / f"{name}.yaml", registry=load_registry())


def run(name: str, data: Path, results: Path, only: Sequence[str], *overrides: str) -> None:
    """Run a part of an experiment on small images, on the CPU, with the smaller backbone."""
    own_networks = [method.order for method in read(name).methods if method.model]
    prefixes = ["model", *(f"methods.{order}.model" for order in own_networks)]
    small = [
        f"scenario.root={data}",
        *(f"{prefix}.backbone=resnet50" for prefix in prefixes),
        *(f"{prefix}.weights=none" for prefix in prefixes),
        *(f"recipe.{key}={INPUT_SIZE}" for key in ("source_size", "target_size")),
        f"evaluation.size={INPUT_SIZE}",
        "seeds=[0]",
        "settings={device: cpu}",
    ]
    filters = [f"--only=method={pattern}" for pattern in only]
    command = ["run", str(EXPERIMENTS / f"{name}.yaml"), *small, *overrides, *filters, f"--results={results}"]
    outcome = CliRunner().invoke(main, command)
    assert outcome.exit_code == 0, outcome.output


def compare(folder: Path, *options: str) -> str:
    outcome = CliRunner().invoke(main, ["compare", str(folder), *options])
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def rows(folder: Path, *options: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(compare(folder, "--format=csv", *options))))


# ----------------------------------------------------------------------------------------------------
# What the files say


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_valid_and_its_runs_are_all_different(name: str) -> None:
    experiment = read(name)
    assert experiment.name == name
    assert len({run.fingerprint for run in experiment.runs()}) == len(experiment.runs())


@pytest.mark.parametrize("name", ["gta2city", "synthia2city"])
def test_the_recipe_as_written_is_the_default(name: str) -> None:
    written, default = read(name), read(f"{name}-released")
    params = dict(default.methods[0].recipe.params)
    assert written.methods[1].recipe.params == {**params, "label_resize": "point"}


@pytest.mark.parametrize("name", ["gta2city-source", "synthia2city-source"])
def test_source_models_see_what_they_see_in_the_released_code(name: str) -> None:
    experiment = read(name)
    (method,) = experiment.methods
    params = dict(method.recipe.params)
    released = {
        "source_batch": 2,
        "target_batch": 0,
        "learning_rate": 5e-4,
        "decay_iterations": 31250,
        "iterations": 20000,
        "consistency": 0.0,
        "sampling": "class-balanced",
        "source_size": (720, 1280),
    }
    assert {key: tuple(v) if isinstance(v := params[key], list) else v for key in released} == released
    assert experiment.rounds == ()


@pytest.mark.parametrize(
    ("name", "size"), [("gta2city-source-free", (640, 1280)), ("synthia2city-source-free", (512, 1024))]
)
def test_source_free_pairs_have_the_released_sizes_and_schedule(name: str, size: tuple[int, int]) -> None:
    experiment = read(name)
    for method in experiment.methods:
        params = method.recipe.params
        assert tuple(params["target_size"]) == size  # of acquisitions, too
        assert (params["source_batch"], params["target_batch"], params["learning_rate"]) == (0, 2, 2.5e-4)
        assert (params["iterations"], params["decay_iterations"]) == (30000, 62500)
        assert (params["negative_learning"], params["negative_threshold"]) == (1.0, 0.05)
    assert experiment.evaluation.size == size
    assert experiment.evaluation.flip
    assert experiment.rounds == (0, 2000, 4000, 6000, 8000)


def test_the_ablation_changes_one_part_at_a_time() -> None:
    methods = {method.label: method for method in read("gta2city-ablation").methods}
    terms = {
        label: method.acquisition.params.get("terms")
        for label, method in methods.items()
        if method.acquisition and method.acquisition.name == "ripu"
    }
    assert terms == {
        "Impurity alone": "impurity",
        "Uncertainty alone": "uncertainty",
        "RIPU": "both",
        "RIPU without consistency": "both",
        "RIPU without negative learning": "both",
    }
    whole = dict(methods["RIPU"].recipe.params)
    for label, key in (("consistency", "consistency"), ("negative learning", "negative_learning")):
        assert methods[f"RIPU without {label}"].recipe.params == {**whole, key: 0.0}


@pytest.mark.parametrize("name", ALL_NAMES)
def test_every_choice_has_a_random_one_with_its_annotation_budget_and_network(name: str) -> None:
    def conditions(random: bool) -> set[tuple[str, ...]]:
        return {
            (
                str(method.annotation.as_json()),
                str(method.partition.as_json() if method.partition else ""),
                method.budget.text,
                method.model.name if method.model else "",
            )
            for method in read(name).methods
            if method.acquisition and method.annotation and method.budget
            if (method.acquisition.name == "random") == random
        }

    assert conditions(random=False) <= conditions(random=True)


@pytest.mark.parametrize("name", ALL_NAMES)
def test_references_are_what_their_labels_say(name: str) -> None:
    for method in read(name).methods:
        recipe = method.recipe.params
        if method.label.startswith("Source only"):
            assert (method.target_labels, recipe["target_batch"], recipe["consistency"]) == ("none", 0, 0)
        if method.label.startswith("No labels"):
            assert method.target_labels == "none" and recipe["target_batch"] > 0
        if method.label.startswith("Fully supervised, same time"):
            assert (method.target_labels, method.labels_since) == ("all", "first-purchase")


@pytest.mark.parametrize(
    "name",
    # `answers` compares recipes.
    [name for name in ALL_NAMES if not name.endswith(("-source", "-released", "-ablation", "answers"))],
)
def test_both_ends_of_the_gap_are_declared_and_differ_in_labels_alone(name: str) -> None:
    experiment = read(name)
    networks = {str(method.model) for method in experiment.methods}
    for network in networks:
        own = [method for method in experiment.methods if str(method.model) == network]
        (lower,), (upper,) = ([m for m in own if m.reference == end] for end in ("lower", "upper"))
        (recipe,) = {str(method.recipe) for method in own if method.acquisition}
        assert str(lower.recipe) == str(upper.recipe) == recipe
        assert (lower.target_labels, upper.target_labels) == ("none", "all")
        # Where the first labels are bought before any training, all labels since then are all from the start.
        assert upper.labels_since == "first-purchase" or experiment.rounds[0] == 0


def test_the_files_of_the_paper_draw_target_images_as_the_paper_does() -> None:
    for name in NAMES:
        for method in read(name).methods:
            assert method.recipe.params["target_sampling"] == "uniform"


def test_experiments_of_our_own_show_labels_of_whole_images_as_often_as_others() -> None:
    for name in set(ALL_NAMES) - set(NAMES):
        for method in read(name).methods:
            assert method.recipe.params["target_sampling"] == "labelled"


@pytest.mark.parametrize(
    ("budget", "pixels_per_round", "window"),
    [
        # Windows a round in the released code: ceil(pixels * share / rounds / pixels of a window).
        ("46170 px/image", math.ceil(PIXELS * 0.022 / 5 / 9) * 9, 9),
        ("104895 px/image", math.ceil(PIXELS * 0.05 / 5 / 9) * 9, 9),
        ("105 px/image", math.ceil(40 / 5 / (1280 * 640) * PIXELS), 1),
    ],
)
def test_released_budgets_allow_in_each_round_what_the_released_code_spends(
    budget: str, pixels_per_round: int, window: int
) -> None:
    texts = [method.budget.text for method in read("gta2city-released").methods if method.budget]
    assert budget in texts
    parsed = parse_budget(budget, "part")
    allowed = [allowance(parsed, number, 5, [PIXELS]) for number in range(1, 6)]
    assert allowed == [[number * pixels_per_round] for number in range(1, 6)]
    assert pixels_per_round % window == 0


# ----------------------------------------------------------------------------------------------------
# End to end


@pytest.mark.slow
def test_gta2city_prints_the_table_of_19_classes(data: Path, tmp_path: Path) -> None:
    only = ["Source only, V2", "RIPU RA 2.2%, V2", "RIPU PA 40 px, V2", "RIPU RA 5%, V3+"]
    run("gta2city", data, tmp_path, only, "recipe.iterations=2", "rounds=[1]")
    table = rows(tmp_path / "gta2city", "--published")
    ours, published = table[:4], table[4:]
    assert [row["label"] for row in ours] == only
    assert [name for name in table[0] if name.startswith("iou:")] == [
        f"iou:{name}" for name in CITYSCAPES_19.names
    ]
    assert all(row[f"iou:{name}"] for row in ours for name in CITYSCAPES_19.names)
    # 2.2% and 5% of 8,192 pixels are 180.2 and 409.6: 20 and 45 windows of 9, unless the border cuts some.
    shares = [float(row["pixels_percent"]) for row in ours]
    assert shares[0] == 0
    assert 2.0 < shares[1] <= 2.2
    assert 4.8 < shares[3] <= 5.0
    # A window of 9 pixels costs a click for each class in it: one at least, hardly ever as many as pixels.
    windows = 8192 * 0.022 // 9
    assert windows <= float(ours[1]["clicks_per_image"]) <= 9 * (windows + 2)
    # Picks that keep 32 pixels apart leave room for few single pixels in images of 128 x 64.
    assert 0 < float(ours[2]["clicks_per_image"]) <= 8
    assert {row["published"] for row in ours} == {""}
    assert [row["label"] for row in published][-1] == "RIPU RA 5%, V3+"
    text = compare(tmp_path / "gta2city", "--published")
    assert "gta2city: gtav -> cityscapes, cityscapes-19, last round" in text
    # Papers are numbered in the order of the rows, and one of ILM-ASSL comes before.
    assert re.search(r"RIPU RA 5%, V3\+ \(published \[\d\]\)", text)


@pytest.mark.slow
def test_synthia2city_prints_the_tables_of_16_and_13_classes(data: Path, tmp_path: Path) -> None:
    only = ["RIPU RA 2.2%, V2", "Random 40 px, V2"]
    run("synthia2city", data, tmp_path, only, "recipe.iterations=2", "rounds=[1]")
    folder = tmp_path / "synthia2city"
    (ripu, random), published = rows(folder, "--published")[:2], rows(folder, "--published")[-1]
    for row in (ripu, random):
        iou = {name: float(row[f"iou:{name}"]) for name in SYNTHIA_16.names}
        thirteen = [value for name, value in iou.items() if name not in ("wall", "fence", "pole")]
        assert float(row["score"]) == pytest.approx(sum(iou.values()) / 16)
        assert float(row["miou:13"]) == pytest.approx(sum(thirteen) / 13)
    assert (published["label"], published["score"], published["miou:13"]) == (
        "RIPU RA 5%, V3+",
        "71.4",
        "76.7",
    )
    assert "mIoU (16)" in compare(folder)
    subset = rows(folder, "--subset=13", "--published")
    assert subset[0]["score"] == ripu["miou:13"]
    assert "iou:wall" not in subset[0]
    ilm, ripu_table = ["78.6", "78.1", "79.3", "80.9", "82.1"], ["75.7", "66.2", "73.3", "76.7"]
    assert [row["score"] for row in subset[2:]] == [*ilm, *ripu_table]


@pytest.mark.slow
def test_source_free_training_starts_from_the_weights_of_the_source_model(data: Path, tmp_path: Path) -> None:
    run("gta2city-source", data, tmp_path, ["*"], "recipe.iterations=1")
    (source,) = (tmp_path / "gta2city-source" / "runs").iterdir()
    only = ["RIPU RA 2.2%, V2, source-free"]
    # 2.2% of such a small image are 180 pixels, less than one window of 19 x 19; 5% are 409, one and no more.
    small = ("recipe.iterations=1", "rounds=[0]", "methods.3.budget=5%", "comparisons=null")
    overrides = (*small, f"model.weights={source / 'weights.pt'}")
    run("gta2city-source-free", data, tmp_path, only, *overrides)
    (free,) = (tmp_path / "gta2city-source-free" / "runs").iterdir()

    def metrics(folder: Path, number: int) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((folder / f"rounds/{number:02d}/metrics.json").read_text())
        return content

    # Nothing has been trained when the first labels are bought, so round 0 is the source model.
    assert metrics(free, 0)["iteration"] == 0
    assert metrics(free, 0)["iou"] == metrics(source, 0)["iou"]
    assert metrics(free, 1)["iteration"] == 1
    assert metrics(free, 1)["cost"]["clicks"] >= 4
