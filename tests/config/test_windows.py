"""``evaluation.window`` and ``evaluation.overlap`` in an experiment file, and in runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from alseg.config.experiment import Experiment, ExperimentError, read_experiment
from toys import run_folder, run_toy, toy_document, toy_registry

REGISTRY = toy_registry()


def read(folder: Path, **evaluation: Any) -> Experiment:
    file = folder / "toy.yaml"
    document = toy_document(**({"evaluation": evaluation} if evaluation else {}))
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    return read_experiment(file, registry=REGISTRY)


def mistake(folder: Path, **evaluation: Any) -> str:
    with pytest.raises(ExperimentError) as caught:
        read(folder, **evaluation)
    return str(caught.value).split(": ", 1)[1]


def test_a_window_is_part_of_a_run_only_where_there_is_one(tmp_path: Path) -> None:
    usual = read(tmp_path).runs()[0]
    # What version 0.1.0 had before there were windows: a run of that time goes on.
    assert usual.as_json()["evaluation"] == {"flip": False, "size": None}
    assert read(tmp_path, window=None).runs()[0].fingerprint == usual.fingerprint
    windows = [
        read(tmp_path, window=[16, 16]),
        read(tmp_path, window=[16, 32]),
        read(tmp_path, window=[16, 16], overlap=0.5),
    ]
    assert len({usual.fingerprint, *(each.runs()[0].fingerprint for each in windows)}) == 4
    assert windows[2].runs()[0].as_json()["evaluation"] == {
        "flip": False,
        "size": None,
        "window": [16, 16],
        "overlap": 0.5,
    }


@pytest.mark.parametrize(
    ("evaluation", "told"),
    [
        ({"overlap": 0.5}, "'overlap' needs 'window': windows overlap"),
        (
            {"window": [8, 16]},
            "expected a window [height, width] in pixels, each 16 to 65536, got [8, 16]",
        ),
        ({"window": [16, 16], "overlap": 1.0}, "must be at most 0.9, got 1.0"),
    ],
)
def test_what_is_no_window_is_told(tmp_path: Path, evaluation: dict[str, Any], told: str) -> None:
    assert mistake(tmp_path, **evaluation).endswith(told)


def picks(folder: Path) -> bytes:
    return (run_folder(folder, "entropy") / "rounds/01/ledger.npy").read_bytes()


def test_evaluation_and_acquisitions_see_windows(tmp_path: Path) -> None:
    scenario = {"source": "stripes", "target": {"name": "stripes", "count": 6, "height": 24, "width": 40}}
    methods = [toy_document()["methods"][1]]  # type: ignore[index]
    by_one = {"settings": {"device": "cpu", "pool_batch": 1}}  # sums may be ordered by the size of the batch
    documents: dict[str, dict[str, Any]] = {
        "whole": by_one,
        "windows": {"evaluation": {"window": [16, 16]}},
        "by-one": {"evaluation": {"window": [16, 16]}, **by_one},
        "larger": {"evaluation": {"window": [64, 64]}},
    }
    for name, changes in documents.items():
        run_toy(tmp_path / name, toy_document(scenario=scenario, methods=methods, **changes))
    found = {name: picks(tmp_path / name) for name in documents}
    # Stripes are 6 or 7 pixels wide, and windows have borders where whole images have none.
    assert found["windows"] != found["whole"]
    assert found["windows"] == found["by-one"]
    assert found["larger"] == found["whole"]
