"""``alseg run --on local:2`` with ``alseg status --watch`` and ``alseg cancel`` beside it, in processes."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alseg.cli import main
from alseg.files import read_json
from executed_runs import METHODS, result_bytes, run_command, small_experiment, started, while_running

CONTENT = small_experiment(100, methods=METHODS[1:3], seeds=[0])


def command(folder: Path, *options: str) -> list[str]:
    return run_command(sys.executable, folder, CONTENT, *options)


def cancelled(*words: object) -> Result:
    """Give ``alseg cancel`` in this process, where it takes no time to begin."""
    return CliRunner().invoke(main, ["cancel", *map(str, words)])


def state_of(root: Path, run: str) -> str:
    (file,) = root.glob(f"runs/{run}*/status.json")
    return str(read_json(file)["state"])


@contextmanager
def watched(root: Path, shown: Path) -> Iterator[None]:
    """Watch an experiment, with what is shown in a file; Ctrl-C leaves the view."""
    with shown.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "alseg", "status", str(root), "--watch"], stdout=file, stderr=file
        )
    try:
        yield
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=300) == 130
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.nightly
def test_one_run_is_watched_and_cancelled_while_the_other_goes_on(tmp_path: Path) -> None:
    root, shown = tmp_path / "results/tiny", tmp_path / "shown.txt"
    with started(command(tmp_path, "--on", "local:2")) as process:
        while_running(process, lambda: (root / "dispatch.json").exists())
        with watched(root, shown):
            while_running(process, lambda: list(root.glob("runs/entropy*/rounds/01/ledger.json")))
            while_running(process, lambda: "Entropy, seed 0: at work on" in shown.read_text())
            result = cancelled(root, "entropy")
            _, told = process.communicate(timeout=900)
            end = time.monotonic() + 300
            while "Random, seed 0: done" not in shown.read_text():
                assert time.monotonic() < end, shown.read_text()
                time.sleep(0.1)
    assert "lets 1 run save and stop." in result.stdout, result.output
    # Nothing failed, but not all is done.
    assert process.returncode == 143, told
    assert "1 done, 1 cancelled." in told.splitlines()
    assert re.search(r"^Cancelled: entropy__s0__\w+\. Go on with: alseg run ", told, re.M)
    assert [state_of(root, run) for run in ("entropy", "random")] == ["interrupted", "done"]
    assert re.search(r"^  for shared-\w{8}: Random, seed 0; Entropy, seed 0$", shown.read_text(), re.M)
    assert re.search(r"Entropy, seed 0: at work on \S+, round \d/2$", shown.read_text(), re.M)
    assert re.search(r"Entropy, seed 0: interrupted$", shown.read_text(), re.M)


@pytest.mark.slow
@pytest.mark.nightly
def test_what_was_cancelled_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    root = tmp_path / "two/results/tiny"
    with started(command(tmp_path / "two", "--on", "local:2")) as process:
        while_running(process, lambda: list(root.glob("runs/entropy*/rounds/01/ledger.json")))
        result = cancelled(root)
        _, told = process.communicate(timeout=900)
    assert "lets all runs save and stop." in result.stdout, result.output
    assert process.returncode == 143, told
    assert "cancelled by `alseg cancel`" in told.splitlines()
    assert "Stopped by SIGTERM, all is saved." in told
    assert state_of(root, "entropy") == "interrupted"
    assert "Nothing to cancel" in cancelled(root).stdout
    # In one process, which is stopped in the same way.
    with started(command(tmp_path / "two")) as process:
        while_running(process, lambda: list(root.glob("runs/*/live.json")))
        result = cancelled(root)
        _, told = process.communicate(timeout=900)
    assert f"Process {process.pid} on " in result.stdout and result.exit_code == 0, result.output
    assert process.returncode == 143, told
    for folder in ("two", "one"):
        done = subprocess.run(command(tmp_path / folder), capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr
    expected = result_bytes(tmp_path / "one")
    # Of each of two runs: weights, counts and metrics of three rounds, ledgers of two purchases.
    assert len(expected) == 2 * (1 + 2 * 3 + 2)
    assert result_bytes(tmp_path / "two") == expected
