"""``alseg run --on local:2`` with recipes that have a state or a second network, and a pool that may grow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from commands import Commands
from growing import growing_document, write_names

REGION = {"annotation": {"name": "region", "radius": 1}, "budget": "20%"}
SMALL = {"iterations": 8, "learning_rate": 0.05, "source_size": None, "target_size": None}
TEACHER = {"recipe": {"name": "mean-teacher", **SMALL}}
SECOND = {"recipe": {"name": "two-classifiers", **SMALL}}
METHODS: list[dict[str, Any]] = [
    {"label": "Entropy", "acquisition": "entropy", **REGION},
    {"label": "Margin", "acquisition": "margin", **REGION},
    {"label": "Taught entropy", "acquisition": "entropy", **REGION, **TEACHER},
    {"label": "Taught none", "target_labels": "none", **TEACHER},
    {
        "label": "Labor",
        "acquisition": "labor",
        "annotation": {"name": "pixel", "spacing": 1},
        "budget": "6 px/image",
        **SECOND,
    },
    {"label": "Second random", "acquisition": "random", **REGION, **SECOND},
]


@pytest.mark.slow
@pytest.mark.nightly
def test_recipes_with_state_second_networks_and_growing_pools_give_the_bytes_of_one_process(
    tmp_path: Path,
) -> None:
    write_names(tmp_path, 2, 3, 4, 5)
    settings = {"device": "cpu", "threads": 1, "workers": 0}
    document = growing_document(tmp_path, methods=METHODS, settings=settings)
    local, one = Commands(tmp_path / "local", document), Commands(tmp_path / "one", document)
    done = local.run("--on", "local:2")
    assert done.returncode == 0, done.stderr
    alone = one.run()
    assert alone.returncode == 0, alone.stderr
    found, expected = local.result_bytes(), one.result_bytes()
    # Weights of 6 runs, counts and metrics of three rounds each, ledgers of two purchases of five runs.
    assert len(expected) == 6 + 6 * 3 * 2 + 5 * 2
    assert list(found) == list(expected)
    assert [name for name, content in expected.items() if found[name] != content] == []
    # Each of three recipes was trained to its first purchase by a unit of its own, and nobody left picks.
    assert len(list(local.root.glob("shared/*/unit/attempts/0.json"))) == 3
    assert not list(local.root.glob("shared/*/picks/*"))
