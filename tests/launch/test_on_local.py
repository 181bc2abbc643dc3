"""``alseg run --on local:2`` in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from alseg.files import read_json

STREETS = {"name": "streets", "height": 32, "width": 64, "count": 4, "val_count": 2}
REGION = {"name": "region", "radius": 1}
NETWORK = {"name": "smp", "architecture": "Unet", "encoder_depth": 3, "decoder_channels": [8, 8, 8]}
METHODS: list[dict[str, Any]] = [
    {"label": "Source only", "target_labels": "none"},
    {"label": "Random", "acquisition": "random", "annotation": REGION, "budget": "5%"},
    {"label": "Entropy", "acquisition": "entropy", "annotation": REGION, "budget": "5%"},
    {"label": "RIPU", "acquisition": {"name": "ripu", "radius": 1}, "annotation": REGION, "budget": "5%"},
]


def document(iterations: int = 6, **changes: Any) -> dict[str, Any]:
    return {
        "name": "tiny",
        "scenario": {"source": STREETS, "target": {**STREETS, "domain": "camera"}},
        "model": NETWORK,
        "recipe": {
            "name": "plain",
            "iterations": iterations,
            "source_size": [32, 64],
            "target_size": [32, 64],
        },
        "rounds": [2, 4],
        "methods": METHODS,
        "seeds": [0, 1],
        "settings": {"device": "cpu", "threads": 1, "workers": 0, "checkpoint_minutes": 1e-9},
        **changes,
    }


def command(folder: Path, content: dict[str, Any], *options: str) -> list[str]:
    folder.mkdir(exist_ok=True)
    file = folder / "tiny.yaml"
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return [
        *(sys.executable, "-m", "alseg", "run", str(file)),
        *("--results", str(folder / "results"), *options),
    ]


def run(folder: Path, content: dict[str, Any], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(folder, content, *options), capture_output=True, text=True, timeout=600)


@contextmanager
def started(folder: Path, content: dict[str, Any], *options: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command(folder, content, *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def result_bytes(folder: Path) -> dict[str, bytes]:
    """Return ledgers, metrics, counts and weights of all runs."""
    runs = folder / "results/tiny/runs"
    names = ("ledger.npy", "metrics.json", "confusion.npz", "weights.pt")
    return {
        str(path.relative_to(runs)): path.read_bytes()
        for path in sorted(runs.rglob("*"))
        if path.name in names
    }


def states(root: Path) -> set[str]:
    return {str(read_json(path)["state"]) for path in root.glob("runs/*/status.json")}


def until(process: subprocess.Popen[str], condition: Callable[[], object]) -> Any:
    end = time.monotonic() + 300
    while not (found := condition()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def worker_of(folder: Path, run: str) -> int | None:
    """Return the process that holds the lock of a run."""
    for note in (folder / "results/tiny/runs").glob(f"{run}*/.lock-holder"):
        words = note.read_text().split()
        return int(words[1]) if len(words) > 1 else None
    return None


@pytest.mark.slow
def test_eight_runs_in_two_processes_give_the_bytes_of_one(tmp_path: Path) -> None:
    done = run(tmp_path / "two", document(), "--on", "local:2")
    assert done.returncode == 0, done.stderr
    assert "8 done." in done.stderr.splitlines()
    one = run(tmp_path / "one", document())
    assert one.returncode == 0, one.stderr
    found, expected = result_bytes(tmp_path / "two"), result_bytes(tmp_path / "one")
    # Weights of 8 runs, counts and metrics of three rounds each, ledgers of two purchases of six runs.
    assert len(expected) == 8 + 8 * 3 * 2 + 6 * 2
    assert list(found) == list(expected)
    assert [name for name, content in expected.items() if found[name] != content] == []
    attempts = {
        path.parent.parent.name for path in (tmp_path / "two").glob("results/tiny/runs/*/attempts/0.json")
    }
    assert len(attempts) == 8
    assert len(list((tmp_path / "two").glob("results/tiny/shared/*/unit/attempts/0.json"))) == 2
    dispatched = read_json(tmp_path / "two/results/tiny/dispatch.json")
    assert dispatched == {"executor": "local:2", "units": {}, "after": {}, "outlives": False}


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced_and_the_bytes_stay(tmp_path: Path) -> None:
    content = document(methods=METHODS[2:], seeds=[0])
    with started(tmp_path / "killed", content, "--on", "local:2") as process:
        victim = until(process, lambda: worker_of(tmp_path / "killed", "entropy"))
        os.kill(victim, signal.SIGKILL)
        _, told = process.communicate(timeout=600)
    assert process.returncode == 0, told
    assert "its process ended without a word (SIGKILL); started again, 1 of 3" in told
    run(tmp_path / "one", content)
    assert result_bytes(tmp_path / "killed") == result_bytes(tmp_path / "one")


@pytest.mark.slow
def test_ctrl_c_saves_and_a_dispatcher_that_is_killed_goes_on(tmp_path: Path) -> None:
    content, both = document(methods=METHODS[2:], seeds=[0], iterations=60), ("entropy", "ripu")
    on_local, root = tmp_path / "local", tmp_path / "local/results/tiny"
    with started(on_local, content, "--on", "local:2") as process:
        until(process, lambda: list(root.glob("runs/*/rounds/02/ledger.json")))
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=300)
    assert process.returncode == 130, told
    assert "Stopped by SIGINT, all is saved." in told
    assert states(root) <= {"interrupted", "done"}
    # Killed, it leaves workers that notice, and save.
    with started(on_local, content, "--on", "local:2") as process:
        workers = until(process, lambda: [worker for run in both if (worker := worker_of(on_local, run))])
        process.kill()
        process.communicate()
    end = time.monotonic() + 120
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert json.loads((root / "dispatch.json").read_text())["units"]
    assert run(on_local, content, "--on", "local:2").returncode == 0
    assert states(root) == {"done"}
    run(tmp_path / "one", content)
    assert result_bytes(on_local) == result_bytes(tmp_path / "one")
