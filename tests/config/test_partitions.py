"""``partition`` of a method, ``round_start`` and ``round_schedule`` in an experiment file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import alseg_methods
import alseg_partitions
from alseg.config.experiment import Component, Experiment, ExperimentError, read_experiment
from toys import toy_document, toy_registry

REGISTRY = toy_registry(alseg_methods, alseg_partitions)
GRID = {"name": "grid", "side": 4}


def read(folder: Path, *methods: dict[str, Any], **changes: Any) -> Experiment:
    file = folder / "toy.yaml"
    labelled = [{"label": f"method {place}", **method} for place, method in enumerate(methods)]
    document = toy_document(**({"methods": labelled} if labelled else {}), **changes)
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    return read_experiment(file, registry=REGISTRY)


def regions(**changes: Any) -> dict[str, Any]:
    method = {"acquisition": "entropy", "partition": GRID, "annotation": "superpixel", "budget": "20%"}
    return {key: value for key, value in {**method, **changes}.items() if value is not None}


def mistakes(folder: Path, method: dict[str, Any]) -> str:
    with pytest.raises(ExperimentError) as caught:
        read(folder, method)
    return str(caught.value).split(": ", 1)[1]


def test_a_partition_is_read_with_its_parameters_and_regions_are_bought_over_the_pool(tmp_path: Path) -> None:
    [method] = read(tmp_path, regions(partition="slic")).methods
    assert method.partition == Component("slic", {"segments": 40, "compactness": 10.0, "iterations": 10})
    assert method.budget is not None
    assert method.budget.scope == "pool"
    per_image = regions(budget={"amount": "20%", "scope": "image"})
    assert read(tmp_path, per_image).methods[0].budget.scope == "image"  # type: ignore[union-attr]


def test_a_partition_is_part_of_what_a_run_is(tmp_path: Path) -> None:
    runs = read(tmp_path, regions(), regions(partition={"name": "grid", "side": 8}), regions()).runs()
    first, other, again = (run.fingerprint for run in runs)
    assert first == again != other
    assert runs[0].as_json()["method"]["partition"] == {"name": "grid", "params": {"side": 4}}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"partition": None},
            "method 'method 0' asks about regions and needs 'partition' too, such as slic",
        ),
        ({"partition": "slik"}, "unknown partition 'slik', did you mean 'slic'?"),
        ({"partition": {"name": "grid", "side": 0}}, "must be at least 1, got 0"),
        (
            {"acquisition": "d2ada", "annotation": "image"},
            "acquisition 'd2ada' ranks regions, but annotation mode 'image' asks about whole images; use a "
            "mode that labels regions",
        ),
        (
            {"acquisition": "badge", "annotation": "pixel"},
            "acquisition 'badge' ranks regions or whole images, but annotation mode 'pixel' asks about "
            "parts; use a mode that labels regions or whole images",
        ),
        (
            {"acquisition": "mada"},
            "acquisition 'mada' ranks whole images, but annotation mode 'superpixel' asks about regions; "
            "use a mode that labels whole images",
        ),
        (
            {"budget": "3 images"},
            "a budget of 3 images needs an annotation mode that labels whole images; this one asks about "
            "regions: say 2.2%, 40 px/image, 5000 px, 400 clicks, 20 clicks/image, 60 regions or 6 "
            "regions/image",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    found = mistakes(tmp_path, regions(**changes))
    assert found.endswith(told)


def test_a_method_that_buys_nothing_has_no_partition(tmp_path: Path) -> None:
    method = {"target_labels": "none", "partition": GRID}
    assert mistakes(tmp_path, method).endswith("method 'method 0' has 'partition' but no 'acquisition'")


def test_the_start_of_a_round_is_part_of_a_run_only_where_it_is_unusual(tmp_path: Path) -> None:
    usual = read(tmp_path).runs()[0]
    said = read(tmp_path, round_start="continue", round_schedule="run").runs()[0]
    assert usual.fingerprint == said.fingerprint
    assert "round_start" not in usual.as_json()
    others = [
        read(tmp_path, round_start=start, round_schedule=schedule).runs()[0]
        for start, schedule in (("initial", "run"), ("previous", "run"), ("continue", "round"))
    ]
    assert len({run.fingerprint for run in (usual, *others)}) == 4
    assert others[0].as_json()["round_start"] == "initial"


def test_another_start_is_no_start(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="expected 'continue', 'previous' or 'initial', got 'fresh'"):
        read(tmp_path, round_start="fresh")
