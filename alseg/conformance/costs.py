"""Time and memory per image of a component, beside the simplest of its kind."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from alseg.conformance.contracts import dataset_folder, told, with_defaults
from alseg.conformance.findings import NotCheckedError
from alseg.conformance.step import Passed
from alseg.conformance.work import Work, acquisition_work, recipe_work
from alseg.contracts import AcquisitionSpec, DatasetSpec, ModelSpec, PartitionSpec, RecipeSpec, Size, Spec
from alseg.perf.measure import alternate, peak_extra_bytes
from alseg.registry.datasets import splits_of
from alseg.registry.registry import Registry

SIZE = (256, 512)
"""Height and width of made-up images in pixels."""
_NETWORK_SIZE = (128, 256)
"""Of images for networks, which take long on a processor."""
_STEP_SIZE = (64, 128)
_CLASSES = 19
_IMAGES = 4
_TURNS = 3

_BESIDE: Mapping[type[Spec], tuple[str, str]] = {
    AcquisitionSpec: ("acquisitions", "random"),
    PartitionSpec: ("partitions", "grid"),
    RecipeSpec: ("recipes", "plain"),
}
"""Kind and name of what a component is timed beside, in turns."""

_SIZES: Mapping[type[Spec], Size] = {ModelSpec: _NETWORK_SIZE, RecipeSpec: _STEP_SIZE}


def measure_costs(
    spec: Spec, params: Mapping[str, Any], registry: Registry, root: Path | None
) -> Mapping[str, Passed]:
    """Time a component on made-up images, or on those of a data set.

    Args:
        spec: Its spec.
        params: Parameters that are given to it.
        registry: Has what it is timed beside.
        root: Folder of the data sets; None for made-up data.

    Returns:
        What check ``cost`` tells: seconds per image, and MiB at the peak that the process had not before.

    Raises:
        NotCheckedError: If it cannot be built here.
    """
    with tempfile.TemporaryDirectory() as scratch:
        own = _task(spec, params, registry, root, Path(scratch))
        kind, name = _BESIDE.get(type(spec), ("", ""))
        tasks = {spec.name: own}
        if kind and name in registry.entries(kind) and name != spec.name:
            tasks[name] = _task(registry.get(kind, name).spec, {}, registry, None, Path(scratch))
        peak = peak_extra_bytes(own.work)
        spreads = alternate({name: task.work for name, task in tasks.items()}, _TURNS)
    return {
        "cost": _passed(
            spec, {name: spreads[name].median / task.images for name, task in tasks.items()}, peak
        )
    }


class _Task(NamedTuple):
    """What is timed, and the images that it is about."""

    work: Work
    images: int


def _task(
    spec: Spec, params: Mapping[str, Any], registry: Registry, root: Path | None, scratch: Path
) -> _Task:
    match spec:
        case AcquisitionSpec():
            work = acquisition_work(spec, params, size=SIZE, images=_IMAGES, num_classes=_CLASSES)
            return _Task(work, _IMAGES)
        case RecipeSpec():
            return _Task(*recipe_work(spec, params, size=_STEP_SIZE))
        case PartitionSpec():
            return _Task(_partition_work(spec, params), 1)
        case ModelSpec():
            return _Task(_model_work(spec, params), 1)
        case DatasetSpec():
            return _dataset_task(spec, params, registry, root, scratch)
        case _:
            raise TypeError(f"{type(spec).__name__} has no costs per image")


def _partition_work(spec: PartitionSpec, params: Mapping[str, Any]) -> Work:
    partition = told(spec).build(**params)
    if "root" in params:
        raise NotCheckedError("It reads files, so its cost is that of the disk.")
    image = np.random.default_rng(0).integers(0, 256, (*SIZE, 3)).astype(np.uint8)
    return lambda: partition.regions(image, "image", torch.Generator().manual_seed(0))


def _model_work(spec: ModelSpec, params: Mapping[str, Any]) -> Work:
    network = told(spec).build(num_classes=_CLASSES, **params).eval()
    images = torch.randn((1, 3, *_NETWORK_SIZE), generator=torch.Generator().manual_seed(0))

    def predict() -> None:
        with torch.no_grad():
            network(images)

    return predict


def _dataset_task(
    spec: DatasetSpec, params: Mapping[str, Any], registry: Registry, root: Path | None, scratch: Path
) -> _Task:
    folder = dataset_folder(spec, registry, root, scratch)
    split = splits_of(spec, with_defaults(spec, params))[0]
    dataset = told(spec).build(root=folder, split=split, **params)
    indices = range(min(_IMAGES, len(dataset)))
    return _Task(lambda: [dataset.image(index) for index in indices], len(indices))


def _passed(spec: Spec, seconds: Mapping[str, float], peak: int | None) -> Passed:
    own = seconds[spec.name]
    measured = {"seconds_per_image": own}
    note = f"{_time(own)} an image{_of_size(spec)}"
    if peak is not None:
        measured["peak_mib"] = peak / 2**20
        note += f", {peak / 2**20:.1f} MiB at the peak"
    for name, value in seconds.items():
        if name != spec.name:
            measured[f"seconds_per_image_of_{name}"] = value
            note += f"; {name}: {_time(value)}"
    return Passed(note, measured)


def _of_size(spec: Spec) -> str:
    if isinstance(spec, DatasetSpec):
        return ""
    height, width = _SIZES.get(type(spec), SIZE)
    return f" of {height} x {width}"


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"
