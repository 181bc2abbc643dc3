from __future__ import annotations

import io
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

import alseg.launch.local
from alseg.cli import main
from alseg.config.experiment import read_experiment
from alseg.files import read_json, write_checked_text, write_record
from alseg.launch.local import helpers
from alseg.registry.loading import load_registry
from alseg.system.signals import StopRequest
from preforked import python

STREETS = {"name": "streets", "height": 32, "width": 64, "count": 2, "val_count": 2}


def document(
    processes: int = 1, iterations: int = 2, checkpoint_minutes: float = 5, order: str = "seeds"
) -> dict[str, Any]:
    return {
        "name": "tiny",
        "scenario": {"source": STREETS, "target": {**STREETS, "domain": "camera"}},
        "model": {"name": "smp", "architecture": "Unet", "encoder_depth": 3, "decoder_channels": [8, 8, 8]},
        "recipe": {
            "name": "plain",
            "iterations": iterations,
            "source_size": [32, 64],
            "target_size": [32, 64],
        },
        "rounds": [1],
        "methods": [
            {"label": "Random", "acquisition": "random", "annotation": "region", "budget": "5%"},
            {"label": "Fully supervised", "target_labels": "all"},
        ],
        "settings": {
            "device": "cpu",
            "threads": 1,
            "processes": processes,
            "checkpoint_minutes": checkpoint_minutes,
            "order": order,
        },
    }


def prepare(folder: Path, **changes: Any) -> list[str]:
    """Write the experiment as a results folder holds it; returns the names of its runs."""
    file = folder / "tiny" / "experiment.yaml"
    write_checked_text(file, yaml.safe_dump(document(**changes), sort_keys=False))
    return [spec.folder for spec in read_experiment(file, registry=load_registry()).runs()]


def start_helper(folder: Path, runs: list[str]) -> subprocess.Popen[bytes]:
    request = json.dumps({"root": str(folder / "tiny"), "runs": runs, "accept_drift": False})
    return subprocess.Popen([python(), "-m", "alseg.cli.worker", request], stdin=subprocess.PIPE)


def state_of(folder: Path, run: str) -> str | None:
    path = folder / "tiny" / "runs" / run / "status.json"
    return str(read_json(path)["state"]) if path.exists() else None


@pytest.mark.slow
def test_a_helper_does_the_last_run_first_and_gets_what_one_process_gets(tmp_path: Path) -> None:
    runs = prepare(tmp_path / "helped")
    assert start_helper(tmp_path / "helped", runs).wait(timeout=300) == 0
    started = [read_json(tmp_path / "helped/tiny/runs" / run / "attempts/0.json")["start"] for run in runs]
    assert started == sorted(started, reverse=True)
    file = tmp_path / "tiny.yaml"
    file.write_text(yaml.safe_dump(document()))
    result = CliRunner().invoke(main, ["run", str(file), "--results", str(tmp_path / "alone")])
    assert result.exit_code == 0, result.stderr
    for run in runs:
        for name in ("rounds/00/metrics.json", "rounds/01/metrics.json"):
            path = Path("tiny/runs") / run / name
            assert (tmp_path / "helped" / path).read_bytes() == (tmp_path / "alone" / path).read_bytes()


def test_a_helper_goes_on_in_the_order_of_the_file_where_methods_come_first(tmp_path: Path) -> None:
    runs = prepare(tmp_path, order="methods")
    assert start_helper(tmp_path, runs).wait(timeout=300) == 0
    started = [read_json(tmp_path / "tiny/runs" / run / "attempts/0.json")["start"] for run in runs]
    assert started == sorted(started)


@pytest.mark.slow
def test_a_helper_saves_and_stops_when_its_standard_input_is_closed(tmp_path: Path) -> None:
    first, last = prepare(tmp_path, iterations=1_000_000, checkpoint_minutes=1e-9)
    process = start_helper(tmp_path, [first, last])
    while not (tmp_path / "tiny/runs" / last / "checkpoint.pt").exists():  # from the first step on
        assert process.poll() is None
        time.sleep(0.1)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=300) == 0
    assert (state_of(tmp_path, first), state_of(tmp_path, last)) == (None, "interrupted")


def test_two_processes_do_every_run_once_and_the_output_shows_all_results(tmp_path: Path) -> None:
    """The second process is started as a user's is, and imports what it needs."""
    file = tmp_path / "tiny.yaml"
    file.write_text(yaml.safe_dump(document(processes=2)))
    result = CliRunner().invoke(main, ["run", str(file), "--results", str(tmp_path / "results")])
    assert result.exit_code == 0, result.stderr
    runs = sorted((tmp_path / "results/tiny/runs").iterdir())
    assert [[path.name for path in run.glob("attempts/*.json")] for run in runs] == [["0.json"]] * 2
    assert result.stderr.count("  round 1/1  iteration 2  mIoU") == 2
    assert "2 done." in result.stderr.splitlines()
    for run in runs:  # what a run took, not how long this process waited for it
        attempt = run / "attempts/0.json"
        write_record(attempt, {**read_json(attempt), "seconds": 42.0})
    again = CliRunner().invoke(main, ["run", str(file), "--results", str(tmp_path / "results")])
    assert again.stderr.count("  done after 42 s\n") == 2


@pytest.mark.parametrize(("processes", "runs", "started"), [(1, 2, 0), (2, 2, 1), (5, 2, 1), (2, 1, 0)])
def test_no_more_processes_than_runs_are_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int, runs: int, started: int
) -> None:
    class Process:
        def __init__(self, command: list[str], **_: object) -> None:
            self.stdin = io.BytesIO()
            commands.append(command)

        def wait(self) -> int:
            assert self.stdin.closed
            return 0

    commands: list[list[str]] = []
    monkeypatch.setattr(alseg.launch.local.subprocess, "Popen", Process)
    prepare(tmp_path, processes=processes)
    experiment = read_experiment(tmp_path / "tiny/experiment.yaml", registry=load_registry())
    with helpers(tmp_path / "tiny", experiment.runs()[:runs], experiment, StopRequest(), accept_drift=False):
        pass
    assert len(commands) == started


@pytest.mark.parametrize("at_once", [False, True])
def test_helpers_are_killed_only_where_nothing_is_to_be_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    killed = []

    class Process:
        stdin = io.BytesIO()

        def __init__(self, *_: object, **__: object) -> None:
            pass

        def kill(self) -> None:
            killed.append(self)

        def wait(self) -> int:
            return 0

    monkeypatch.setattr(alseg.launch.local.subprocess, "Popen", Process)
    prepare(tmp_path, processes=2)
    experiment = read_experiment(tmp_path / "tiny/experiment.yaml", registry=load_registry())
    stop = StopRequest(at_once=at_once)
    with helpers(tmp_path / "tiny", experiment.runs(), experiment, stop, accept_drift=False):
        pass
    assert len(killed) == at_once
