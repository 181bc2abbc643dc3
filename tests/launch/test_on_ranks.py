"""One run by two processes together, by the command line: the same as by one, whatever happens to a rank."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from toys import toy_document

STRIPES = {"name": "stripes", "count": 11}
REGION = {"name": "region", "radius": 1}
NATIVE = {"source_size": None, "target_size": None, "source_batch": 2, "target_batch": 2}
METHODS: list[dict[str, Any]] = [
    {"label": "Random", "acquisition": "random", "annotation": REGION, "budget": "20%"},
    {"label": "Entropy", "acquisition": "entropy", "annotation": REGION, "budget": "20%"},
    {
        "label": "Pool",
        "acquisition": "margin",
        "annotation": REGION,
        "budget": {"amount": "20%", "scope": "pool"},
    },
    {"label": "Core-set", "acquisition": "core-set", "annotation": "image", "budget": "4 images"},
    {"label": "RIPU", "acquisition": {"name": "ripu", "radius": 1}, "annotation": REGION, "budget": "20%"},
    {"label": "Pixel", "acquisition": "margin", "annotation": "pixel", "budget": "6 px/image"},
    {
        "label": "Superpixel",
        "acquisition": "entropy",
        "partition": {"name": "slic", "segments": 8},
        "annotation": "superpixel",
        "budget": "20%",
    },
    {
        "label": "Teacher",
        "acquisition": "least-confidence",
        "annotation": "image",
        "budget": "4 images",
        "recipe": {"name": "mean-teacher", "iterations": 8, "crop": None, **NATIVE},
    },
]
"""A budget of each kind, each unit, whole-pool methods, and a recipe with state."""


def document(**changes: Any) -> dict[str, Any]:
    settings = {"device": "cpu", "threads": 1, "precision": "64-true", "pool_batch": 2, "evaluation_batch": 2}
    return toy_document(
        scenario={"source": STRIPES, "target": STRIPES},
        methods=METHODS,
        settings={**settings, "checkpoint_minutes": 1e-9, "call_timeout": 600},
        **changes,
    )


def files(folder: Path, name: str) -> dict[str, Path]:
    runs = folder / "results/toy/runs"
    return {str(path.relative_to(runs)): path for path in sorted(runs.rglob(name))}


def assert_same(folder: Path, other: Path) -> None:
    """Ledgers are the same bytes, counts and metrics equal, weights equal but for rounding in 64 bits."""
    for name in ("ledger.npy", "ledger.json", "metrics.json"):
        found, expected = files(folder, name), files(other, name)
        assert list(found) == list(expected) and found
        assert [each for each in found if found[each].read_bytes() != expected[each].read_bytes()] == []
    for name, path in files(folder, "confusion.npz").items():
        with np.load(path) as counts, np.load(files(other, "confusion.npz")[name]) as expected_counts:
            np.testing.assert_array_equal(counts["counts"], expected_counts["counts"], err_msg=name)
    for name, path in files(folder, "weights.pt").items():
        weights, others = torch.load(path)["model"], torch.load(files(other, "weights.pt")[name])["model"]
        for key, values in weights.items():
            torch.testing.assert_close(values, others[key], rtol=0, atol=1e-12)
