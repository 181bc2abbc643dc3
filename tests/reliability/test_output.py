"""A display that is full, closed, gone or ASCII: results that nobody gets are an error, a run goes on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from fakeruns import write_run
from toycommand import shell, write_toy
from toys import toy_document

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has other streams")

FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
BEGIN = "Error: Cannot write to standard output:"
NO_SPACE = f"{BEGIN} No space left on device. Free space, or write to another disk.\n"
CLOSED = f"{BEGIN} It is closed. Leave it open, or send it to a file.\n"
NO_READER = f"{BEGIN} Broken pipe. The program that reads it has ended; write to a file to keep everything.\n"
DOCUMENT: dict[str, Any] = toy_document(
    methods=[{"label": "主动 Städte", "target_labels": "none"}], settings={"device": "cpu", "processes": 1}
)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    write_run(tmp_path / "results", "主动 Städte ±")
    return tmp_path / "results"


@pytest.mark.parametrize(
    ("words", "to", "message"),
    [
        pytest.param("compare results", ">/dev/full", NO_SPACE, marks=FULL),
        pytest.param("compare results --format json", ">/dev/full", NO_SPACE, marks=FULL),
        pytest.param("status results", ">/dev/full", NO_SPACE, marks=FULL),
        pytest.param("--help", ">/dev/full", NO_SPACE, marks=FULL),
        pytest.param("--version", ">/dev/full", NO_SPACE, marks=FULL),
        ("compare results", ">&-", CLOSED),
        ("plugins", ">&-", CLOSED),
        ("status results", "</dev/null >&0", f"{BEGIN} Bad file descriptor. Send it to a file.\n"),
    ],
)
def test_a_result_that_cannot_be_written_is_an_error_in_one_line(
    results: Path, words: str, to: str, message: str
) -> None:
    done = shell(f"$ALSEG {words} {to}", results.parent)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


def test_a_reader_that_ends_early_is_named(results: Path) -> None:
    # The reader has closed the pipe when the command begins.
    done = shell("exec 3> >(:); wait $!; $ALSEG compare results >&3", results.parent)
    assert (done.returncode, done.stderr) == (2, NO_READER)


@FULL
def test_without_any_display_the_exit_code_tells(results: Path) -> None:
    for to in (">/dev/full 2>/dev/full", ">&- 2>&-"):
        assert shell(f"$ALSEG compare results {to}", results.parent).returncode == 2


@pytest.mark.parametrize("to", ["2>&-", pytest.param("2>/dev/full", marks=FULL)])
def test_results_do_not_need_standard_error(results: Path, to: str) -> None:
    expected = shell("$ALSEG compare results --format csv", results.parent)
    done = shell(f"$ALSEG compare results --format csv {to}", results.parent)
    assert expected.stderr.startswith("note: ")
    assert (done.returncode, done.stdout) == (0, expected.stdout)


def test_a_file_opened_after_a_closed_stream_gets_nothing_of_what_is_printed(results: Path) -> None:
    # A closed descriptor's number goes to the next file that is opened.
    before = {file: file.read_bytes() for file in results.rglob("*") if file.is_file()}
    assert shell("$ALSEG rescore results --write <&- >&- 2>&-", results.parent).returncode == 1
    assert {file: file.read_bytes() for file in before} == before


ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}


@pytest.mark.parametrize("words", ["compare results", "compare results --format csv", "status results"])
def test_where_the_locale_says_ascii_output_is_utf_8(results: Path, words: str) -> None:
    done = shell(f"$ALSEG {words}", results.parent, **ASCII)
    assert (done.returncode, "主动 Städte ±" in done.stdout) == (0, True)


def test_characters_that_an_encoding_lacks_are_escaped(results: Path) -> None:
    done = shell("$ALSEG status results", results.parent, PYTHONIOENCODING="latin-1")
    name = "\\u4e3b\\u52a8 St\\xe4dte \\xb1"  # as bytes of Latin-1, which this test reads as UTF-8
    assert done.returncode == 0
    assert done.stdout.splitlines()[2].startswith(name)
    assert set(done.stdout.splitlines()[1]) == {"-"}  # the rule below the heading


@pytest.mark.slow
@pytest.mark.parametrize(
    ("to", "variables"),
    [
        pytest.param(">/dev/full 2>/dev/full", {}, marks=FULL),
        ("<&- >&- 2>&-", {}),
        ("2> >(:)", {}),
        ("", ASCII),
    ],
)
def test_a_run_never_fails_for_its_display(tmp_path: Path, to: str, variables: dict[str, str]) -> None:
    write_toy(tmp_path, DOCUMENT)
    done = shell(f"$ALSEG run toy.yaml {to}", tmp_path, **variables)
    assert (done.returncode, done.stdout) == (0, "")
    assert list(tmp_path.glob("results/toy/runs/*/weights.pt"))
    if variables:
        assert "[1/1] 主动 Städte, seed 0\n" in done.stderr


@pytest.mark.slow
def test_a_run_whose_reader_ends_at_once_goes_on_to_the_end(tmp_path: Path) -> None:
    write_toy(tmp_path, DOCUMENT)
    done = shell("$ALSEG run toy.yaml 2>&1 | head -1; exit ${PIPESTATUS[0]}", tmp_path)
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert list(tmp_path.glob("results/toy/runs/*/weights.pt"))


@pytest.mark.slow
@FULL
def test_a_dry_run_that_nobody_can_read_is_an_error(tmp_path: Path) -> None:
    write_toy(tmp_path, DOCUMENT)
    done = shell("$ALSEG run toy.yaml --dry-run >/dev/full", tmp_path)
    assert (done.returncode, done.stderr) == (2, NO_SPACE)


# -- files that a user names


OUTPUTS = {
    "report": "report results --images 0 -o",
    "picture": "picture results -o",
    "list": "data check stripes --write-exclude",
}


@pytest.mark.parametrize("words", OUTPUTS.values(), ids=OUTPUTS)
def test_what_is_no_file_is_refused_before_anything_is_computed(results: Path, words: str) -> None:
    folder = results.parent
    os.mkfifo(folder / "pipe")
    done = shell(f"$ALSEG {words} pipe", folder)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{refusal('pipe', 'a pipe')}\n")
    assert (folder / "pipe").is_fifo()


def refusal(name: str, kind: str) -> str:
    return f"Error: Cannot write {name}: it is {kind}. Name a file, or one that does not exist yet."


@pytest.mark.parametrize(
    ("name", "kind"),
    [("link", "a device"), ("/dev/null", "a device"), ("/dev/stdout", "a device"), ("results", "a folder")],
)
def test_devices_links_to_them_and_folders_are_refused(results: Path, name: str, kind: str) -> None:
    (results.parent / "link").symlink_to("/dev/null")
    done = shell(f"$ALSEG {OUTPUTS['report']} {name}", results.parent)
    assert (done.returncode, done.stderr) == (2, f"{refusal(name, kind)}\n")
    assert Path("/dev/null").is_char_device()


@pytest.mark.slow
@pytest.mark.parametrize("command", ["report", "picture"])
def test_a_link_is_followed_and_stays(results: Path, command: str) -> None:
    folder = results.parent
    (folder / "elsewhere").mkdir()
    (folder / "link").symlink_to("elsewhere/file")
    for option in ("", " --force"):  # a file that is not there yet, and one that is
        assert shell(f"$ALSEG {OUTPUTS[command]} link{option}", folder).returncode == 0
        assert (folder / "link").is_symlink()
        assert (folder / "elsewhere" / "file").stat().st_size > 1000
        assert not (folder / "elsewhere" / "file").is_symlink()


def test_links_in_a_circle_are_refused(results: Path) -> None:
    (results.parent / "one").symlink_to("two")
    (results.parent / "two").symlink_to("one")
    done = shell("$ALSEG report results --images 0 -o one", results.parent)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: Cannot write one: ")
    assert done.stderr.count("\n") == 1


def test_a_pipe_in_a_folder_for_files_is_refused(tmp_path: Path) -> None:
    from alseg.files import WriteError, write_text

    os.mkfifo(tmp_path / "picks.csv")
    with pytest.raises(WriteError, match=r"picks\.csv: it is a pipe\. Name a file"):
        write_text(tmp_path / "picks.csv", "")
    (tmp_path / "theirs").write_text("kept")
    (tmp_path / "link").symlink_to("theirs")  # may have come with somebody else's run folder
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "theirs").read_text() == "kept"
    assert (tmp_path / "link").read_text() == "new"
    assert not (tmp_path / "link").is_symlink()
