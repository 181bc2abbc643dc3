"""A small experiment of eight runs, and what an executor leaves of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from alseg.files import read_json

STREETS = {"name": "streets", "height": 32, "width": 64, "count": 4, "val_count": 2}
REGION = {"name": "region", "radius": 1}
NETWORK = {"name": "smp", "architecture": "Unet", "encoder_depth": 3, "decoder_channels": [8, 8, 8]}
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
