"""Units as copies of a process that has imported what they need."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import alseg_executors.processes
from alseg.contracts import WorkUnit
from alseg_executors.processes import ForkedProcess, ForkServer

HELPERS = Path(__file__).parents[1] / "helpers"


def until(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + 300
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the modules that servers of the test import."""
    names = ["colorsys", "no_such_module"]
    monkeypatch.setattr(alseg_executors.processes, "modules_to_import", lambda: names)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HELPERS), os.environ.get("PYTHONPATH", "")]))
    return names


@pytest.fixture
def server(modules: list[str]) -> Iterator[ForkServer]:
    found = ForkServer({}, ["recorded_unit", "an argument"])
    yield found
    found.close()


def start(server: ForkServer, folder: Path, key: str, **more: str) -> ForkedProcess:
    """Start a unit, and wait until it has said what it was given."""
    unit = WorkUnit(key=key, experiment=str(folder / "experiment.yaml"), runs=(key,))
    process = server.start(unit, folder / f"{key}.log", more)
    until(lambda: process.ended() or (folder / f"{key}.json").exists())
    return process


def given(folder: Path, key: str) -> dict[str, Any]:
    return dict(json.loads((folder / f"{key}.json").read_text()))


def test_a_unit_has_a_session_a_log_and_an_environment_of_its_own(tmp_path: Path, server: ForkServer) -> None:
    processes = [start(server, tmp_path, key, ALSEG_TEST_VARIABLE=key) for key in "ab"]
    for key in "ab":
        found = given(tmp_path, key)
        assert found.pop("pid") != os.getpid()
        assert found == {"copied": True, "session": True, "variable": key, "arguments": ["an argument"]}
        assert processes["ab".index(key)].ended() is None
    (tmp_path / "b.end").touch()
    until(processes[1].ended)
    assert processes[1].ended() == "exit code 7"
    assert processes[0].ended() is None
    assert (tmp_path / "b.log").read_text() == "began\n"
    processes[0].send(signal.SIGKILL)
    assert until(processes[0].ended) == "SIGKILL"
    assert not (tmp_path / "a.saved").exists()


def test_a_unit_hears_sigterm_and_saves(tmp_path: Path, server: ForkServer) -> None:
    process = start(server, tmp_path, "a")
    process.send(signal.SIGTERM)
    assert until(process.ended) == "exit code 143"
    assert (tmp_path / "a.saved").exists()


def test_units_save_and_end_where_the_server_is_killed(tmp_path: Path, server: ForkServer) -> None:
    processes = [start(server, tmp_path, key) for key in "ab"]
    server._process.kill()
    assert until(processes[0].ended) == "the process that starts units has ended: SIGKILL"
    assert processes[1].ended() == processes[0].ended()
    assert not server.works
    until(lambda: all((tmp_path / f"{key}.saved").exists() for key in "ab"))


def test_units_save_and_end_with_the_process_that_submits(tmp_path: Path, server: ForkServer) -> None:
    start(server, tmp_path, "a")
    server._input.close()  # as where this process is killed
    until((tmp_path / "a.saved").exists)
    until(lambda: server._process.poll() is not None)


def test_signals_to_all_processes_of_a_job_leave_the_server_at_work(
    tmp_path: Path, server: ForkServer
) -> None:
    process = start(server, tmp_path, "a")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        server._process.send_signal(number)
    (tmp_path / "a.end").touch()
    assert until(process.ended) == "exit code 7"


def test_a_unit_that_cannot_be_started_says_why(tmp_path: Path, server: ForkServer) -> None:
    unit = WorkUnit(key="a", experiment=str(tmp_path / "experiment.yaml"), runs=("a",))
    process = server.start(unit, tmp_path / "no such folder" / "a.log", {})
    assert until(process.ended).startswith("could not be started: [Errno 2] No such file")


def test_where_a_module_has_started_a_thread_units_are_no_copies(tmp_path: Path, modules: list[str]) -> None:
    modules.append("threaded_module")
    server = ForkServer({}, ["recorded_unit", "an argument"])
    process = start(server, tmp_path, "a")
    found = given(tmp_path, "a")
    assert (found["copied"], found["session"], found["arguments"]) == (False, True, ["an argument"])
    (tmp_path / "a.end").touch()
    assert until(process.ended) == "exit code 7"
    server.close()


def test_a_unit_longer_than_a_pipe_is_handed_over_without_waiting(tmp_path: Path, server: ForkServer) -> None:
    runs = tuple(f"a-run-with-a-long-name__s{seed}__0123456789" for seed in range(10_000))  # 480 kB
    unit = WorkUnit(key="a", experiment=str(tmp_path / "experiment.yaml"), runs=runs)
    process = server.start(unit, tmp_path / "a.log", {})
    until((tmp_path / "a.json").exists)
    (tmp_path / "a.end").touch()
    assert until(process.ended) == "exit code 7"


def test_what_this_process_imports_before_the_first_unit_is_imported_at_once(
    modules: list[str], server: ForkServer
) -> None:
    modules.append("sched")
    until(lambda: "sched" in server._imported)
