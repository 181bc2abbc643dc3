"""An experiment done by an executor that does units in this process, as soon as they are submitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

import alseg.launch.work
from alseg.config.executor import ExecutorChoice
from alseg.contracts import Standing, WorkUnit
from alseg.files import MovedError
from alseg.launch.elsewhere import run_elsewhere
from alseg.launch.outcome import Outcome
from alseg.launch.work import do_unit
from toys import Silent, prepared_toy, round_bytes, run_toy, toy_document, toy_registry

REGION = {"name": "region", "radius": 1}
METHODS = [
    {"label": "Source only", "target_labels": "none"},
    {"label": "Entropy", "acquisition": "entropy", "annotation": REGION, "budget": "20%"},
]


class AtOnce:
    """Does a unit when it is submitted; calls something before."""

    outlives = False

    def __init__(self, before: Callable[[], object] = lambda: None) -> None:
        self.before, self.submitted, self.closed = before, list[str](), False

    def submit(self, unit: WorkUnit, after: Sequence[str]) -> str:
        self.before()
        self.submitted.append(unit.key.partition("__")[0] + unit.key.partition("__")[2][:2])
        do_unit(unit)
        return f"{unit.key}#{len(self.submitted)}"

    def poll(self, ids: Sequence[str]) -> Mapping[str, Standing]:
        return {name: Standing(state="gone", reason="exit code 0") for name in ids}

    def cancel(self, ids: Sequence[str], grace: float) -> None: ...

    def close(self) -> None:
        self.closed = True


class Choice:
    """Stands for an executor that is made already."""

    text = "at-once"

    def __init__(self, executor: AtOnce) -> None:
        self._executor = executor

    def build(self, _: object) -> AtOnce:
        return self._executor


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alseg.launch.work, "load_registry", toy_registry)


def elsewhere(
    folder: Path, executor: AtOnce, document: dict[str, Any], reporter: Silent | None = None, **options: bool
) -> Outcome:
    choice = cast(ExecutorChoice, Choice(executor))
    checked = prepared_toy(folder, document)
    return run_elsewhere(checked, choice, folder / "results", reporter or Silent(), **options)


def test_an_experiment_with_more_seeds_starts_no_process_for_runs_that_are_complete(tmp_path: Path) -> None:
    first, second = AtOnce(), AtOnce()
    assert elsewhere(tmp_path / "units", first, toy_document(methods=METHODS)).done == 2
    assert [name.partition("-")[0] for name in first.submitted] == ["shared", "source", "entropys0"]
    document, reporter = toy_document(methods=METHODS, seeds=[0, 1]), Silent()
    assert elsewhere(tmp_path / "units", second, document, reporter).done == 4
    assert [name.partition("-")[0] for name in second.submitted] == ["shared", "source", "entropys1"]
    assert reporter.states == ["done"] * 4
    run_toy(tmp_path / "one", document)
    for run in sorted((tmp_path / "one/results/toy/runs").iterdir()):
        assert round_bytes(run) == round_bytes(tmp_path / "units/results/toy/runs" / run.name)
    third = AtOnce()
    assert elsewhere(tmp_path / "units", third, document).done == 4
    assert third.submitted == [] and third.closed


def test_a_run_that_was_complete_and_has_lost_something_is_done_again(tmp_path: Path) -> None:
    document = toy_document(methods=METHODS[1:])
    elsewhere(tmp_path, AtOnce(), document)
    (run,) = (tmp_path / "results/toy/runs").iterdir()
    weights = (run / "weights.pt").read_bytes()
    (run / "weights.pt").unlink()
    executor, reporter = AtOnce(), Silent()
    assert elsewhere(tmp_path, executor, document, reporter).done == 1
    assert executor.submitted == ["entropys0"]
    assert (run / "weights.pt").read_bytes() == weights
    assert any("weights.pt" in note for note in reporter.notes)


def test_fresh_runs_are_done_anew_though_they_were_complete(tmp_path: Path) -> None:
    document = toy_document(methods=METHODS[1:])
    elsewhere(tmp_path, AtOnce(), document)
    executor = AtOnce()
    assert elsewhere(tmp_path, executor, document, fresh=True).done == 1
    assert executor.submitted == ["entropys0"]
    assert len(list((tmp_path / "results/toy/runs").iterdir())) == 2


def test_a_run_that_another_command_has_done_meanwhile_is_done(tmp_path: Path) -> None:
    document = toy_document(methods=METHODS[1:])
    executor = AtOnce(before=lambda: run_toy(tmp_path, document))
    outcome = elsewhere(tmp_path, executor, document)
    assert (outcome.done, executor.submitted) == (1, ["entropys0"])
    assert len(list((tmp_path / "results/toy/runs").glob("*/attempts/*.json"))) == 1


def test_a_results_folder_that_is_moved_stops_all_and_is_named(tmp_path: Path) -> None:
    root = tmp_path / "results/toy"
    executor = AtOnce(before=lambda: root.rename(tmp_path / "elsewhere"))
    with pytest.raises(MovedError, match="was moved, deleted or replaced while alseg wrote to it"):
        elsewhere(tmp_path, executor, toy_document(methods=METHODS[1:]))
    assert executor.closed and not root.exists()
