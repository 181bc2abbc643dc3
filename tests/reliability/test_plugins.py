"""Plugins that change the process, end it, hang or answer with terabytes, beside one that behaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from alseg.guard.at_work import NAME, left_in
from badplugins import BadPlugin
from preforked import python
from toys import Silent, run_folder, run_toy, toy_document

BAD = "acquisition 'bad' of plugin BadPlugin (unpackaged 0)"


def document(what: str | None, **settings: Any) -> dict[str, object]:
    """Return an experiment with a bad acquisition before a good one; without a bad one for None."""
    shared = {"annotation": {"name": "region", "radius": 1}, "budget": "20%"}
    bad = [{"label": "Bad", "acquisition": {"name": "bad", "what": what}, **shared}] if what else []
    good = {"label": "Entropy", "acquisition": "entropy", **shared}
    return toy_document(methods=[*bad, good], settings={"device": "cpu", **settings})


def results_of(folder: Path) -> dict[str, bytes]:
    """Return all bytes of the good run that are no times."""
    run = run_folder(folder, "entropy")
    names = ("metrics.json", "confusion.npz", "ledger.npy", "examples.npz")
    found = {str(path.relative_to(run)): path.read_bytes() for name in names for path in run.rglob(name)}
    return {**found, "weights.pt": (run / "weights.pt").read_bytes()}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return what the good method gives where there is no other one."""
    folder = tmp_path_factory.mktemp("alone")
    assert run_toy(folder, document(None), BadPlugin()).failed == []
    return results_of(folder)


def test_a_method_gets_the_same_bytes_beside_one_that_changes_the_whole_process(
    tmp_path: Path, alone: dict[str, bytes]
) -> None:
    reporter = Silent()
    outcome = run_toy(tmp_path, document("changes"), BadPlugin(), reporter=reporter)
    assert outcome.failed == []
    assert results_of(tmp_path) == alone
    told = [note.strip() for note in reporter.notes if note.strip().startswith(BAD)]
    line = f"{BAD} changed torch's default dtype, which was put back: it would have moved other results."
    assert told.count(line) == 1
    assert "changed the working folder" in (run_folder(tmp_path, "bad") / "log.txt").read_text()


@pytest.mark.parametrize(
    ("what", "error"),
    [
        (
            "exit",
            f"PluginError: {BAD}: score for image train-0 called sys.exit(3), which would end the ",
        ),
        ("huge", "AcquisitionError: Acquisition 'bad' of plugin BadPlugin (unpackaged 0) returned shape"),
    ],
)
def test_a_plugin_that_exits_or_answers_with_terabytes_fails_its_run_alone(
    tmp_path: Path, alone: dict[str, bytes], what: str, error: str
) -> None:
    outcome = run_toy(tmp_path, document(what), BadPlugin())
    assert [text.startswith(error) for _, text in outcome.failed] == [True]
    assert results_of(tmp_path) == alone


def test_a_call_that_hangs_fails_its_run_after_the_timeout(tmp_path: Path, alone: dict[str, bytes]) -> None:
    outcome = run_toy(tmp_path, document("hang", call_timeout=5), BadPlugin())
    ((_, error),) = outcome.failed
    assert error.startswith(
        f"PluginError: {BAD}: score for image train-0 took longer than 5 s (settings.call_timeout)."
    )
    assert results_of(tmp_path) == alone


def run_in_a_process(folder: Path, what: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    """Run the experiment in a process of its own, which may end at any time; prints notes and failures."""
    path = os.pathsep.join([str(Path(__file__).parents[1] / "helpers"), *filter(None, sys.path)])
    return subprocess.run(
        [python(), "-m", "badplugins", str(folder), json.dumps(document(what, **settings))],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_after_a_plugin_has_ended_the_process_the_next_start_names_it_and_others_are_done(
    tmp_path: Path, alone: dict[str, bytes]
) -> None:
    call = f"{BAD}: score for image train-0"
    assert run_in_a_process(tmp_path, "os._exit").returncode == 5
    bad = run_folder(tmp_path, "bad")
    assert call in (bad / NAME).read_text()
    # The second start goes on with it, for a machine may have killed the first; the third does others first.
    second = run_in_a_process(tmp_path, "os._exit")
    assert second.returncode == 5
    third = run_in_a_process(tmp_path, "os._exit")
    assert third.returncode == 5
    assert results_of(tmp_path) == alone
    log = (bad / "log.txt").read_text()
    assert log.count(f"The last attempt ended without a word, at work: {call}") == 2
    records = [json.loads((bad / "attempts" / f"{number}.json").read_text()) for number in (0, 1)]
    assert [any(call in text for text in record["at_work"]) for record in records] == [True, True]


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="no call can be deaf here")
def test_code_outside_python_that_hangs_ends_the_process_with_a_traceback_and_is_named(
    tmp_path: Path,
) -> None:
    ended = run_in_a_process(tmp_path, "deaf", call_timeout=3)
    assert ended.returncode == 1
    assert "Timeout (0:00:06)!" in ended.stderr
    assert "badplugins.py" in ended.stderr
    assert left_in(run_folder(tmp_path, "bad") / NAME) == [f"{BAD}: score for image train-0"]


def test_a_crash_in_native_code_shows_where_python_was() -> None:
    code = "import ctypes\nfrom alseg.cli.run import traced_crashes\n"
    code += "with traced_crashes():\n    ctypes.string_at(0)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "Fatal Python error: Segmentation fault" in ended.stderr
    assert "in string_at" in ended.stderr
