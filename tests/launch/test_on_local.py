"""``alseg run --on local:2`` in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from alseg.files import read_json
from executed_runs import (
    METHODS,
    result_bytes,
    run_command,
    run_here,
    run_in_this_process,
    run_states,
    small_experiment,
    started,
    while_running,
    worker_of,
)
from preforked import python

ON = ("--on", "local:2")
PAIR = {"methods": METHODS[2:], "seeds": [0]}


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [1, pytest.param(2, marks=pytest.mark.nightly)])
def test_the_runs_of_two_processes_have_the_bytes_of_one(tmp_path: Path, seeds: int) -> None:
    """By night with eight runs; executors of clusters have all eight in tests of theirs.

    Here all processes are started as a user's are, and import what they need.
    """
    content, runs = small_experiment(seeds=list(range(seeds))), 4 * seeds
    done = run_here(tmp_path / "two", content, *ON, interpreter=sys.executable)
    assert done.returncode == 0, done.stderr
    assert f"{runs} done." in done.stderr.splitlines()
    assert run_in_this_process(tmp_path / "one", content) == 0
    found, expected = result_bytes(tmp_path / "two"), result_bytes(tmp_path / "one")
    # Weights of each run, counts and metrics of three rounds, ledgers of two purchases of three methods.
    assert len(expected) == seeds * (4 + 4 * 3 * 2 + 3 * 2)
    assert list(found) == list(expected)
    assert [name for name, content in expected.items() if found[name] != content] == []
    attempts = {
        path.parent.parent.name for path in (tmp_path / "two").glob("results/tiny/runs/*/attempts/0.json")
    }
    assert len(attempts) == runs
    assert len(list((tmp_path / "two").glob("results/tiny/shared/*/unit/attempts/0.json"))) == seeds
    dispatched = read_json(tmp_path / "two/results/tiny/dispatch.json")
    assert dispatched == {"executor": "local:2", "units": {}, "after": {}, "outlives": False}


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced_and_the_bytes_stay(tmp_path: Path) -> None:
    content = small_experiment(**PAIR)
    with started(run_command(python(), tmp_path / "killed", content, *ON)) as process:
        victim = while_running(process, lambda: worker_of(tmp_path / "killed", "entropy"))
        os.kill(victim, signal.SIGKILL)
        _, told = process.communicate(timeout=600)
    assert process.returncode == 0, told
    assert "its process ended without a word (SIGKILL); started again, 1 of 3" in told
    assert run_in_this_process(tmp_path / "one", content) == 0
    assert result_bytes(tmp_path / "killed") == result_bytes(tmp_path / "one")


@pytest.mark.nightly
def test_ctrl_c_saves_and_a_dispatcher_that_is_killed_goes_on(tmp_path: Path) -> None:
    """With a network of its size; ``test_stopped_on_local.py`` does the same with toys in every suite."""
    content, both = small_experiment(60, **PAIR), ("entropy", "ripu")
    on_local, root = tmp_path / "local", tmp_path / "local/results/tiny"
    on_command = run_command(python(), on_local, content, *ON)
    with started(on_command) as process:
        while_running(process, lambda: list(root.glob("runs/*/rounds/02/ledger.json")))
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=300)
    assert process.returncode == 130, told
    assert "Stopped by SIGINT, all is saved." in told
    assert set(run_states(on_local).values()) <= {"interrupted", "done"}
    # Killed, it leaves workers that notice, and save.
    with started(on_command) as process:
        workers = while_running(
            process, lambda: [worker for run in both if (worker := worker_of(on_local, run))]
        )
        process.kill()
        process.communicate()
    end = time.monotonic() + 120
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert json.loads((root / "dispatch.json").read_text())["units"]
    assert run_here(on_local, content, *ON).returncode == 0
    assert set(run_states(on_local).values()) == {"done"}
    assert run_in_this_process(tmp_path / "one", content) == 0
    assert result_bytes(on_local) == result_bytes(tmp_path / "one")
