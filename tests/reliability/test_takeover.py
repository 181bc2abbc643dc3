"""A process holds a run by a lease and falls silent: another one takes over, and only that one writes."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from alseg.files import write_record
from alseg.storage.lock_kind import LOCKING_NAME
from killing import events_of, finish, result_bytes, run_and_wait, start
from toys import toy_document

LEASE_SECONDS = 5.0


def document(**settings: Any) -> dict[str, Any]:
    return toy_document(
        methods=toy_document()["methods"][:2],  # type: ignore[index]
        settings={"device": "cpu", "checkpoint_minutes": 1e-9, "lock": "lease", **settings},
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed")
    assert run_and_wait(folder, document()) == 0
    assert json.loads((folder / "results/toy" / LOCKING_NAME).read_text())["lock"] == "lease"
    return result_bytes(folder)


def with_short_leases(folder: Path) -> Path:
    root = folder / "results" / "toy"
    write_record(root / LOCKING_NAME, {"lock": "lease", "lease_seconds": LEASE_SECONDS})
    return folder


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return content and time of change of every file in the results folder."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted((folder / "results").rglob("*"))
        if path.is_file()
    }


@contextmanager
def suspended(folder: Path, event: str) -> Iterator[ForkServerProcess]:
    """Start a run that suspends itself at an event; it is suspended when this begins."""
    process = start(folder, document(), event, signal.SIGSTOP)
    try:
        while (state := state_of(process)) != "T":
            assert state not in "ZX", f"it has ended before {event}"
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.join()


def state_of(process: ForkServerProcess) -> str:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]


# In the shared source training, in a run that buys, and with a file written whole that has not its name yet.
@pytest.mark.parametrize("event", ["train#1", "acquire#2", "written ledger.npy#1", "written metrics.json#4"])
def test_a_suspended_process_writes_nothing_once_another_one_has_taken_over(
    tmp_path: Path, event: str, undisturbed: dict[str, bytes]
) -> None:
    folder = with_short_leases(tmp_path)
    with suspended(folder, event) as first:
        assert run_and_wait(folder, document()) == 0
        before = everything(folder)
        assert result_bytes(folder) == undisturbed
        events = len(events_of(folder))
        assert first.pid is not None
        os.kill(first.pid, signal.SIGCONT)
        assert finish(first) == 0
    after = everything(folder)
    # The first process ends as where another one does its runs: it says again what the experiment asks for.
    assert {name for name in before | after if before.get(name) != after.get(name)} == set()
    renamed = [each for each in events_of(folder)[events:] if each.startswith("renamed")]
    assert renamed == []


def test_a_killed_holder_of_a_lease_is_replaced_at_once(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    assert run_and_wait(tmp_path, document(), "train#3") == -signal.SIGKILL
    leases = list((tmp_path / "results/toy").rglob("*.lease"))
    assert leases != []
    # A lease is good for two minutes, here as anywhere.
    started = time.monotonic()
    assert run_and_wait(tmp_path, document()) == 0
    assert time.monotonic() - started < 100
    assert result_bytes(tmp_path) == undisturbed
    assert list((tmp_path / "results/toy").rglob("*.lease")) == []


def test_flock_and_lease_give_the_same_bytes(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    assert run_and_wait(tmp_path, document(lock="flock")) == 0
    names = {name for name in result_bytes(tmp_path) if name != "experiment.yaml"}
    assert {name: result_bytes(tmp_path)[name] for name in names} == {
        name: undisturbed[name] for name in names
    }
