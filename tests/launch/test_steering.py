"""``alseg run --on local:2`` with ``alseg status --watch`` and ``alseg cancel`` beside it, in processes."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from alseg.files import read_json

STREETS = {"name": "streets", "height": 32, "width": 64, "count": 4, "val_count": 2}
REGION = {"name": "region", "radius": 1}
DOCUMENT: dict[str, Any] = {
    "name": "tiny",
    "scenario": {"source": STREETS, "target": {**STREETS, "domain": "camera"}},
    "model": {"name": "smp", "architecture": "Unet", "encoder_depth": 3, "decoder_channels": [8, 8, 8]},
    "recipe": {"name": "plain", "iterations": 60, "source_size": [32, 64], "target_size": [32, 64]},
    "rounds": [2, 4],
    "methods": [
        {"label": "Random", "acquisition": "random", "annotation": REGION, "budget": "5%"},
        {"label": "Entropy", "acquisition": "entropy", "annotation": REGION, "budget": "5%"},
        {"label": "Margin", "acquisition": "margin", "annotation": REGION, "budget": "5%"},
    ],
    "seeds": [0],
    "settings": {"device": "cpu", "threads": 1, "workers": 0, "checkpoint_minutes": 1e-9},
}


def command(folder: Path, *options: str) -> list[str]:
    folder.mkdir(exist_ok=True)
    file = folder / "tiny.yaml"
    file.write_text(yaml.safe_dump(DOCUMENT, sort_keys=False))
    return [*ALSEG, "run", str(file), "--results", str(folder / "results"), *options]


ALSEG = (sys.executable, "-m", "alseg")


@contextmanager
def started(words: list[str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def alseg(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*ALSEG, *map(str, words)], capture_output=True, text=True, timeout=600)


def until(process: subprocess.Popen[str], condition: Callable[[], object]) -> Any:
    end = time.monotonic() + 400
    while not (found := condition()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def state_of(root: Path, run: str) -> str:
    (file,) = root.glob(f"runs/{run}*/status.json")
    return str(read_json(file)["state"])


def result_bytes(folder: Path) -> dict[str, bytes]:
    runs = folder / "results/tiny/runs"
    names = ("ledger.npy", "metrics.json", "confusion.npz", "weights.pt")
    return {
        str(path.relative_to(runs)): path.read_bytes()
        for path in sorted(runs.rglob("*"))
        if path.name in names
    }


@pytest.mark.slow
def test_runs_are_watched_and_cancelled_and_go_on_to_the_same_bytes(tmp_path: Path) -> None:
    root = tmp_path / "two/results/tiny"
    with started(command(tmp_path / "two", "--on", "local:2")) as process:
        until(process, lambda: (root / "dispatch.json").exists())
        with started([*ALSEG, "status", str(root), "--watch"]) as watching:
            # One run, in the midst of its training.
            until(process, lambda: list(root.glob("runs/entropy*/rounds/02/ledger.json")))
            assert "lets 1 run save and stop." in alseg("cancel", root, "entropy").stdout
            _, told = process.communicate(timeout=600)
            shown, _ = watching.communicate(timeout=600)
    # Nothing failed, but not all is done.
    assert process.returncode == 143, told
    assert "2 done, 1 cancelled." in told.splitlines()
    assert re.search(r"^Cancelled: entropy__s0__\w+\. Go on with: alseg run ", told, re.M)
    assert [state_of(root, run) for run in ("entropy", "margin", "random")] == ["interrupted", "done", "done"]
    assert watching.returncode == 0
    for words in (
        r"Entropy, seed 0: waiting for (shared-\w+|a free place in local:2)",
        r"Entropy, seed 0: at work on \S+, round \d/2",
        r"Entropy, seed 0: interrupted",
        r"Random, seed 0: done",
    ):
        assert re.search(words, shown), (words, shown)
    # All of them, as by SIGTERM.
    with started(command(tmp_path / "two", "--on", "local:2")) as process:
        until(process, lambda: state_of(root, "entropy") == "running")
        assert "lets all runs save and stop." in alseg("cancel", root).stdout
        _, told = process.communicate(timeout=600)
    assert process.returncode == 143, told
    assert "cancelled by `alseg cancel`" in told.splitlines()
    assert "Stopped by SIGTERM, all is saved." in told
    assert state_of(root, "entropy") in ("interrupted", "done")
    assert "Nothing to cancel" in alseg("cancel", root).stdout
    # In one process, which is stopped in the same way, and then to the end.
    with started(command(tmp_path / "two")) as process:
        until(process, lambda: state_of(root, "entropy") in ("running", "done"))
        asked = alseg("cancel", root)
        process.communicate(timeout=600)
    assert asked.returncode == 0, asked.stderr
    assert alseg(*command(tmp_path / "two")[3:]).returncode == 0
    assert alseg(*command(tmp_path / "one")[3:]).returncode == 0
    expected = result_bytes(tmp_path / "one")
    # Of each run: weights, counts and metrics of three rounds, ledgers of two purchases.
    assert len(expected) == 3 * (1 + 2 * 3 + 2)
    assert result_bytes(tmp_path / "two") == expected
