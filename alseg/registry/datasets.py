"""What is true of a data set with its parameters: its splits, its classes, and whether it has labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alseg.contracts import Dataset, DatasetSpec, LabelSpace
from alseg.errors import AlsegError, unknown_name
from alseg.registry.registry import Registry


def splits_of(spec: DatasetSpec, params: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of a data set's splits.

    Args:
        spec: The data set.
        params: A value for every parameter that has no default.

    Raises:
        AlsegError: If the parameters fit no split.
    """
    return spec.splits if isinstance(spec.splits, tuple) else tuple(spec.splits(**params))


def check_split(spec: DatasetSpec, params: Mapping[str, Any], split: str) -> None:
    """Refuse a split that a data set does not have.

    Raises:
        AlsegError: Names the splits there are.
    """
    splits = splits_of(spec, params)
    if split not in splits:
        raise AlsegError(unknown_name(f"split of {spec.name}", split, splits))


def expected_of(spec: DatasetSpec, params: Mapping[str, Any]) -> Mapping[str, int]:
    """Return the images per split of the published data set, as far as known.

    Args:
        spec: The data set.
        params: A value for every parameter that has no default.
    """
    return spec.expected(**params) if callable(spec.expected) else spec.expected


def label_space_of(
    registry: Registry, spec: DatasetSpec, params: Mapping[str, Any], root: Path | None
) -> LabelSpace | None:
    """Return the label space of a data set's own label maps.

    Args:
        registry: Where names are looked up.
        spec: The data set.
        params: Its parameters.
        root: The folder with its files; None where it reads none.

    Returns:
        None where the data set has no labels.

    Raises:
        AlsegError: If there is no label space of that name, or the classes of these parameters cannot be
            used or read.
    """
    if isinstance(spec.label_space, str):
        named: LabelSpace = registry.get("label_spaces", spec.label_space).spec
        return named
    space = spec.label_space(root=root, **params)
    if space is not None:
        _check(spec, space)
    return space


def is_labelled(dataset: Dataset) -> bool:
    """Return whether a split has label maps."""
    return bool(getattr(dataset, "labelled", True))


def _check(spec: DatasetSpec, space: LabelSpace) -> None:
    from alseg.toolkit.labels import check_label_space

    try:
        check_label_space(space)
    except ValueError as error:
        raise AlsegError(f"The classes of data set '{spec.name}' cannot be used: {error}.") from None
