from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from alseg.cli import main
from alseg.files import read_json, write_record
from alseg.storage.reader import load_results
from fakeruns import write_run

# One image; class 0: 6 right of 8 and 0 wrongly taken for it, class 1: 2 right of 2, 2 more taken for it.
COUNTS = np.array([[[6, 2], [0, 2]]])
IOU = (75.0, 50.0)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = write_run(
        tmp_path / "toy", "Random", scorer="2", classes=("road", "car"), iou=[IOU], counts=COUNTS
    )
    path = folder / "rounds/00/metrics.json"
    write_record(path, {**read_json(path), "accuracy": 80.0})  # 8 of 10 pixels
    return folder


def rescored(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["rescore", str(folder), *options])


def test_metrics_that_follow_from_the_counts_are_left_alone(run: Path) -> None:
    before = (run / "rounds/00/metrics.json").read_bytes()
    result = rescored(run, "--write")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "1 round of 1 run computed from the counts: nothing differs.\n"
    assert (run / "rounds/00/metrics.json").read_bytes() == before


def test_what_differs_is_named_and_not_written(run: Path) -> None:
    path = run / "rounds/00/metrics.json"
    wrong = {**read_json(path), "miou": 60.0, "iou": {"road": 75.0, "car": None}}
    write_record(path, wrong)
    result = rescored(run)
    assert result.stdout == f"{run.name}, round 0: miou 60.0000 -> 62.5000; iou car none -> 50.0000\n"
    assert result.stderr == (
        "1 round of 1 run computed from the counts: 1 run differs, not written (--write).\n"
    )
    assert read_json(path) == wrong


def test_what_differs_is_written_where_that_is_wanted(run: Path) -> None:
    path = run / "rounds/00/metrics.json"
    write_record(path, {**read_json(path), "miou": 60.0})
    assert rescored(run.parents[1], "--write").exit_code == 0
    assert read_json(path)["miou"] == 62.5
    assert load_results([run]).runs[0].rounds[0].miou == 62.5


def test_an_older_scorer_version_with_the_same_counts_is_replaced(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("toolkit.metrics", "storage.rescore"):
        monkeypatch.setattr(f"alseg.{module}.SCORER_VERSION", "3")
    content = read_json(run / "run.json")
    result = rescored(run, "--write")
    assert result.stderr == "1 round of 1 run computed from the counts: 1 run differs, written.\n"
    assert read_json(run / "run.json") == {**content, "scorer": "3"}


def test_counts_of_other_rules_keep_their_scorer_version(run: Path) -> None:
    content = read_json(run / "run.json")
    write_record(run / "run.json", {**content, "scorer": "1"})
    path = run / "rounds/00/metrics.json"
    write_record(path, {**read_json(path), "miou": 60.0})
    result = rescored(run, "--write")
    assert result.stderr == (
        "note: 1 run with counts of scorer version 1, which version 2 may count differently. The version "
        "stays; only running anew changes it.\n"
        "1 round of 1 run computed from the counts: 1 run differs, written.\n"
    )
    assert read_json(path)["miou"] == 62.5
    assert read_json(run / "run.json")["scorer"] == "1"


def test_a_round_without_counts_is_named_and_nothing_of_its_run_is_written(run: Path) -> None:
    (run / "rounds/00/confusion.npz").unlink()
    result = rescored(run, "--write")
    assert result.exit_code == 1
    assert result.stderr == (
        f"warning: {run / 'rounds/00/confusion.npz'} is missing.\n"
        "0 rounds of 1 run computed from the counts: nothing differs.\n"
    )


def test_a_damaged_description_is_a_users_mistake(run: Path) -> None:
    (run / "run.json").write_text(json.dumps({"format": 1}), encoding="utf-8")
    result = rescored(run)
    assert result.exit_code == 2
    assert result.stderr == f"Error: {run / 'run.json'} is damaged: experiment: Field required.\n"
