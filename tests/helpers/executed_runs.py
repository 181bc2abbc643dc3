"""A small experiment of eight runs at most, and what an executor leaves of it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

from alseg.cli import main
from alseg.files import read_json
from preforked import python

STREETS = {"name": "streets", "height": 32, "width": 64, "count": 4, "val_count": 2}
REGION = {"name": "region", "radius": 1}
NETWORK = {"name": "smp", "architecture": "Unet", "encoder_depth": 3, "decoder_channels": [8, 8, 8]}
MOST_SECONDS = 600
"""How long anything may take, on a machine that does much else."""

METHODS: list[dict[str, Any]] = [
    {"label": "Source only", "target_labels": "none"},
    {"label": "Random", "acquisition": "random", "annotation": REGION, "budget": "5%"},
    {"label": "Entropy", "acquisition": "entropy", "annotation": REGION, "budget": "5%"},
    {"label": "RIPU", "acquisition": {"name": "ripu", "radius": 1}, "annotation": REGION, "budget": "5%"},
]


def small_experiment(iterations: int = 6, **changes: Any) -> dict[str, Any]:
    """Return an experiment file: four methods, two seeds, two purchases each."""
    return {
        "name": "tiny",
        "scenario": {"source": STREETS, "target": {**STREETS, "domain": "camera"}},
        "model": NETWORK,
        "recipe": {
            "name": "plain",
            "iterations": iterations,
            "source_size": [32, 64],
            "target_size": [32, 64],
        },
        "rounds": [2, 4],
        "methods": METHODS,
        "seeds": [0, 1],
        "settings": {"device": "cpu", "threads": 1, "workers": 0, "checkpoint_minutes": 1e-9},
        **changes,
    }


def run_command(python: str | Path, folder: Path, content: dict[str, Any], *options: str) -> list[str]:
    """Return the command that does an experiment, whose file is written into the folder."""
    folder.mkdir(exist_ok=True)
    file = folder / "tiny.yaml"
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return [str(python), "-m", "alseg", "run", str(file), "--results", str(folder / "results"), *options]


@contextmanager
def started(command: Sequence[str], env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Start a command; it is killed at the end if it has not ended."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env=env
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def run_here(
    folder: Path, content: dict[str, Any], *options: str, interpreter: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Do an experiment with this Python, or a preloaded one where None is given, and wait for its end."""
    command = run_command(interpreter or python(), folder, content, *options)
    return subprocess.run(command, capture_output=True, text=True, timeout=1.5 * MOST_SECONDS)


def run_in_this_process(folder: Path, content: dict[str, Any]) -> int:
    """Do an experiment by the command line in this process, which has its libraries; return the exit code."""
    command = run_command(sys.executable, folder, content)
    return CliRunner().invoke(main, command[3:]).exit_code


def while_running(process: subprocess.Popen[str], condition: Callable[[], object]) -> Any:
    """Return what holds at last, while a process works."""
    end = time.monotonic() + MOST_SECONDS
    while not (found := condition()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def worker_of(folder: Path, run: str) -> int | None:
    """Return the process that holds the lock of a run; None where nobody does."""
    for note in folder.glob(f"results/tiny/runs/{run}*/.lock-holder"):
        words = note.read_text().split()
        return int(words[1]) if len(words) > 1 else None
    return None


def result_bytes(folder: Path) -> dict[str, bytes]:
    """Return ledgers, metrics, counts and weights of all runs."""
    runs = folder / "results/tiny/runs"
    names = ("ledger.npy", "metrics.json", "confusion.npz", "weights.pt")
    return {
        str(path.relative_to(runs)): path.read_bytes()
        for path in sorted(runs.rglob("*"))
        if path.name in names
    }


def run_states(folder: Path) -> dict[str, str]:
    """Return how the last attempt at each run has ended."""
    found = (folder / "results/tiny").glob("runs/*/status.json")
    return {path.parent.name: str(read_json(path)["state"]) for path in found}
