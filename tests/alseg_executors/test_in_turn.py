"""Processes that do one unit after another."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import alseg_executors.local
import alseg_executors.processes
from alseg.contracts import PromptExecutor, Resources, WorkUnit
from alseg_executors.local import LocalExecutor
from alseg_executors.processes import ForkServer

HELPERS = Path(__file__).parents[1] / "helpers"
PROGRAM = ("answering_unit",)


@pytest.fixture(params=["copied", "started"])
def executor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalExecutor]:
    """Return an executor of one place, whose processes are copies, or are started as beside a GPU."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HELPERS), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setattr(alseg_executors.processes, "modules_to_import", lambda: ["json"])
    monkeypatch.setattr(
        alseg_executors.local,
        "ForkServer",
        lambda environment, *, in_turn: ForkServer(environment, PROGRAM, in_turn=in_turn),
    )
    monkeypatch.setattr(alseg_executors.local, "ALSEG_WORK", PROGRAM)
    if request.param == "started":
        monkeypatch.setattr(LocalExecutor, "_server", lambda self, threads: None)
    found = LocalExecutor(1)
    yield found
    found.close()


def done(executor: LocalExecutor, folder: Path, *keys: str, needs: Resources | None = None) -> list[str]:
    """Have units done; return how each ended."""
    file, needs = str(folder / "experiment.yaml"), needs or Resources(cpus=1)
    units = [WorkUnit(key=key, experiment=file, runs=(key,), needs=needs) for key in keys]
    names = [executor.submit(unit, []) for unit in units]
    end = time.monotonic() + 120
    while any(standing.state != "gone" for standing in executor.poll(names).values()):
        assert time.monotonic() < end
        executor.wait(1)
    return [executor.poll(names)[name].reason for name in names]


def process_of(folder: Path, key: str) -> int:
    found = json.loads((folder / f"{key}.json").read_text())
    assert found["option"] == "--in-turn"
    return int(found["pid"])


def test_a_process_does_the_next_unit_after_one_that_ended_well(
    tmp_path: Path, executor: LocalExecutor
) -> None:
    assert done(executor, tmp_path, "a", "b") == ["exit code 0"] * 2
    assert done(executor, tmp_path, "c") == ["exit code 0"]
    assert len({process_of(tmp_path, key) for key in "abc"} - {os.getpid()}) == 1


def test_after_a_unit_that_fails_its_place_has_a_new_process(tmp_path: Path, executor: LocalExecutor) -> None:
    assert done(executor, tmp_path, "a", "bad", "c") == ["exit code 0", "exit code 5", "exit code 0"]
    assert process_of(tmp_path, "a") == process_of(tmp_path, "bad") != process_of(tmp_path, "c")


def test_a_free_process_that_was_killed_is_replaced(tmp_path: Path, executor: LocalExecutor) -> None:
    done(executor, tmp_path, "a")
    os.kill(process_of(tmp_path, "a"), 9)
    free = executor._free[0].process
    end = time.monotonic() + 120
    while free.ended() is None:
        assert time.monotonic() < end
    assert done(executor, tmp_path, "b") == ["exit code 0"]
    assert process_of(tmp_path, "a") != process_of(tmp_path, "b")


def test_units_with_other_threads_have_another_process(tmp_path: Path, executor: LocalExecutor) -> None:
    done(executor, tmp_path, "a")
    assert done(executor, tmp_path, "b", needs=Resources(cpus=2)) == ["exit code 0"]
    assert process_of(tmp_path, "a") != process_of(tmp_path, "b")


def test_the_end_of_a_unit_wakes_whoever_waits(tmp_path: Path, executor: LocalExecutor) -> None:
    unit = WorkUnit(key="a", experiment=str(tmp_path / "experiment.yaml"), runs=("a",))
    name = executor.submit(unit, [])
    started = time.monotonic()
    while executor.poll([name])[name].state != "gone":
        executor.wait(600)
    assert time.monotonic() - started < 600


def test_it_gets_ready_and_ends_without_a_unit(tmp_path: Path, executor: LocalExecutor) -> None:
    assert isinstance(executor, PromptExecutor)
    executor.get_ready(Resources(cpus=1))
    servers = list(executor._servers.values())
    executor.close()
    assert all(server._process.returncode is not None for server in servers)
