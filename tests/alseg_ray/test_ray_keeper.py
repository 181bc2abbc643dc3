"""A unit's process on a machine of the cluster, without a cluster."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from alseg.contracts import WorkUnit
from alseg_ray.keeper import Keeper
from alseg_ray.reasons import first_line, why_lost

RECORDING = """
import json, os, pathlib, signal, sys
unit = json.loads(sys.stdin.readline())
folder = pathlib.Path(unit["experiment"]).parent
print("began", flush=True)
about = {"pid": os.getpid(), "folder": os.getcwd(), "environment": dict(os.environ)}
(folder / "about.part").write_text(json.dumps(about))
(folder / "about.part").rename(folder / "about.json")
if unit["key"].startswith("code"):
    sys.exit(int(unit["key"][4:]))
sys.stdin.read()  # to its end
(folder / "saved").touch()
if unit["key"] == "deaf":
    signal.pause()
sys.exit(143)
"""
"""Writes what it is given, and saves when its input ends."""


class Working:
    """A keeper at work in a thread."""

    def __init__(self, root: Path, key: str, folder: Path | None = None) -> None:
        self.root = root
        self.keeper = Keeper([sys.executable, "-c", RECORDING])
        unit = WorkUnit(key=key, experiment=str(root / "experiment.yaml"), runs=(key,))
        self.ended: list[str] = []
        self._arguments = (unit.as_json(), str(folder or root), 3)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def about(self) -> Mapping[str, Any]:
        until(lambda: (self.root / "about.json").exists())
        return dict(json.loads((self.root / "about.json").read_text()))

    def end(self) -> str:
        self._thread.join(60)
        return self.ended[0]

    def _work(self) -> None:
        self.ended.append(self.keeper.work(*self._arguments))


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_unit_has_the_folder_of_alseg_run_and_no_secret_of_ray(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "secret")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2")
    (tmp_path / "here").mkdir()
    working = Working(tmp_path, "code0", tmp_path / "here")
    assert working.end() == "exit code 0"
    about = working.about()
    assert about["folder"] == str(tmp_path / "here")
    assert about["environment"]["OMP_NUM_THREADS"] == "3"
    assert about["environment"]["CUDA_VISIBLE_DEVICES"] == "2"
    assert "RAY_AUTH_TOKEN" not in about["environment"]
    assert (tmp_path / "units/code0.log").read_text() == "began\n"


@pytest.mark.parametrize(("code", "said"), [(1, "exit code 1"), (143, "exit code 143"), (137, "SIGKILL")])
def test_how_a_process_ended_is_said(tmp_path: Path, code: int, said: str) -> None:
    assert Working(tmp_path, f"code{code}").end() == said


def test_a_killed_process_is_named_by_its_signal(tmp_path: Path) -> None:
    working = Working(tmp_path, "a")
    os.kill(working.about()["pid"], signal.SIGKILL)
    assert working.end() == "SIGKILL"


def test_a_stopped_process_saves(tmp_path: Path) -> None:
    working = Working(tmp_path, "a")
    working.about()
    working.keeper.stop(60.0)
    assert working.end() == "exit code 143"
    assert (tmp_path / "saved").exists()


def test_a_process_that_does_not_end_is_killed_after_the_grace(tmp_path: Path) -> None:
    working = Working(tmp_path, "deaf")
    working.about()
    stopping = threading.Thread(target=working.keeper.stop, args=(2.0,))
    stopping.start()
    until(lambda: (tmp_path / "saved").exists())
    assert working.end() == "SIGKILL"
    stopping.join(60)


def test_without_grace_a_process_is_killed_at_once(tmp_path: Path) -> None:
    working = Working(tmp_path, "a")
    working.about()
    working.keeper.stop(0.0)
    assert working.end() == "SIGKILL"
    assert not (tmp_path / "saved").exists()


def test_a_unit_that_is_stopped_before_it_began_never_does(tmp_path: Path) -> None:
    keeper = Keeper(["/no/such/program"])
    keeper.stop(1.0)
    unit = WorkUnit(key="a", experiment=str(tmp_path / "experiment.yaml"), runs=("a",))
    assert keeper.work(unit.as_json(), str(tmp_path), 1) == "cancelled before it began"


def test_a_process_saves_when_the_worker_and_the_shell_between_are_killed(tmp_path: Path) -> None:
    # What Ray does when `alseg run` has ended: the worker ends, and it kills its children before.
    code = (
        "import sys; from alseg_ray.keeper import Keeper; from alseg.contracts import WorkUnit\n"
        f"unit = WorkUnit(key='a', experiment={str(tmp_path / 'e.yaml')!r}, runs=('a',)).as_json()\n"
        f"Keeper([sys.executable, '-c', {RECORDING!r}]).work(unit, {str(tmp_path)!r}, 1)\n"
    )
    worker = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, "-c", code])
    until(lambda: (tmp_path / "about.json").exists())
    [shell] = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
    os.kill(int(shell), signal.SIGKILL)
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    until(lambda: (tmp_path / "saved").exists())


def test_folders_that_a_machine_lacks_are_named(tmp_path: Path) -> None:
    host, missing = socket.gethostname(), tmp_path / "not here"
    assert Working(missing, "a", tmp_path).end() == (
        f"{host} has no results folder {missing}, which all machines of the cluster must share"
    )
    assert Working(tmp_path, "a", missing).end() == (
        f"{host} has no working folder {missing}, which all machines of the cluster must share"
    )


class NodeDiedError(Exception):
    """Called as Ray calls its own."""


DIED = (
    "The actor died unexpectedly before finishing this task.\n\tclass_name: Keeper\n\tpid: 7\n"
    "The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR\nMore.\n"
)


@pytest.mark.parametrize(
    ("error", "lost", "said"),
    [
        (
            Exception(DIED + "Task was killed: the node was running low on memory."),
            False,
            "ran low on memory",
        ),
        (Exception(DIED), True, "its machine left the cluster"),
        (NodeDiedError("dead"), False, "its machine left the cluster"),
        (Exception("ModuleNotFoundError: No module named 'alseg_ray'"), False, "alseg[ray] is not installed"),
        (
            Exception(DIED),
            False,
            "its Ray worker was lost: The actor is dead because its worker process has died. "
            "Worker exit type: SYSTEM_ERROR",
        ),
    ],
)
def test_why_a_unit_was_lost_is_said_in_words(error: Exception, lost: bool, said: str) -> None:
    assert said in why_lost(error, machine_is_lost=lost)


def test_the_first_line_of_an_error_ends_like_a_sentence() -> None:
    assert first_line(ConnectionError("No cluster\nsee logs")) == "No cluster."
    assert first_line(ConnectionError("")) == "ConnectionError."
    assert first_line(OSError(111, "Connection refused")) == "Connection refused."
