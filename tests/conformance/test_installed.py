"""Everything that is installed passes ``alseg check``: a new component is checked without a new test."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imagecodecs import png_encode

from alseg.conformance import costs
from alseg.conformance.request import Request
from alseg.conformance.run import check_subject
from alseg.conformance.subjects import subjects_of
from alseg.registry.loading import load_registry
from alseg.testing.partitions import PARTITION_SIZES, partition_image_id

SUBJECTS = {
    f"{subject.component.kind}-{subject.component.name}".replace(" ", "-"): subject
    for subject in subjects_of(None, None)
}
LONG = [key for key in SUBJECTS if key.startswith(("model-", "plugin-", "observer-mlflow"))]
"""Networks train a step, plugins are imported by a process of their own, MLflow makes its tables."""

PARAMS: dict[str, dict[str, Any]] = {
    "model-transformers": {"checkpoint": "segformer"},
    "executor-local": {"address": "1"},
}
"""Values of what has no default, or none on a machine without GPU."""

ABSENT = {
    "dataset-folder": {"contract", "determinism", "copies", "cost"},  # where its files are follows from keys
    "partition-file": {"cost"},  # that of the disk
    "executor-slurm": {"contract", "units"},
    "executor-ray": {"contract", "units"},
    "executor-local": {"units"},  # see test_local_executor.py
    "observer-mlflow": {"contract"},
    "observer-tensorboard": {"contract"},
}
"""Component to the checks that need more than every machine has."""


@pytest.fixture(scope="module", autouse=True)
def small_costs() -> Iterator[None]:
    """Measure costs on images so small that they say nothing."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(costs, "SIZE", (16, 32))
        patched.setattr(costs, "_NETWORK_SIZE", (64, 64))
        patched.setattr(costs, "_TURNS", 1)
        yield


def write_region_files(root: Path) -> None:
    """Write what a partition that reads files finds for the images of the kit."""
    for height, width in PARTITION_SIZES:
        ids = np.arange(height * width).reshape(height, width) // 10 * 20  # with gaps
        (root / f"{partition_image_id((height, width))}.png").write_bytes(png_encode(ids.astype(np.uint16)))


def check(key: str, root: Path) -> None:
    """Check one component; only what another machine may have can be missing, and a source without link."""
    params = PARAMS.get(key, {})
    if key == "partition-file":
        write_region_files(root)
        params = {"root": str(root)}
    report = check_subject(SUBJECTS[key], Request(target=None, params=params))
    assert [f"{one.check}: {one.problem}" for one in report.findings if one.status == "fail"] == []
    missing = {one.check for one in report.findings if one.status == "not checked"}
    assert missing <= {"source", *ABSENT.get(key, ())}


def test_every_plugin_that_is_installed_is_loaded() -> None:
    assert [failure.message for failure in load_registry().failures] == []


@pytest.mark.parametrize("key", [key for key in SUBJECTS if key not in LONG])
def test_every_component_keeps_its_contract(tmp_path: Path, key: str) -> None:
    check(key, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("key", LONG)
def test_every_network_and_plugin_keeps_its_contract(tmp_path: Path, key: str) -> None:
    if key == "model-transformers" and find_spec("transformers") is None:
        pytest.skip('needs pip install "alseg[transformers]"')
    check(key, tmp_path)


def test_components_of_all_kinds_are_checked() -> None:
    kinds = {subject.component.kind for subject in SUBJECTS.values()}
    registry = load_registry()
    assert len(SUBJECTS) > len(registry.plugins) + len(registry.acquisitions)
    assert {"acquisition", "annotation mode", "annotator", "dataset", "executor"} <= kinds
    assert {"label space", "model", "observer", "partition", "plugin", "published results"} <= kinds
