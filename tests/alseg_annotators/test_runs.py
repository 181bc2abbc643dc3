"""Runs that wait for people with Label Studio or CVAT, through the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import alseg_partitions
from alseg.asking.waiting_run import find_waiting
from alseg.contracts.annotating import QuestionSheet
from people_in_tools import METHODS, bought, call, in_cvat, in_label_studio
from toycommand import write_toy
from toys import toy_document, toy_registry

REGISTRY = toy_registry(alseg_partitions)


@pytest.fixture(autouse=True)
def _registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alseg.registry.loading.load_registry", lambda: REGISTRY)


TOOLS = {"label-studio": in_label_studio, "cvat": in_cvat}


@pytest.mark.parametrize("kind", METHODS)
@pytest.mark.parametrize("tool", TOOLS)
def test_people_who_know_the_label_maps_give_the_bytes_of_the_oracle(
    tool: str, kind: str, tmp_path: Path
) -> None:
    method = {"label": "m", "acquisition": "entropy", **METHODS[kind]}
    file = write_toy(tmp_path, toy_document(methods=[method]))
    call("run", file, "--results", tmp_path / "oracle")
    file = write_toy(tmp_path, toy_document(methods=[method | {"annotator": tool}]))
    answer: Callable[[Path, QuestionSheet], Path] = TOOLS[tool]
    for _ in range(2):
        call("run", file, "--results", tmp_path / "people", code=3)
        call("ask", tmp_path / "people" / "toy", "-o", tmp_path / "tasks")
        [run] = find_waiting(tmp_path / "people" / "toy", REGISTRY)
        [folder] = (tmp_path / "tasks").glob(f"*-round-{run.round}")
        said = call("answer", tmp_path / "people" / "toy", answer(folder, run.sheet))
        assert "The round is complete" in said
    call("run", file, "--results", tmp_path / "people")
    found = bought(tmp_path / "people")
    assert len(found) >= 8
    assert found == bought(tmp_path / "oracle")


def test_an_export_with_a_mistake_leaves_the_run_waiting(tmp_path: Path) -> None:
    method = {"label": "m", "acquisition": "entropy", **METHODS["pixels"], "annotator": "label-studio"}
    file, results = write_toy(tmp_path, toy_document(methods=[method])), tmp_path / "people"
    call("run", file, "--results", results, code=3)
    call("ask", results / "toy", "-o", tmp_path / "tasks")
    [run] = find_waiting(results / "toy", REGISTRY)
    [folder] = (tmp_path / "tasks").glob("*-round-1")
    export = in_label_studio(folder, run.sheet)
    tasks = json.loads(export.read_text(encoding="utf-8"))
    tasks[-1]["annotations"][0]["result"][1]["value"]["labels"] = ["rode"]
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(tasks), encoding="utf-8")

    said = call("answer", results / "toy", broken, code=2)

    where = f"{broken}, task {len(tasks)}, annotation 1, result 2: unknown class 'rode'."
    assert where in " ".join(said.split())
    assert "0 of" in call("run", file, "--results", results, code=3)
    assert "The round is complete" in call("answer", results / "toy", export)
