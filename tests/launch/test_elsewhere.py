"""An experiment done by an executor that does units in this process, as soon as they are submitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

import alseg.launch.work
from alseg import ExecutorSpec, hookimpl
from alseg.config.executor import ExecutorChoice
from alseg.contracts import Standing, WorkUnit
from alseg.errors import AlsegError
from alseg.files import MovedError
from alseg.launch.elsewhere import run_elsewhere
from alseg.launch.options import LaunchOptions
from alseg.launch.outcome import Outcome
from alseg.launch.work import do_unit
from alseg.storage.unit_files import DispatchFile, Submission, read_dispatch, write_dispatch
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


class Moving(AtOnce):
    """Loses every unit."""

    def submit(self, unit: WorkUnit, after: Sequence[str]) -> str:
        self.before()
        return unit.key


class Cluster(AtOnce):
    """Has units of an earlier command, of which those named ``gone`` have ended."""

    def poll(self, ids: Sequence[str]) -> Mapping[str, Standing]:
        if "broken" in ids:
            raise RuntimeError("no such queue")
        return {name: Standing(state="gone" if name == "gone" else "working") for name in ids}


def build_cluster(*, address: str | None) -> Cluster:
    return Cluster()


class Clusters:
    @hookimpl
    def register_executors(self) -> list[ExecutorSpec]:
        return [ExecutorSpec(name="cluster", summary="Test.", source="Test.", build=build_cluster)]


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
    checked = prepared_toy(folder, document, Clusters())
    launch = LaunchOptions(results=folder / "results", **options)
    return run_elsewhere(checked, choice, reporter or Silent(), launch)


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
    assert any("there are no final weights. Training starts over" in note for note in reporter.notes)


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
    executor = Moving(before=lambda: root.rename(tmp_path / "elsewhere"))
    with pytest.raises(MovedError, match="was moved, deleted or replaced while alseg wrote to it"):
        elsewhere(tmp_path, executor, toy_document(methods=METHODS[1:]))
    assert executor.closed and not root.exists()


def given_to(name: str, root: Path, **ids: str) -> DispatchFile:
    """Write down units that an earlier command has given to an executor."""
    units = {key: Submission(id=each) for key, each in ids.items()}
    content = DispatchFile(executor=name, units=units, outlives=True)
    root.mkdir(parents=True)
    write_dispatch(root, content)
    return content


def test_another_executor_is_refused_while_units_of_the_first_go_on(tmp_path: Path) -> None:
    root, executor = tmp_path / "results/toy", AtOnce()
    before = given_to("cluster:gpu", root, a="1", b="gone", c="3")
    with pytest.raises(AlsegError) as caught:
        elsewhere(tmp_path, executor, toy_document(methods=METHODS[1:]))
    assert str(caught.value) == (
        "'cluster:gpu' still has 2 units of this experiment, given to it by an earlier command: a, c. "
        "'at-once' would know nothing of them. Give the command with --on cluster:gpu, or end them by "
        f"`alseg cancel {root}` first."
    )
    assert executor.submitted == [] and read_dispatch(root) == before
    assert [file.name for file in root.iterdir()] == ["dispatch.json"]  # the earlier experiment stays written


def test_another_executor_is_taken_when_units_of_the_first_have_ended(tmp_path: Path) -> None:
    given_to("cluster", tmp_path / "results/toy", a="gone")
    executor = AtOnce()
    assert elsewhere(tmp_path, executor, toy_document(methods=METHODS[1:])).done == 1
    assert executor.submitted == ["entropys0"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("cluster", "RuntimeError: no such queue."),
        ("missing", "Unknown executor 'missing'. Available: cluster."),
    ],
)
def test_an_earlier_executor_that_cannot_be_asked_is_named(tmp_path: Path, name: str, reason: str) -> None:
    root = tmp_path / "results/toy"
    given_to(name, root, a="broken")
    with pytest.raises(AlsegError) as caught:
        elsewhere(tmp_path, AtOnce(), toy_document(methods=METHODS[1:]))
    assert str(caught.value) == (
        f"An earlier command gave units of this experiment to '{name}', and whether they have ended cannot "
        f"be found out here: {reason} Give the command with --on {name}, on a machine where that works; or "
        f"remove {root / 'dispatch.json'} if they have ended."
    )
