"""The results folder is moved, deleted, replaced or unmounted while `alseg run` works in it."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from alseg.cli import main
from alseg.files import MovedError, WriteError, append_line, remove, write_text
from alseg.system.kept_folders import keeping, moved_folder
from disks import AtEvent, mount
from killing import result_bytes
from toys import Silent, run_folder, run_toy, toy_document, toy_registry

DOCUMENT: dict[str, Any] = toy_document(
    methods=toy_document()["methods"][:2],  # type: ignore[index]
    settings={"device": "cpu", "checkpoint_minutes": 1e-9},
)


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def moved(folder: Path) -> str:
    return (
        f"{folder} was moved, deleted or replaced while alseg wrote to it; nothing is written to what is "
        "there now. Put it back if you can, then give the same command again."
    )


EVENTS = [("train", 1), ("train", 7), ("evaluate", 3), ("evaluate", 18), ("acquire", 4), ("examples", 2)]
"""Phases and steps, over both runs: the second takes over 2 steps and 6 evaluated images from the first."""


@pytest.mark.parametrize(("phase", "number"), EVENTS)
def test_a_results_folder_that_is_moved_ends_the_command_and_the_runs_go_on_once_it_is_back(
    tmp_path: Path, phase: str, number: int
) -> None:
    results = tmp_path / "results"
    reporter = AtEvent(phase, number, lambda: results.rename(tmp_path / "elsewhere"))
    with pytest.raises(MovedError) as raised:
        run_toy(tmp_path, DOCUMENT, reporter=reporter)
    assert str(raised.value) == moved(results / "toy")
    assert not results.exists()
    (tmp_path / "elsewhere").rename(results)
    assert run_toy(tmp_path, DOCUMENT).done == 2
    run_toy(tmp_path / "undisturbed", DOCUMENT)
    assert result_bytes(tmp_path) == result_bytes(tmp_path / "undisturbed")


@pytest.mark.parametrize(("phase", "number"), EVENTS[::2])
def test_a_results_folder_that_is_deleted_is_not_made_again(tmp_path: Path, phase: str, number: int) -> None:
    toy = tmp_path / "results" / "toy"
    with pytest.raises(MovedError) as raised:
        run_toy(tmp_path, DOCUMENT, reporter=AtEvent(phase, number, lambda: shutil.rmtree(toy)))
    assert str(raised.value) == moved(toy)
    assert everything(tmp_path / "results") == []


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_nothing_is_written_to_what_takes_the_place_of_the_results(tmp_path: Path, kind: str) -> None:
    results, other = tmp_path / "results", tmp_path / "other"
    run_toy(tmp_path, DOCUMENT)
    shutil.copytree(results, other)
    before = result_bytes(tmp_path)

    def replace() -> None:
        results.rename(tmp_path / "elsewhere")
        if kind == "link":
            results.symlink_to(other, target_is_directory=True)
        else:
            other.rename(results)

    with pytest.raises(MovedError, match=r"results/toy was moved"):
        run_toy(tmp_path, DOCUMENT, reporter=AtEvent("train", 3, replace), fresh=True)
    assert result_bytes(tmp_path) == before
    assert not list(results.rglob("*.tmp"))


def test_a_deleted_run_folder_fails_that_run_and_no_other(tmp_path: Path) -> None:
    def delete() -> None:
        shutil.rmtree(run_folder(tmp_path, "source-only"))

    reporter = AtEvent("train", 5, delete)
    outcome = run_toy(tmp_path, DOCUMENT, reporter=reporter)
    ((name, error),) = outcome.failed
    assert outcome.done == 1
    assert reporter.states == ["failed", "done"]
    assert error == moved(tmp_path / "results" / "toy" / "runs" / name)
    assert list((tmp_path / "results" / "toy" / "runs").glob("source-only*")) == []
    assert run_toy(tmp_path, DOCUMENT).done == 2


@pytest.mark.parametrize("name", ["run.json", "rounds/01/ledger.json", "rounds/00/metrics.json"])
def test_a_run_with_a_file_removed_meanwhile_is_not_said_to_be_done(tmp_path: Path, name: str) -> None:
    def delete() -> None:
        (run_folder(tmp_path, "entropy") / name).unlink()

    # The last image of the last evaluation: nothing of earlier rounds is read any more.
    outcome = run_toy(tmp_path, DOCUMENT, reporter=AtEvent("evaluate", 30, delete))
    folder = run_folder(tmp_path, "entropy")
    assert outcome.done == 1
    assert outcome.failed == [
        (
            folder.name,
            f"{folder / name} was removed while alseg was at work, so that the run is not complete. "
            "Give the same command again: it makes what is missing.",
        )
    ]
    assert '"failed"' in (folder / "status.json").read_text()
    assert run_toy(tmp_path, DOCUMENT, accept_drift=True).done == 2


def test_a_run_that_is_deleted_after_it_was_done_is_not_said_to_be_done(tmp_path: Path) -> None:
    def delete() -> None:
        shutil.rmtree(run_folder(tmp_path, "source-only"))

    outcome = run_toy(tmp_path, DOCUMENT, reporter=AtEvent("acquire", 1, delete))
    ((name, error),) = outcome.failed
    assert outcome.done == 1
    assert name.startswith("source-only")
    assert "run.json was removed while alseg was at work" in error


def command(monkeypatch: pytest.MonkeyPatch, folder: Path, reporter: Silent) -> tuple[int, str]:
    """Give the command in a folder, with relative paths as most people do."""
    import yaml

    monkeypatch.chdir(folder)
    monkeypatch.setattr("alseg.registry.loading.load_registry", toy_registry)
    monkeypatch.setattr("alseg.cli.progress.make_reporter", lambda: reporter)
    Path("toy.yaml").write_text(yaml.safe_dump(DOCUMENT, sort_keys=False))
    result = CliRunner().invoke(main, ["run", "toy.yaml"])
    return result.exit_code, result.output


@pytest.mark.parametrize(
    "action",
    [lambda: Path("results").rename("elsewhere"), lambda: shutil.rmtree("results/toy")],
    ids=["moved", "deleted"],
)
def test_the_command_says_it_in_one_line_and_exits_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]
) -> None:
    code, output = command(monkeypatch, tmp_path, AtEvent("train", 11, action))
    assert code == 2
    assert output.splitlines()[-1] == f"Error: {moved(tmp_path / 'results/toy')}"
    assert "done" not in output
    assert not Path("results/toy").exists()


def test_the_command_exits_with_1_where_a_run_folder_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def delete() -> None:
        shutil.rmtree(run_folder(tmp_path, "entropy"))

    code, output = command(monkeypatch, tmp_path, AtEvent("evaluate", 30, delete))
    assert code == 1
    assert "1 done, 1 failed." in output


def test_a_file_system_that_is_unmounted_is_named_and_nothing_is_written_below_it(tmp_path: Path) -> None:
    results = tmp_path / "results"
    mount(results, "size=8m")

    def unmount() -> None:
        subprocess.run(["umount", "-l", str(results)], check=True)

    with pytest.raises(MovedError) as raised:
        run_toy(tmp_path, DOCUMENT, reporter=AtEvent("train", 3, unmount))
    assert str(raised.value) == moved(results / "toy")
    assert everything(results) == []


@pytest.mark.parametrize(("phase", "number"), EVENTS[1::2])
def test_a_file_system_that_turns_read_only_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phase: str, number: int
) -> None:
    """The shim: a mount cannot be made read-only while a lock file is open, but a disk that fails can be."""

    def refuse(*args: object, **options: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    def turn() -> None:
        for name in ("mkdir", "unlink", "rename", "replace"):
            patched.setattr(Path, name, refuse)
        patched.setattr("alseg.files.atomic.tempfile.mkstemp", refuse)

    with monkeypatch.context() as patched, pytest.raises(WriteError) as raised:
        run_toy(tmp_path, DOCUMENT, reporter=AtEvent(phase, number, turn))
    assert str(raised.value).startswith(f"Cannot write {tmp_path}/results/toy/")
    assert str(raised.value).endswith(": Read-only file system. Make it writable or choose another folder.")
    assert run_toy(tmp_path, DOCUMENT).done == 2


def test_a_folder_is_known_by_what_it_is_and_not_by_its_name(tmp_path: Path) -> None:
    outer, inner = tmp_path / "outer", tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    with keeping(outer), keeping(inner):
        assert moved_folder(inner / "file") is None
        assert moved_folder(tmp_path / "file") is None
        inner.rmdir()
        inner.mkdir()  # may get the number of the old one, as soon as nobody holds that any more
        assert moved_folder(inner / "file") == inner
        assert moved_folder(outer / "file") is None
        outer.rename(tmp_path / "other")
        assert moved_folder(inner / "file") == outer
        for write in (lambda: write_text(inner / "a", ""), lambda: append_line(inner / "a", "")):
            with pytest.raises(MovedError):
                write()
        with pytest.raises(MovedError):
            remove(inner / "a")
    assert moved_folder(inner / "file") is None
    assert not outer.exists()


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("descriptors are listed in /proc")
    run_toy(tmp_path, DOCUMENT)
    gc.collect()  # of earlier tests
    before = len(list(Path("/proc/self/fd").iterdir()))
    run_toy(tmp_path, DOCUMENT, fresh=True)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
