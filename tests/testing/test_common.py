"""The contracts, for everything that is installed: a new component is checked without a new test."""

from __future__ import annotations

from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imagecodecs import png_encode

from alseg.contracts import ModelSpec, PartitionSpec, Spec
from alseg.registry.datasets import label_space_of
from alseg.registry.loading import load_registry
from alseg.registry.registry import KINDS
from alseg.registry.signatures import parameters_of
from alseg.testing import (
    check_acquisition,
    check_annotation_mode,
    check_annotator,
    check_dataset,
    check_model,
    check_partition,
    check_recipe,
    check_spec,
)
from alseg.testing.partitions import PARTITION_SIZES, partition_image_id

REGISTRY = load_registry()
SPECS = {
    f"{kind}-{name}": entry.spec
    for kind in KINDS
    for name, entry in REGISTRY.entries(kind).items()
    if isinstance(entry.spec, Spec)
}
SPLITS = [
    (name, split)
    for name, entry in REGISTRY.datasets.items()
    if isinstance(entry.spec.splits, tuple)  # where they follow from parameters, nothing is there by default
    for split in entry.spec.splits
]


def params_of(spec: ModelSpec) -> dict[str, Any]:
    """Return parameters with which a network needs no download."""
    known = {"weights": "none", "checkpoint": "segformer"}
    return {name: value for name, value in known.items() if name in signature(spec.build).parameters}


def files_for(spec: PartitionSpec, root: Path) -> dict[str, Any]:
    """Return parameters with which a partition finds what it reads; it is written below a folder."""
    if "root" not in signature(spec.build).parameters:
        return {}
    for height, width in PARTITION_SIZES:
        ids = np.arange(height * width).reshape(height, width) // 10 * 20  # with gaps
        (root / f"{partition_image_id((height, width))}.png").write_bytes(png_encode(ids.astype(np.uint16)))
    return {"root": str(root)}


def test_every_plugin_that_is_installed_is_loaded() -> None:
    assert [failure.message for failure in REGISTRY.failures] == []


@pytest.mark.parametrize("key", SPECS)
def test_every_spec_can_be_listed_and_pickled(key: str) -> None:
    check_spec(SPECS[key])


@pytest.mark.parametrize("name", REGISTRY.acquisitions)
def test_every_acquisition_keeps_the_contract(name: str) -> None:
    check_acquisition(REGISTRY.acquisitions[name].spec)


@pytest.mark.parametrize("name", REGISTRY.annotation_modes)
def test_every_annotation_mode_keeps_the_contract(name: str) -> None:
    check_annotation_mode(REGISTRY.annotation_modes[name].spec)


@pytest.mark.parametrize("name", REGISTRY.annotators)
def test_every_annotator_keeps_the_contract(name: str) -> None:
    check_annotator(REGISTRY.annotators[name].spec)


@pytest.mark.parametrize("name", REGISTRY.partitions)
def test_every_partition_keeps_the_contract(tmp_path: Path, name: str) -> None:
    spec = REGISTRY.partitions[name].spec
    check_partition(spec, **files_for(spec, tmp_path))


@pytest.mark.parametrize("name", REGISTRY.recipes)
def test_every_recipe_keeps_the_contract(name: str) -> None:
    check_recipe(REGISTRY.recipes[name].spec)


@pytest.mark.slow
@pytest.mark.parametrize("name", REGISTRY.models)
def test_every_network_keeps_the_contract(name: str) -> None:
    spec = REGISTRY.models[name].spec
    if name == "transformers" and find_spec("transformers") is None:
        pytest.skip('needs pip install "alseg[transformers]"')
    check_model(spec, size=(65, 97), **params_of(spec))  # sides that are no multiples of any stride


@pytest.mark.parametrize(("name", "split"), SPLITS)
def test_every_data_set_keeps_the_contract(tmp_path: Path, name: str, split: str) -> None:
    spec = REGISTRY.datasets[name].spec
    if spec.write_fake is not None:
        spec.write_fake(tmp_path)
    assert spec.write_fake is not None or not spec.needs_root, f"'{name}' writes no fake data to be checked"
    root = tmp_path if spec.needs_root else None
    defaults = {parameter.name: parameter.default for parameter in parameters_of(spec)}
    label_space = label_space_of(REGISTRY, spec, defaults, root)
    assert label_space is not None
    check_dataset(spec.build(root=root, split=split), label_space)
