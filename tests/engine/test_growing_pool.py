"""A pool that grows: each round has the images that are there when it is decided."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alseg.storage.ledger import Purchase
from alseg.storage.pool_listing import PoolListing
from growing import METHOD, WHEN_ROUND_1_IS_DONE, GrowingPlugin, growing_document, write_names
from toys import Silent, metrics_of, round_bytes, run_folder, run_toy, toy_document

PLUGIN = GrowingPlugin()


def grown(folder: Path, **changes: Any) -> Path:
    """Run an experiment whose pool of 6 images has 9 from round 2 on; returns the folder of its first run."""
    write_names(folder, 2, 3, 4, 5, 6, 7)
    write_names(folder, 1, 8, 9, file="more.txt")
    outcome = run_toy(folder, growing_document(folder, WHEN_ROUND_1_IS_DONE, **changes), PLUGIN)
    assert not outcome.failed
    return sorted((folder / "results" / "toy" / "runs").glob("*__s0__*"))[0]


def pools(run: Path) -> list[list[str]]:
    return [list(PoolListing.read(run / "rounds" / f"{number:02d}").images) for number in range(3)]


def test_images_join_the_pool_of_the_next_round_after_those_that_were_there(tmp_path: Path) -> None:
    run = grown(tmp_path)
    first = [f"train-{number:02d}" for number in (2, 3, 4, 5, 6, 7)]
    assert pools(run) == [first, first, [*first, "train-01", "train-08", "train-09"]]
    # 6 and 9 images of 12 x 24 pixels; 10% of the pool of round 1, and 20% of that of round 2, in squares of
    # 9 pixels: 28 and 57 of each image pay for 3 and 6.
    assert [metrics_of(run, number)["pool"]["images"] for number in range(3)] == [6, 6, 9]
    assert [metrics_of(run, number)["pool"]["pixels"] for number in range(3)] == [1728, 1728, 2592]
    assert [metrics_of(run, number)["allowance_pixels"] for number in range(3)] == [0, 6 * 28, 9 * 57]
    bought = Purchase.read(run / "rounds" / "02").spans
    # A new image may have as much as one of the first: its own share up to the round.
    assert bought["train-09"][1] - bought["train-09"][0] >= 6
    assert metrics_of(run, 2)["cost"]["images"] == 9


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"recipe": {"name": "toy", "iterations": 8, "target_sampling": "labelled"}},
        {"methods": [{**METHOD, "annotation": "image", "acquisition": "random", "budget": "40 images"}]},
        {"methods": [{"label": "All", "target_labels": "all"}]},
        {"methods": [{"label": "None", "target_labels": "none"}]},
    ],
)
def test_a_second_start_changes_nothing_of_a_run_whose_pool_has_grown(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    run = grown(tmp_path, **changes)
    before = {**round_bytes(run), "weights": (run / "weights.pt").read_bytes()}
    (run / "weights.pt").unlink()  # so that the network is trained again, through all rounds
    write_names(tmp_path, 2, 3, 4, 5, 6, 7, 10, 11)
    outcome = run_toy(tmp_path, growing_document(tmp_path, WHEN_ROUND_1_IS_DONE, **changes), PLUGIN)
    assert not outcome.failed
    assert {**round_bytes(run), "weights": (run / "weights.pt").read_bytes()} == before
    assert pools(run)[2] == [f"train-{number:02d}" for number in (2, 3, 4, 5, 6, 7, 1, 8, 9)]


def test_a_pool_that_does_not_grow_gives_the_numbers_of_a_fixed_one(tmp_path: Path) -> None:
    write_names(tmp_path, 1, 2, 3, 4)
    document = growing_document(tmp_path)
    run_toy(tmp_path, document, PLUGIN)
    growing = run_folder(tmp_path, "entropy")
    fixed = {key: value for key, value in document["scenario"].items() if key != "pool"}  # type: ignore[attr-defined]
    run_toy(tmp_path / "fixed", {**document, "scenario": fixed}, PLUGIN)
    alike = round_bytes(run_folder(tmp_path / "fixed", "entropy"), but=("metrics.json",))
    assert round_bytes(growing, but=("metrics.json", "pool.json")) == alike
    for number in range(3):
        expected = metrics_of(run_folder(tmp_path / "fixed", "entropy"), number)
        found = metrics_of(growing, number)
        assert found["pool"].pop("listing").startswith("4 images, ")
        del expected["seal"], found["seal"]
        assert found == expected
    assert not list(run_folder(tmp_path / "fixed", "entropy").rglob("pool.json"))


def failed(folder: Path, document: dict[str, Any]) -> str:
    reporter = Silent()
    assert run_toy(folder, document, PLUGIN, reporter=reporter).failed
    [status] = folder.glob("results/toy/runs/*/status.json")
    return str(json.loads(status.read_text())["error"])
