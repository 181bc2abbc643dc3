from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from alseg import AlsegError
from alseg.contracts import Executor, Resources, WorkUnit
from alseg_executors.local import LocalExecutor, build_local

RECORDING = """
import json, os, pathlib, signal, sys, time
unit = json.loads(sys.stdin.readline())
folder = pathlib.Path(unit["experiment"]).parent
names = ("OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
(folder / (unit["key"] + ".json")).write_text(json.dumps({name: os.environ.get(name) for name in names}))
def save(*_):
    (folder / (unit["key"] + ".saved")).touch()
    if unit["key"] != "deaf":
        sys.exit(143)
signal.signal(signal.SIGTERM, save)
print("began", flush=True)
while not (folder / (unit["key"] + ".end")).exists():
    time.sleep(0.01)
"""
"""Writes what it is given, saves at SIGTERM, and ends when it is told to."""


def unit(folder: Path, key: str, needs: Resources | None = None) -> WorkUnit:
    return WorkUnit(
        key=key, experiment=str(folder / "experiment.yaml"), runs=(key,), needs=needs or Resources()
    )


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def state(executor: LocalExecutor, name: str) -> str:
    return executor.poll([name])[name].state


def recording(count: int) -> LocalExecutor:
    return LocalExecutor(count, [sys.executable, "-c", RECORDING])


def test_it_is_an_executor() -> None:
    assert isinstance(build_local(address="2"), Executor)


@pytest.mark.parametrize("address", [None, "", "0", "two", "-1", "2000", "9" * 5000])
def test_an_address_that_is_no_number_of_processes_is_refused(address: str | None) -> None:
    with pytest.raises(AlsegError) as caught:
        build_local(address=address)
    given = "no number" if address is None else repr(address)
    assert str(caught.value) == (
        f"Executor 'local' needs a number of processes from 1 to 1,024, got {given}. "
        "Write local:4, for instance."
    )


def test_no_more_units_than_places_work_at_a_time_and_each_has_its_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "9")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-5")
    executor = recording(2)
    on_gpu = Resources(devices=1)
    names = [executor.submit(unit(tmp_path, key, on_gpu), []) for key in ("a", "b", "c")]
    until(lambda: (tmp_path / "b.json").exists() and (tmp_path / "a.json").exists())
    assert [state(executor, name) for name in names] == ["working", "working", "waiting"]
    (tmp_path / "a.end").touch()
    until(lambda: state(executor, names[2]) == "working")
    assert executor.poll(names)[names[0]].reason == "exit code 0"
    for key in "bc":
        (tmp_path / f"{key}.end").touch()
    until(lambda: all(state(executor, name) == "gone" for name in names))
    # 9 threads for two places are 4 each; the third unit takes the first one's place and GPU.
    shares = [json.loads((tmp_path / f"{key}.json").read_text()) for key in "abc"]
    assert [share["OMP_NUM_THREADS"] for share in shares] == ["4", "4", "4"]
    assert [share["CUDA_VISIBLE_DEVICES"] for share in shares] == ["3", "GPU-5", "3"]
    assert (tmp_path / "units/a.log").read_text() == "began\n"


def test_units_that_several_gpus_do_have_so_many_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5,7,9")
    executor = recording(2)
    for key in ("a", "b"):
        (tmp_path / f"{key}.end").touch()
        executor.submit(unit(tmp_path, key, Resources(devices=2)), [])
    until(lambda: (tmp_path / "b.json").exists() and (tmp_path / "a.json").exists())
    shares = [json.loads((tmp_path / f"{key}.json").read_text()) for key in "ab"]
    assert [share["CUDA_VISIBLE_DEVICES"] for share in shares] == ["3,5", "7,9"]
    executor.close()


def test_a_unit_that_chooses_its_device_and_its_threads_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    executor = recording(2)
    (tmp_path / "a.end").touch()
    name = executor.submit(unit(tmp_path, "a", Resources(cpus=7)), [])
    until(lambda: state(executor, name) == "gone")
    assert json.loads((tmp_path / "a.json").read_text()) == {
        "OMP_NUM_THREADS": "7",
        "CUDA_VISIBLE_DEVICES": "3,5",
    }


def test_a_unit_waits_for_those_before_it(tmp_path: Path) -> None:
    executor = recording(2)
    first = executor.submit(unit(tmp_path, "first"), [])
    second = executor.submit(unit(tmp_path, "second"), [first])
    until(lambda: (tmp_path / "first.json").exists())
    assert state(executor, second) == "waiting"
    (tmp_path / "first.end").touch()
    until(lambda: state(executor, second) == "working")
    (tmp_path / "second.end").touch()
    executor.close()


def test_a_cancelled_unit_saves_one_that_does_not_is_killed_and_one_in_the_queue_never_starts(
    tmp_path: Path,
) -> None:
    executor = recording(2)
    names = [executor.submit(unit(tmp_path, key), []) for key in ("good", "deaf", "late")]
    until(lambda: all((tmp_path / f"{key}.json").exists() for key in ("good", "deaf")))
    until(lambda: all((tmp_path / f"units/{key}.log").read_text() for key in ("good", "deaf")))
    executor.cancel([*names, "nobody"], grace=1)
    until(lambda: all(state(executor, name) == "gone" for name in names))
    assert [executor.poll(names)[name].reason for name in names] == ["exit code 143", "SIGKILL", "cancelled"]
    assert (tmp_path / "good.saved").exists() and (tmp_path / "deaf.saved").exists()
    assert not (tmp_path / "late.json").exists()


def test_without_grace_units_are_killed_at_once(tmp_path: Path) -> None:
    executor = recording(1)
    name = executor.submit(unit(tmp_path, "a"), [])
    until(lambda: (tmp_path / "a.json").exists())
    executor.cancel([name], grace=0)
    until(lambda: state(executor, name) == "gone")
    assert executor.poll([name])[name].reason == "SIGKILL"
    assert not (tmp_path / "a.saved").exists()


def test_what_another_process_has_submitted_is_gone() -> None:
    assert recording(1).poll(["77-1"])["77-1"].state == "gone"


def test_a_process_that_cannot_be_started_is_gone_with_the_reason(tmp_path: Path) -> None:
    executor = LocalExecutor(1, [str(tmp_path / "no such program")])
    name = executor.submit(unit(tmp_path, "a"), [])
    standing = executor.poll([name])[name]
    assert standing.state == "gone"
    assert standing.reason.startswith("could not be started: [Errno 2]")
