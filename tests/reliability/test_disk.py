"""No space, and no permission to write: real small file systems where mounting is allowed, else a shim."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alseg.errors import AlsegError
from alseg.storage.disk_space import require_space
from alseg.storage.run_folder import RunFolder
from disks import AtEvent, mount
from killing import result_bytes
from toys import Silent, run_folder, run_toy, toy_document

SETTINGS = {"device": "cpu", "checkpoint_minutes": 1e-9}
DOCUMENT: dict[str, Any] = toy_document(
    methods=[toy_document()["methods"][1]],  # type: ignore[index]
    settings=SETTINGS,
)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder with a file system of 1 MiB."""
    folder = tmp_path / "disk"
    mount(folder, "size=1m")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Write a file that takes all space that is left."""
    with (folder / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            assert error.errno == errno.ENOSPC


@pytest.mark.parametrize(
    ("phase", "number", "file", "examples"),
    [
        ("train", 2, "checkpoint.pt", 3),
        ("evaluate", 6, "shared/", 3),
        ("evaluate", 12, "confusion.npz", 3),
        ("acquire", 6, "examples.npz", 3),
        ("acquire", 6, "ledger.npy", 0),
    ],
)
def test_a_full_disk_is_named_and_the_run_goes_on_once_there_is_space(
    tmp_path: Path, small_disk: Path, phase: str, number: int, file: str, examples: int
) -> None:
    document = {**DOCUMENT, "settings": {**SETTINGS, "examples": examples}}
    with pytest.raises(AlsegError) as raised:
        run_toy(small_disk, document, reporter=AtEvent(phase, number, lambda: fill(small_disk)))
    message = str(raised.value)
    assert message.startswith(f"Cannot write {small_disk}")
    assert file in message
    assert message.endswith(": No space left on device. Free space or choose another place.")
    (small_disk / "filler").unlink()
    assert run_toy(small_disk, document).done == 1
    assert run_toy(tmp_path / "undisturbed", document).done == 1
    assert result_bytes(small_disk) == result_bytes(tmp_path / "undisturbed")


def test_a_full_disk_before_the_first_run_is_named(small_disk: Path) -> None:
    (small_disk / "toy.yaml").write_text("")
    fill(small_disk)
    with pytest.raises(OSError, match="No space"):  # the test's own experiment file
        (small_disk / "other").write_text("x" * 9000)
    with pytest.raises(AlsegError, match=r"^Cannot write .*: No space left on device\. Free space or choose"):
        RunFolder(small_disk).write_run({"text": "x" * 9000})


def test_a_read_only_results_folder_is_named_before_training(tmp_path: Path) -> None:
    mount(tmp_path / "results", "size=1m,ro")
    try:
        reporter = Silent()
        with pytest.raises(AlsegError) as raised:
            run_toy(tmp_path, DOCUMENT, reporter=reporter)
    finally:
        subprocess.run(["umount", str(tmp_path / "results")], check=True)
    assert str(raised.value) == (
        f"Cannot write {tmp_path}/results/toy/.lock: Read-only file system. "
        "Make it writable or choose another folder."
    )
    assert reporter.phases == []


def test_a_results_folder_that_is_a_file_is_named_before_training(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("")
    with pytest.raises(AlsegError, match=r"^Cannot write .*/results/toy/\.lock: "):
        run_toy(tmp_path, DOCUMENT)


@pytest.mark.parametrize("write", range(1, 30, 4))
def test_any_write_may_fail_for_lack_of_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: int
) -> None:
    """The shim: the n-th flush to disk fails, as it does on a full one."""
    flush, done = os.fsync, 0

    def failing(handle: int) -> None:
        nonlocal done
        done += 1
        if done >= write:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing)
        with pytest.raises(AlsegError, match=r"^Cannot write .*: No space left on device\. Free space"):
            run_toy(tmp_path, DOCUMENT)
    assert run_toy(tmp_path, DOCUMENT).done == 1
    assert not list(tmp_path.rglob("*.tmp"))


def test_too_little_space_for_checkpoints_is_known_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr("alseg.storage.disk_space.shutil.disk_usage", lambda path: Usage)
    reporter = Silent()
    with pytest.raises(AlsegError) as raised:
        run_toy(tmp_path, DOCUMENT, reporter=reporter)
    run = run_folder(tmp_path, "entropy")
    # 3 x 8 x 9 + 8 + 8 x 3 + 3 = 251 parameters of 4 bytes; twice (weights and two values for each) is 6024.
    assert str(raised.value) == (
        f"No space for checkpoints in {run}: they need 0.0 MB, and 0.0 MB are free. "
        "Free space or choose --results."
    )
    assert reporter.phases == []


def test_a_second_checkpoint_needs_space_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1_500_000

    monkeypatch.setattr("alseg.storage.disk_space.shutil.disk_usage", lambda path: Usage)
    path = tmp_path / "checkpoint.pt"
    with pytest.raises(AlsegError) as raised:
        require_space(path, 1_000_000)
    assert str(raised.value) == (
        f"No space for checkpoints in {tmp_path}: they need 2.0 MB, and 1.5 MB are free. "
        "Free space or choose --results."
    )
    path.touch()
    require_space(path, 1_000_000)
