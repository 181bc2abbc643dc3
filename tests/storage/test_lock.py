from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from alseg.cli import main
from alseg.errors import AlsegError, DamageError
from alseg.files import TakenOverError, append_line, remove, remove_unfinished, write_record, write_text
from alseg.storage.guards import Lease, NoLocksError
from alseg.storage.lock import BusyError, exclusive, exclusive_experiment, holder_of
from alseg.storage.lock_kind import LOCKING_NAME, LockKind, LockName, lock_kind_of

HOLD = """
import sys
from pathlib import Path
from alseg.storage.lock import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""

SHORT = 2.0
"""Seconds of a lease that is waited for."""


@contextmanager
def held_by_another(path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def with_leases(root: Path, seconds: float = 120.0) -> Path:
    """Return the lock file of a run in an experiment's folder."""
    write_record(root / LOCKING_NAME, {"lock": "lease", "lease_seconds": seconds})
    return root / "runs" / "one" / ".lock"


@pytest.fixture(params=["flock", "lease"])
def lock_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    kind: LockName = request.param
    with exclusive_experiment(tmp_path, kind):
        pass
    return tmp_path / "runs" / "one" / ".lock"


def test_a_second_process_is_refused_and_the_holder_is_named(lock_file: Path) -> None:
    assert holder_of(lock_file) is None
    with held_by_another(lock_file) as process:
        words = f"process {process.pid} on {socket.gethostname()}"
        assert holder_of(lock_file) == words
        with pytest.raises(BusyError) as raised, exclusive(lock_file, keep_waiting=None):
            pass
        assert str(raised.value) == f"{lock_file.parent} is being written by {words}."
    assert holder_of(lock_file) is None
    with exclusive(lock_file, keep_waiting=None):
        pass


def test_a_lease_is_read_by_those_who_ask_for_its_holder_and_never_taken(tmp_path: Path) -> None:
    lock = with_leases(tmp_path)
    lock.parent.mkdir(parents=True)
    assert holder_of(lock) is None
    assert list(lock.parent.iterdir()) == []
    with exclusive(lock):
        lease = lock.with_name(".lock.lease")
        before = lease.stat()
        assert holder_of(lock) == f"process {os.getpid()} on {socket.gethostname()}"
        assert (lease.stat().st_ino, lease.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_killed_holder_of_a_lease_is_no_holder_and_is_replaced_at_once(tmp_path: Path) -> None:
    lock = with_leases(tmp_path)
    with held_by_another(lock) as process:
        process.kill()
        process.wait()
        assert lock.with_name(".lock.lease").exists()
        assert holder_of(lock) is None
        started = time.monotonic()
        with exclusive(lock, keep_waiting=None):
            assert time.monotonic() - started < 60  # a lease is good for 120


def test_a_lease_of_a_lost_host_is_waited_for_even_by_those_who_do_not_wait(tmp_path: Path) -> None:
    lock = with_leases(tmp_path, SHORT)
    with held_by_another(lock) as process:
        os.kill(process.pid, signal.SIGSTOP)
        # Silent for 3 of 6 heartbeats: now it may be lost.
        time.sleep(SHORT / 2 + 0.3)
        with exclusive(lock, keep_waiting=None):
            write_text(lock.parent / "file", "mine")


def test_a_holder_whose_lease_was_taken_over_writes_nothing(tmp_path: Path) -> None:
    lock = with_leases(tmp_path)
    folder = lock.parent
    lease = folder / ".lock.lease"
    with exclusive(lock):
        write_text(folder / "kept", "before")
        lease.unlink()
        with held_by_another(lock):
            theirs, note = lease.read_text(), (folder / ".lock-holder").read_text()
            for write in (
                lambda: write_text(folder / "rounds" / "new", "after"),
                lambda: append_line(folder / "kept", "after"),
                lambda: remove(folder / "kept"),
            ):
                with pytest.raises(TakenOverError) as raised:
                    write()
            assert str(raised.value) == (
                f"{folder} was taken over by another process: this one was suspended or cut off for too "
                "long, or its lock file was removed. It writes nothing more there. The other process goes on "
                "from the last checkpoint."
            )
    # What the other process holds is still there.
    assert (lease.read_text(), (folder / ".lock-holder").read_text()) == (theirs, note)
    assert sorted(path.name for path in folder.iterdir()) == [".lock-holder", ".lock.lease", "kept"]
    assert (folder / "kept").read_text() == "before"


def test_a_lease_that_was_lost_once_is_never_held_again(tmp_path: Path) -> None:
    lease = Lease(tmp_path / "x.lease", LockKind("lease"))
    assert lease.acquire(0)
    content = (tmp_path / "x.lease").read_bytes()
    (tmp_path / "x.lease").unlink()
    assert not lease.is_ours
    (tmp_path / "x.lease").write_bytes(content)
    assert not lease.is_ours


def test_a_file_that_is_about_to_get_its_name_when_another_process_takes_over_gets_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = with_leases(tmp_path)
    folder, replace = lock.parent, Path.replace

    def replace_late(path: Path, target: Path) -> Path:
        # The other process removes what is half-written, as soon as it holds the folder.
        (folder / ".lock.lease").unlink()
        remove_unfinished(folder.rglob)
        return replace(path, target)

    with exclusive(lock):
        monkeypatch.setattr(Path, "replace", replace_late)
        with pytest.raises(TakenOverError):
            write_text(folder / "status.json", "mine")
    assert not (folder / "status.json").exists()


def test_a_removed_and_remade_lock_file_of_the_system_is_noticed(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    with exclusive(lock):
        write_text(tmp_path / "file", "before")
        lock.unlink()
        with held_by_another(lock):
            with pytest.raises(TakenOverError):
                write_text(tmp_path / "file", "after")
            note = (tmp_path / ".lock-holder").read_text()
    assert (tmp_path / ".lock-holder").read_text() == note
    assert (tmp_path / "file").read_text() == "before"


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_flock_is_named_with_the_remedy_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def flock(handle: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    root = tmp_path / "toy"
    with pytest.raises(NoLocksError) as raised, exclusive_experiment(root, "flock"):
        pass
    assert str(raised.value) == (
        f"Cannot lock {root / '.lock'}: flock does not work on its file system ({os.strerror(number)}). Set "
        "settings.lock: lease in the experiment, or choose another file system with --results."
    )
    assert [path.name for path in root.iterdir()] == [".lock"]
    with exclusive_experiment(root, "lease"):
        write_text(root / "file", "written")
    assert lock_kind_of(root / "runs" / "one" / ".lock") == LockKind("lease", 120.0)


def test_a_folder_without_a_kind_is_locked_by_flock(tmp_path: Path) -> None:
    assert lock_kind_of(tmp_path / "runs" / "one" / ".lock") == LockKind("flock")


def test_another_lock_than_that_of_the_folder_is_refused(tmp_path: Path) -> None:
    with exclusive_experiment(tmp_path, "flock"):
        pass
    with pytest.raises(AlsegError) as raised, exclusive_experiment(tmp_path, "lease"):
        pass
    assert str(raised.value) == (
        f"{tmp_path} is locked by flock, but the experiment says settings.lock: lease; all processes must "
        "use the same lock. Set settings.lock: flock. Or, when no process works in the folder any more, "
        f"delete {tmp_path / LOCKING_NAME} and give the same command again."
    )
    (tmp_path / LOCKING_NAME).unlink()
    with exclusive_experiment(tmp_path, "lease"):
        pass
    assert lock_kind_of(tmp_path / ".lock").lock == "lease"


def test_a_damaged_file_with_the_kind_stops_writers_and_no_readers(tmp_path: Path) -> None:
    lock = with_leases(tmp_path)
    (tmp_path / LOCKING_NAME).write_text('{"lock": "hope"}')
    with (
        pytest.raises(DamageError, match=r"When none works there, delete it and give"),
        exclusive(lock),
    ):
        pass
    assert holder_of(lock) is None


def test_the_key_takes_two_values(tmp_path: Path) -> None:
    file = tmp_path / "toy.yaml"
    file.write_text("name: toy\nsettings: {lock: hope}\n")
    result = CliRunner().invoke(main, ["run", str(file)])
    assert f"{file}:2:18: expected flock or lease, got 'hope'" in result.output
