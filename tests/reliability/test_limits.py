"""Limits that a system sets for a process (ulimit): one line names the limit and what to do."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from alseg.files import cannot_write
from alseg.system.limits import exceeded_limit
from fakeruns import write_run
from toycommand import shell, write_toy
from toys import toy_document

resource = pytest.importorskip("resource", reason="this system has no limits")
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems limit other things")

DOCUMENT: dict[str, Any] = toy_document(
    methods=[{"label": "Source only", "target_labels": "none"}], settings={"device": "cpu", "processes": 1}
)
FILES = (
    "Too many open files: this process may have 40 (ulimit -n). "
    "Raise the limit, such as 'ulimit -n 4096', or use fewer workers."
)


@LINUX
def test_too_few_open_files_for_the_workers_are_one_line_and_no_traceback(tmp_path: Path) -> None:
    write_toy(tmp_path, DOCUMENT)
    done = shell("ulimit -n 40; $ALSEG run toy.yaml settings.workers=8", tmp_path)
    (folder,) = tmp_path.glob("results/toy/runs/*")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[1:] == [
        "[1/1] Source only, seed 0",
        f"  {FILES} (traceback in {folder}/log.txt)",
        lines[3],  # how long it took
        "0 done, 1 failed.",
        f"failed: {folder.name}: {FILES}",
        "Results in results/toy.",
    ]
    # With what the message asks for, the same command does the run.
    assert shell("$ALSEG run toy.yaml settings.workers=0", tmp_path).returncode == 0


@LINUX
@pytest.mark.parametrize("kibibytes", [150_000, 1_500_000])
def test_too_little_address_space_for_the_libraries_is_one_line(tmp_path: Path, kibibytes: int) -> None:
    write_toy(tmp_path, DOCUMENT)
    done = shell(f"ulimit -v {kibibytes}; $ALSEG run toy.yaml", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"Error: Out of memory: this process may address {kibibytes / 1024:,.0f} MiB (ulimit -v). "
        "Raise the limit, such as 'ulimit -v unlimited', or use smaller batches or images.\n"
    )


@LINUX
def test_a_limit_of_file_sizes_is_named_with_the_file(tmp_path: Path) -> None:
    write_toy(tmp_path, DOCUMENT)
    done = shell("ulimit -f 1; $ALSEG run toy.yaml", tmp_path)
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"Error: Cannot write {tmp_path}/results/toy/")
    assert last.endswith(
        ": File too large: this process may write files of 1 KiB (ulimit -f). "
        "Raise the limit, such as 'ulimit -f unlimited'."
    )
    assert "Traceback" not in done.stderr


@LINUX
def test_a_limit_of_file_sizes_is_named_for_standard_output(tmp_path: Path) -> None:
    write_run(tmp_path / "results", "Random")  # JSON of more than 1 KiB
    done = shell("ulimit -f 1; $ALSEG compare results --format json >results.json", tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "Error: Cannot write to standard output: File too large: this process may write files of 1 KiB "
        "(ulimit -f). Raise the limit, such as 'ulimit -f unlimited'.\n",
    )


def _can_limit_processes() -> bool:
    return os.geteuid() != 0 if hasattr(os, "geteuid") else False


@LINUX
@pytest.mark.skipif(not _can_limit_processes(), reason="the superuser may start any number of processes")
def test_too_few_processes_are_one_line_and_leave_none_behind(tmp_path: Path) -> None:
    write_toy(tmp_path, DOCUMENT)
    done = shell("ulimit -u 1; exec $ALSEG run toy.yaml settings.workers=4", tmp_path)
    assert done.returncode == 1
    assert "No further process or thread can be started: you may have 1 (ulimit -u). " in done.stderr
    assert "Traceback" not in done.stderr


def caused_by(cause: BaseException) -> RuntimeError:
    try:
        try:
            raise cause
        except type(cause) as error:
            raise RuntimeError("a library's own words") from error
    except RuntimeError as error:
        return error


@pytest.mark.parametrize(
    ("error", "beginning"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files: this process may have "),
        (RuntimeError("received 0 items of ancdata"), "Too many open files: this process may have "),
        (RuntimeError("unable to open shared memory object </x>: Too many open files (24)"), "Too many open"),
        (MemoryError(), "Out of memory"),
        (ImportError("libtorch_cpu.so: failed to map segment from shared object"), "Out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to"), "Out of memory"),
        (OSError(errno.EFBIG, "File too large"), "File too large"),
        (RuntimeError("can't start new thread"), "No further process or thread can be started"),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "No further process or thread"),
        (caused_by(OSError(errno.EMFILE, "Too many open files")), "Too many open files"),
    ],
)
def test_an_error_that_ran_into_a_limit_says_which(error: BaseException, beginning: str) -> None:
    text = exceeded_limit(error)
    assert text is not None
    assert text.startswith(beginning)
    assert "\n" not in text


@pytest.mark.parametrize("error", [ValueError("no"), OSError(errno.ENOSPC, "No space"), RuntimeError("x")])
def test_other_errors_are_no_limit(error: BaseException) -> None:
    assert exceeded_limit(error) is None


def test_a_file_that_a_limit_forbids_is_named() -> None:
    message = str(cannot_write(Path("a/b"), OSError(errno.EMFILE, "Too many open files")))
    assert message.startswith("Cannot write a/b: Too many open files: this process may have ")


@LINUX
def test_workers_that_cannot_all_be_started_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    import multiprocessing
    from multiprocessing.popen_fork import Popen

    from torch.utils.data import DataLoader

    from alseg.data.loading import started

    launch, count = Popen._launch, 0  # type: ignore[attr-defined]

    def failing(self: Any, process: Any) -> None:
        nonlocal count
        count += 1
        if count > 2:
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        launch(self, process)

    before = set(multiprocessing.active_children())
    unraisable: list[Any] = []
    with monkeypatch.context() as patched:
        patched.setattr(Popen, "_launch", failing)
        patched.setattr(sys, "unraisablehook", unraisable.append)
        with pytest.raises(OSError, match="temporarily unavailable"):
            started(DataLoader([1, 2, 3], num_workers=4, multiprocessing_context="fork"))  # type: ignore[arg-type]
    assert count == 3
    left = set(multiprocessing.active_children()) - before
    for process in left:
        process.join(timeout=20)
    assert not {process for process in left if process.is_alive()}
    assert unraisable == []
