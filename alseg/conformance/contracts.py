"""Each kind of component with the check of `alseg.testing` that it must pass, on what is made up for it."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from alseg.conformance.findings import NotCheckedError
from alseg.contracts import (
    AcquisitionSpec,
    AnnotationModeSpec,
    AnnotatorSpec,
    ClassInfo,
    DatasetSpec,
    ExecutorSpec,
    LabelSpace,
    ModelSpec,
    ObserverSpec,
    PartitionSpec,
    PublishedResult,
    RecipeSpec,
    Spec,
)
from alseg.data.fake import write_fake_of
from alseg.errors import AlsegError
from alseg.registry.datasets import label_space_of, splits_of
from alseg.registry.registry import Registry
from alseg.registry.signatures import REQUIRED, parameters_of

AnySpec = TypeVar("AnySpec", bound=Spec)

MODEL_SIZE = (65, 97)
"""Of images for networks: sides that are no multiples of any stride."""

_CHECKS: Mapping[type[Spec], tuple[str, ...]] = {
    AcquisitionSpec: ("contract", "determinism", "independence", "inputs", "needs"),
    AnnotationModeSpec: ("contract", "determinism", "inputs"),
    AnnotatorSpec: ("contract",),
    DatasetSpec: ("contract", "determinism", "copies"),
    ExecutorSpec: ("contract",),
    ModelSpec: ("contract", "determinism", "independence", "inputs"),
    ObserverSpec: ("contract",),
    PartitionSpec: ("contract", "determinism", "independence", "inputs", "copies"),
    RecipeSpec: ("contract", "determinism", "inputs"),
}
_FAKE_IMAGES = 4
"""Of each split of a data set that is made up."""

_UNLABELLED = LabelSpace("none", "No classes.", "none", (ClassInfo("unknown", (0, 0, 0)),))


def checks_of(spec: Spec) -> tuple[str, ...]:
    """Return the checks that `check_contract` makes of a component."""
    if isinstance(spec, AcquisitionSpec) and spec.kind == "select":
        return ("contract", "determinism")
    return _CHECKS[type(spec)]


def check_contract(spec: Spec, params: Mapping[str, Any], registry: Registry, root: Path | None) -> None:
    """Check a component by the conformance kit.

    Args:
        spec: Its spec.
        params: Parameters that are given to it.
        registry: Where the label space of a data set is looked up.
        root: Folder of the data sets; None for made-up data.

    Raises:
        AssertionError: Says what is not as it should be.
        NotCheckedError: If it cannot be built here.
    """
    from alseg import testing

    match spec:
        case AcquisitionSpec():
            testing.check_acquisition(told(spec), **params)
        case AnnotationModeSpec():
            testing.check_annotation_mode(told(spec), **params)
        case AnnotatorSpec():
            testing.check_annotator(told(spec), **params)
        case DatasetSpec():
            _check_splits(spec, params, registry, root)
        case ExecutorSpec():
            with outside():
                testing.check_executor(told(spec), work=False, **params)
        case ModelSpec():
            testing.check_model(told(spec), size=MODEL_SIZE, **params)
        case ObserverSpec():
            with outside():
                testing.check_observer(told(spec), **params)
        case PartitionSpec():
            testing.check_partition(told(spec), **params)
        case RecipeSpec():
            testing.check_recipe(told(spec), **params)
        case _:
            raise TypeError(f"{type(spec).__name__} is no kind of spec")


@contextmanager
def outside() -> Iterator[None]:
    """Take an `AlsegError` for what it is where components talk to others: something that is missing here.

    Raises:
        NotCheckedError: In its place.
    """
    try:
        yield
    except AlsegError as error:
        raise NotCheckedError(f"It does not work here: {error}") from error


def told(spec: AnySpec) -> AnySpec:
    """Return a spec whose builder tells what it misses here, such as a library, as `NotCheckedError`."""
    build = spec.build

    @functools.wraps(build, updated=())
    def telling(*args: Any, **params: Any) -> Any:
        try:
            return build(*args, **params)
        except AlsegError as error:
            raise NotCheckedError(f"It cannot be built here: {error}") from error

    return replace(spec, build=telling)


def dataset_folder(spec: DatasetSpec, registry: Registry, root: Path | None, scratch: Path) -> Path | None:
    """Return the folder of a data set: the given one, else one with made-up data; None where it reads none.

    Raises:
        NotCheckedError: If it has no made-up data.
    """
    if not spec.needs_root or root is not None:
        return root if spec.needs_root else None
    if spec.write_fake is None:
        raise NotCheckedError("It reads files and makes up none; give its folder: --root DIR.")
    write_fake_of(spec, registry, scratch, count=_FAKE_IMAGES)
    return scratch


def with_defaults(spec: Spec, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a value for every parameter."""
    return {
        **{one.name: one.default for one in parameters_of(spec) if one.default is not REQUIRED},
        **params,
    }


def _check_splits(
    spec: DatasetSpec, params: Mapping[str, Any], registry: Registry, root: Path | None
) -> None:
    """Check every split of a data set; of the user's own files, those that are missing are no fault of it."""
    from alseg.testing import check_dataset

    with tempfile.TemporaryDirectory() as scratch:
        folder = dataset_folder(spec, registry, root, Path(scratch))
        every = with_defaults(spec, params)
        try:
            space = label_space_of(registry, spec, every, folder) or _UNLABELLED
            splits = {
                split: spec.build(root=folder, split=split, **params) for split in splits_of(spec, every)
            }
        except AlsegError as error:
            if folder is not None and folder != root:
                raise
            raise NotCheckedError(f"It cannot be built here: {error}") from error
        for dataset in splits.values():
            check_dataset(dataset, space)


def check_label_classes(space: LabelSpace) -> None:
    """Check the classes of a label space.

    Raises:
        AssertionError: Says what is not as it should be.
    """
    from alseg.toolkit.labels import check_label_space

    try:
        check_label_space(space)
    except ValueError as error:
        raise AssertionError(f"{error}.") from error


def check_published(results: tuple[PublishedResult, ...], registry: Registry) -> None:
    """Check that published results name label spaces and classes that there are.

    Raises:
        AssertionError: Names the result and what there is not.
    """
    for result in results:
        entry = registry.label_spaces.get(result.label_space)
        where = f"'{result.label}'"
        assert entry is not None, f"{where}: there is no label space '{result.label_space}'."
        classes = [name for name in result.iou if name not in entry.spec.names]
        assert not classes, f"{where}: '{result.label_space}' has no class '{classes[0]}'."
        subsets = [name for name in result.subsets if name not in entry.spec.subsets]
        assert not subsets, f"{where}: '{result.label_space}' has no subset '{subsets[0]}'."
        for name in (result.source, result.target):
            assert name in registry.datasets, f"{where}: there is no data set '{name}'."
