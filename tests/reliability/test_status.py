from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from alseg import AcquisitionSpec, hookimpl
from alseg.cli import main
from alseg.contracts import TargetView
from alseg.guard.at_work import NAME, AtWork
from alseg.launch import status as runstates
from alseg.launch import wanted
from alseg.storage.live import LiveFile
from alseg.storage.lock import exclusive
from alseg.storage.run_folder import RunFolder
from alseg.system.signals import Interrupted
from fakeruns import write_run
from killing import run_and_wait
from toys import Silent, run_folder, run_toy, toy_document, toy_registry


def status(*arguments: str | Path) -> str:
    result = CliRunner().invoke(main, ["status", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.stdout


def states(folder: Path) -> dict[str, tuple[str, int, str]]:
    """Return method to state, committed rounds and reason."""
    found = json.loads(status(folder, "--json"))
    return {run["method"]: (run["state"], len(run["rounds"]), run["why"]) for run in found["runs"]}


def test_status_names_the_calls_during_which_a_process_ended(tmp_path: Path) -> None:
    run = write_run(tmp_path / "quickstart", "Killed", state="running")
    call = "acquisition 'x' of plugin p (d 1): score for image 7"
    AtWork(run / NAME).begin(call)  # and never ends
    (state,) = runstates.experiment_state(tmp_path / "quickstart").runs
    assert state.state == "killed"
    assert state.why == f"its last attempt ended without a word, at work: {call}"


def test_status_shows_every_run_with_its_rounds_and_what_went_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    results = tmp_path / "quickstart"
    two_rounds = ((80.0, 60.0, 40.0), (90.0, 60.0, 30.0))
    write_run(results, "Done", iou=two_rounds)
    write_run(results, "Failed", order=1, state="failed", error="ValueError: no")
    write_run(results, "Killed", order=2, state="running")
    write_run(results, "No memory", order=3, state="failed", error="Out of memory: MemoryError: big", iou=())
    write_run(results, "Skipped", order=4, state="skipped", reason="needs features", iou=())
    damaged = write_run(results, "Torn", order=5)
    (damaged / "status.json").write_text("{")
    lines = [line.rstrip() for line in status(results).splitlines()]
    # The one attempt of each made-up run has no end, so that times vary; they are left out.
    shown = {line.split("  ")[0]: line for line in lines}
    assert shown["Done"].split()[1:4] == ["0", "done", "##"]
    assert shown["Done"].endswith("60.00")
    assert shown["Failed"].endswith("60.00  ValueError: no")
    assert " killed " in shown["Killed"]
    assert shown["Killed"].endswith("its last attempt ended without a word")
    assert " out of memory " in shown["No memory"]
    assert shown["No memory"].endswith("Out of memory: MemoryError: big")
    assert shown["Skipped"].endswith("needs features")
    assert any(" damaged" in line for line in lines)
    # The reason names a file and stands below its run where it is too long.
    assert str(damaged) in " ".join(lines)
    assert lines[-1] == ("6 runs: 1 done, 1 failed, 1 killed, 1 out of memory, 1 skipped, 1 damaged.")


def test_status_shows_who_is_at_a_run(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "quickstart", "Busy", state="running")
    with RunFolder(folder).writing():
        state, _, why = states(tmp_path / "quickstart")["Busy"]
    assert state == "running"
    assert why.startswith("process ")
    assert states(tmp_path / "quickstart")["Busy"][0] == "killed"


def test_status_shows_what_a_run_is_at_and_where(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "quickstart", "Busy", state="running")
    LiveFile(folder).begin("train", 90, 34)
    with RunFolder(folder).writing():
        (run,) = json.loads(status(tmp_path / "quickstart", "--json"))["runs"]
        shown = " ".join(status(tmp_path / "quickstart").split())
    assert (run["unit"], run["host"], run["phase"]) == (folder.name, socket.gethostname(), "train 34/90")
    assert f"train 34/90, process {os.getpid()} on {socket.gethostname()}" in shown
    # Nobody holds the folder any more: what the file says is no sign of life.
    (run,) = json.loads(status(tmp_path / "quickstart", "--json"))["runs"]
    assert (run["state"], run["phase"]) == ("killed", "")


def test_status_shows_shared_units_at_work(tmp_path: Path) -> None:
    results = tmp_path / "quickstart"
    write_run(results, "Done")
    work = results / "shared" / "0123" / "unit"
    work.mkdir(parents=True)
    LiveFile(work).begin("train", 9, 3)
    assert json.loads(status(results, "--json"))["shared"] == []
    with exclusive(work.parent / ".lock"):
        (found,) = json.loads(status(results, "--json"))["shared"]
        shown = status(results)
    assert (found["unit"], found["phase"]) == ("shared-0123", "train 3/9")
    assert f"shared-0123: train 3/9, process {os.getpid()} on {socket.gethostname()}" in shown.splitlines()


def test_status_lists_runs_not_begun_and_tells_interrupted_from_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wanted, "load_registry", toy_registry)

    class StopInTraining(Silent):
        def advance(self, detail: str = "") -> None:
            raise Interrupted

    document: dict[str, Any] = toy_document()
    run_toy(tmp_path, document, reporter=StopInTraining())
    folder = tmp_path / "results" / "toy"
    assert {method: found[:2] for method, found in states(folder).items()} == {
        "Source only": ("interrupted", 0),
        "Entropy": ("to do", 0),
        "Fully supervised": ("to do", 0),
    }
    assert run_and_wait(tmp_path, document, "renamed metrics.json#1") < 0
    assert states(folder)["Source only"][:2] == ("killed", 1)
    assert run_and_wait(tmp_path, document) == 0
    assert set(states(folder).values()) == {("done", 3, "")}


class _Hungry:
    @hookimpl
    def register_acquisitions(self) -> list[AcquisitionSpec]:
        class Hungry:
            def score(self, view: TargetView) -> torch.Tensor:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 80 GiB.")

        return [AcquisitionSpec(name="hungry", summary="Test.", source="Test.", build=Hungry)]


def test_out_of_memory_is_told_apart_from_errors(tmp_path: Path) -> None:
    methods = [{"label": "Hungry", "acquisition": "hungry", "annotation": "region", "budget": "20%"}]
    run_toy(tmp_path, toy_document(methods=methods), _Hungry())
    error = "Out of memory: OutOfMemoryError: CUDA out of memory. Tried to allocate 80 GiB."
    assert json.loads((run_folder(tmp_path, "hungry") / "status.json").read_text())["error"] == error
    assert states(tmp_path / "results" / "toy")["Hungry"] == ("out of memory", 1, error)


def test_status_of_a_folder_without_results_is_a_mistake(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["status", str(tmp_path / "nowhere")])
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: There is no folder {tmp_path / 'nowhere'}. "
        "Name a result folder such as results/quickstart, made by 'alseg run'.\n"
    )
