"""Runs that wait for people, called again: what they cost, side by side, and what people see of them."""

from __future__ import annotations

import csv
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

import alseg_partitions
from alseg.asking.waiting_run import WaitingRun, find_waiting
from alseg.registry.loading import load_registry
from alseg.storage.ledger import Purchase
from people import call, fill_masks, fill_table, truth
from preforked import python
from toycommand import write_toy
from toys import STRIPES, run_folder, toy_document, toy_registry

REGISTRY = toy_registry(alseg_partitions)
DOMINANT = {
    "label": "m",
    "acquisition": "entropy",
    "partition": {"name": "grid", "side": 4},
    "annotation": {"name": "superpixel", "answer": "dominant"},
    "budget": "30%",
    "annotator": "files",
}
PIXELS = {**DOMINANT, "partition": None, "annotation": {"name": "region", "radius": 1}, "budget": "20%"}


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alseg.registry.loading.load_registry", lambda: REGISTRY)
    monkeypatch.setattr("alseg.cli.export.read_registry", lambda: REGISTRY)


def begin(folder: Path, method: dict[str, Any], **changes: Any) -> tuple[Path, Path, Path]:
    """Run until people are asked; returns the experiment file, its results and the task folder."""
    file = write_toy(folder, toy_document(methods=[method], **changes))
    call("run", file, "--results", folder / "results", code=3)
    call("ask", folder / "results" / "toy", "-o", folder / "tasks")
    [task] = (folder / "tasks").iterdir()
    return file, folder / "results" / "toy", task


def waiting(results: Path) -> WaitingRun:
    [run] = find_waiting(results, REGISTRY)
    return run


def test_a_run_that_still_waits_loads_neither_data_nor_network(
    tmp_path: Path, toys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, results, task = begin(tmp_path, DOMINANT)
    total = waiting(results).questions.count
    folder = run_folder(tmp_path, "m")
    begun = []
    monkeypatch.setattr("alseg.launch.attempt.run", lambda *_: begun.append("run"))

    output = call("run", file, "--results", results.parent, code=3).output
    assert f"round 1 waits for people: 0 of {total} questions answered" in output
    call("answer", results, fill_table(task, waiting(results), first=3))
    output = call("run", file, "--results", results.parent, code=3).output
    assert f"round 1 waits for people: 3 of {total} questions answered" in output
    assert begun == []
    assert sorted(path.name for path in (folder / "attempts").iterdir()) == ["0.json"]

    call("answer", results, fill_table(task, waiting(results)), "--who", "Mia")
    call("run", file, "--results", results.parent, code=1)
    assert begun == ["run"]


def test_a_waiting_run_whose_round_before_is_lost_does_it_again_before_it_waits(
    tmp_path: Path, toys: None
) -> None:
    file, results, _ = begin(tmp_path, DOMINANT)
    metrics = run_folder(tmp_path, "m") / "rounds" / "00" / "metrics.json"
    before = metrics.read_bytes()
    metrics.unlink()
    call("run", file, "--results", results.parent, code=3)
    assert metrics.read_bytes() == before


@pytest.mark.parametrize(("conflict", "counts"), [("first", "Bob"), ("last", "Cem"), ("majority", "Ann")])
def test_where_people_disagree_the_rule_decides_what_is_bought(
    tmp_path: Path, toys: None, conflict: str, counts: str
) -> None:
    annotator = {"name": "files", "conflict": conflict}
    file, results, task = begin(tmp_path, {**DOMINANT, "annotator": annotator}, rounds=[1])
    run = waiting(results)
    table = fill_table(task, run)
    right = table.read_text(encoding="utf-8")
    said = [row["answer"] for row in csv.DictReader(right.splitlines())]
    with table.open("w", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(right.splitlines()))
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "answer": "red"} for row in rows)
    call("answer", results, table, "--who", "Bob")
    table.write_text(right, encoding="utf-8")
    call("answer", results, table, "--who", "Ann")
    output = " ".join(call("answer", results, table, "--who", "Cem").output.split())

    # Of three pairs of people, two (Bob with Ann, Bob with Cem) agree where red is right, one always.
    share = (2 * said.count("red") + len(said)) / (3 * len(said))
    assert f"{len(said)} questions answered by several people: {100 * share:.1f}% equal" in output
    call("run", file, "--results", results.parent)
    call("export", run_folder(tmp_path, "m"), "--as", "masks", "-o", tmp_path / "out")
    found: set[int] = set()
    for path in (tmp_path / "out" / "masks").iterdir():
        found |= set(np.unique(pixels(path)).tolist())
    assert "red" not in said
    named = {"red"} if counts == "Bob" else set(said)
    assert found == {255, *map(STRIPES.names.index, named)}


def pixels(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as image:
        return np.array(image)


def test_masks_in_colours_buy_what_masks_of_indices_buy(tmp_path: Path, toys: None) -> None:
    ledgers = []
    for name in ("indices", "colours"):
        folder = tmp_path / name
        folder.mkdir()
        file, results, task = begin(folder, PIXELS, rounds=[1])
        filled = fill_masks(task)
        if name == "colours":
            colors = np.zeros((256, 3), np.uint8)
            colors[: len(STRIPES.classes)] = [info.color for info in STRIPES.classes]
            for path in filled.iterdir():
                Image.fromarray(colors[truth(path.stem)]).save(path)
        assert "The round is complete" in call("answer", results, filled).output
        call("run", file, "--results", results.parent)
        ledgers.append(Purchase.read(run_folder(folder, "m") / "rounds" / "01").rows.tobytes())
    assert ledgers[0] == ledgers[1]


def test_the_status_of_waiting_runs_fits_eighty_columns(
    tmp_path: Path, toys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, results, _ = begin(tmp_path, DOMINANT)
    monkeypatch.setenv("COLUMNS", "80")
    total = waiting(results).questions.count
    # The note about an experiment that only this test's registry knows ends with its path.
    output = call("status", results).output.split(".yaml", 1)[-1].partition("\n")[2]
    assert max(map(len, output.splitlines())) <= 80
    assert f"round 1 waits for people: 0 of {total} questions answered" in " ".join(output.split())


def test_what_a_kill_left_in_the_maps_of_regions_is_removed_unless_somebody_writes_it(
    tmp_path: Path, toys: None
) -> None:
    file, results, _ = begin(tmp_path, DOMINANT)
    [map_file, *_] = (results / "partitions").rglob("*.npz")
    old, fresh = (map_file.with_name(f".{map_file.name}.{name}.tmp") for name in ("old", "fresh"))
    old.write_bytes(b"half")
    fresh.write_bytes(b"half")
    two_hours_ago = time.time() - 7200
    os.utime(old, (two_hours_ago, two_hours_ago))
    call("run", file, "--results", results.parent, code=3)
    assert (old.exists(), fresh.exists(), map_file.exists()) == (False, True, True)


NETWORK = {"name": "smp", "architecture": "Unet", "encoder_depth": 3, "decoder_channels": [8, 8, 8]}
STREETS = {"name": "streets", "height": 32, "width": 64, "count": 2, "val_count": 2}


@pytest.mark.slow
@pytest.mark.parametrize(
    # Units wait as runs do; by night, because each process takes seconds to start.
    "options",
    [["settings.processes=2"], pytest.param(["--on", "local:2"], marks=pytest.mark.nightly)],
)
def test_two_processes_wait_for_two_runs_and_get_what_one_gets_from_the_oracle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    monkeypatch.setattr(sys, "executable", python())
    registry = load_registry()
    method = {key: value for key, value in DOMINANT.items() if key not in ("annotator", "label")}
    method["partition"] = {"name": "grid", "side": 16}
    names = {"entropy": "A", "margin": "B"}

    def write(name: str, **changes: Any) -> Path:
        document = {
            "name": name,
            "scenario": {"source": STREETS, "target": {**STREETS, "domain": "camera"}},
            "model": NETWORK,
            "recipe": {"name": "plain", "iterations": 2, "source_size": [32, 64], "target_size": [32, 64]},
            "rounds": [1],
            "methods": [
                {**method, "acquisition": key, "label": label, **changes} for key, label in names.items()
            ],
            "settings": {"device": "cpu", "threads": 1},
        }
        file = tmp_path / f"{name}.yaml"
        file.write_text(yaml.safe_dump(document, sort_keys=False))
        return file

    file = write("people", annotator="files")
    for attempt in range(2):
        output = call("run", file, "--results", tmp_path, *options, code=3).output
        assert "2 waiting." in output, attempt
    for run in find_waiting(tmp_path / "people", registry):
        named = ("--run", run.folder.name)
        call("ask", tmp_path / "people", "-o", tmp_path / "tasks", *named)
        [task] = (tmp_path / "tasks").glob(f"{run.folder.name}-round-1")
        call("answer", tmp_path / "people", fill_table(task, run), *named)
    call("run", file, "--results", tmp_path, *options)
    call("run", write("oracle"), "--results", tmp_path)
    for label in names.values():
        [people] = (tmp_path / "people" / "runs").glob(f"{label.lower()}__*")
        [oracle] = (tmp_path / "oracle" / "runs").glob(f"{label.lower()}__*")
        for name in ("ledger.npy", "metrics.json"):
            assert (people / "rounds/01" / name).read_bytes() == (oracle / "rounds/01" / name).read_bytes()


def test_the_command_to_go_on_with_has_overrides_and_options_but_not_fresh(
    tmp_path: Path, toys: None
) -> None:
    file = write_toy(tmp_path, toy_document(methods=[DOMINANT]))
    results = tmp_path / "my results"
    given = [file, "seeds=[4, 5]", "--only", "seed=5", "--results", results]
    output = call("run", *given, "--fresh", code=3).output
    ask, answer, again = (shlex.split(line) for line in output.splitlines()[-3:])
    assert again == ["alseg", "run", *map(str, given)]
    assert ask == ["alseg", "ask", str(results / "toy"), "-o", "tasks"]
    assert answer == ["alseg", "answer", str(results / "toy"), "FILE"]
    assert "1 waiting" in call(*again[1:], code=3).output
    assert len(list((results / "toy" / "runs").iterdir())) == 1
