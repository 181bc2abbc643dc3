"""Experiments on own files, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from PIL import Image

import alseg.registry.loading
import alseg_folder
from alseg.cli import main
from toys import toy_document, toy_registry

SIZE = (16, 24)


@pytest.fixture(autouse=True)
def _folder_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(alseg.registry.loading, "load_registry", lambda: toy_registry(alseg_folder))
    monkeypatch.chdir(tmp_path)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def run(scenario: dict[str, Any], **changes: Any) -> Result:
    document = toy_document(scenario=scenario, **changes)
    Path("own.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return call("run", "own.yaml")


def save(path: str, pixels: Any) -> None:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(file)


def photo(path: str, seed: int) -> None:
    save(path, np.random.default_rng(seed).integers(0, 256, (*SIZE, 3)))


def halves(left: Any, right: Any) -> Any:
    """Return a label file of which the left half shows one thing and the right half another."""
    columns = [left] * (SIZE[1] // 2) + [right] * (SIZE[1] // 2)
    return np.array([columns] * SIZE[0])


def runs_of(name: str = "toy") -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(Path("results", name, "runs").glob("*/run.json"))]


def colour_scenario() -> dict[str, Any]:
    """Write two folders of RGBA files, and return a scenario with a root for each."""
    for index in range(4):
        photo(f"sim/rgb/{index}.png", index)
        save(f"sim/seg/{index}.png", halves([128, 64, 128, 255], [107, 142, 35, 255]))
        photo(f"real/rgb/{index}.png", 10 + index)
        save(f"real/seg/{index}.png", halves([128, 64, 128, 255], [0, 0, 0, 255]))
    colors = {"road": [128, 64, 128], "tree": [107, 142, 35]}
    common = {"name": "folder", "images": "rgb/*.png", "labels": "seg/{stem}.png", "colors": colors}
    return {
        "source": {**common, "root": "sim"},
        "target": {**common, "root": "real", "void": [[0, 0, 0]], "splits": {"train": "50%", "val": "50%"}},
        "label_space": {
            "classes": [{"name": "street", "includes": ["road"]}, {"name": "plant", "includes": ["tree"]}]
        },
    }


def test_colour_coded_files_of_two_roots_are_learnt_compared_and_opened_again() -> None:
    done = run(colour_scenario())
    assert done.exit_code == 0, done.output
    first = runs_of()[0]
    assert (first["spec"]["scenario"]["source_root"], first["spec"]["scenario"]["target_root"]) == (
        "sim",
        "real",
    )
    assert first["label_space"]["classes"] == ["street", "plant"]
    metrics = json.loads(next(Path("results/toy/runs").glob("*/rounds/02/metrics.json")).read_text())
    # The right half of the target is void, so that no label shows a plant.
    assert metrics["iou"]["plant"] is None and metrics["iou"]["street"] is not None
    table = call("compare", "results/toy")
    assert table.exit_code == 0 and "custom-2" in table.output
    entropy = str(next(Path("results/toy/runs").glob("entropy__*")))
    shown = call("show", entropy, "-o", "pictures")
    assert shown.exit_code == 0, shown.output
    evaluated = call("eval", entropy, "--json")
    assert evaluated.exit_code == 0, evaluated.output
    assert json.loads(evaluated.stdout)["iou"]["street"] == pytest.approx(
        json.loads(next(Path(entropy).glob("rounds/02/metrics.json")).read_text())["iou"]["street"]
    )


def test_a_moved_root_is_the_same_run() -> None:
    scenario = colour_scenario()
    assert run(scenario).exit_code == 0
    before = sorted(path.name for path in Path("results/toy/runs").iterdir())
    Path("real").rename("moved")
    scenario["target"]["root"] = "moved"
    again = run(scenario)
    assert again.exit_code == 0, again.output
    assert sorted(path.name for path in Path("results/toy/runs").iterdir()) == before


def test_ids_from_1_to_7_with_zero_void_and_camvid_like_lists_are_learnt() -> None:
    for index in range(4):
        photo(f"rural/img/{index}.png", index)
        save(f"rural/ann/{index}.png", halves(0, 1 + index))
        photo(f"cam/train/{index}.png", 10 + index)
        save(f"cam/trainannot/{index}.png", halves(7, index))
    names = ["background", "building", "road", "water", "barren", "forest", "field"]
    for split, numbers in (("train", (0, 1)), ("val", (2, 3))):
        lines = [f"/SegNet/CamVid/train/{one}.png /SegNet/CamVid/trainannot/{one}.png\n" for one in numbers]
        Path(f"cam/{split}.txt").write_text("".join(lines))
    ids = {"ids": names, "offset": 1, "void": [0]}
    done = run(
        {
            "source": {
                "name": "folder",
                "root": "rural",
                "images": "img/*.png",
                "labels": "ann/{stem}.png",
                **ids,
            },
            "target": {
                "name": "folder",
                "root": "cam",
                "splits": {"train": "train.txt", "val": "val.txt"},
                **ids,
            },
        }
    )
    assert done.exit_code == 0, done.output
    assert "The source has no labels for: barren, forest, field." not in done.output
    # Without label_space, the classes are those of the target's parameters.
    assert runs_of()[0]["label_space"]["classes"] == names


def test_a_source_without_labels_is_refused_before_training() -> None:
    scenario = colour_scenario()
    del scenario["source"]["labels"], scenario["source"]["colors"]
    refused = run(scenario)
    assert refused.exit_code == 2
    assert (
        "folder train has no labels, but networks learn from the labels of the source. Say where its label "
        "maps are, or make it the target."
    ) in refused.output


def test_a_pool_without_labels_is_refused_for_the_oracle_only() -> None:
    scenario = colour_scenario()
    scenario["target"]["splits"] = {"train": {"labels": None}, "val": {}}
    refused = run(scenario)
    assert refused.exit_code == 2
    assert (
        "Method 'Entropy' reads the labels of folder train, for its annotator is the oracle" in refused.output
    )
    done = run(scenario, methods=[{"label": "Source only", "target_labels": "none"}])
    assert done.exit_code == 0, done.output


def test_data_check_and_data_list_know_the_folder() -> None:
    colour_scenario()
    checked = call("data", "check", "folder", "images=rgb/*.png", "--root", "sim")
    assert checked.exit_code == 0 and "images without label maps" in checked.output
    labelled = call(
        "data", "check", "folder", "images=rgb/*.png", "labels=seg/{stem}.png",
        "colors={road: [128, 64, 128]}",
        "--root", "sim",
    )  # fmt: skip
    # Half of 16 x 24 pixels are of the other colour.
    assert labelled.exit_code == 1 and "[107, 142, 35] (192 pixels)" in labelled.output
    listed = call("data", "list")
    assert "any folder: alseg data check folder KEY=VALUE... --root DIR" in listed.output
