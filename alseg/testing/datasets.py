"""Does a data set keep the contract?"""

from __future__ import annotations

import pickle
from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import IGNORE_INDEX, ChecksIds, Dataset, LabelSpace, Size
from alseg.errors import DataError
from alseg.testing.aspects import Aspect, DepartureError, require


def check_dataset(dataset: Dataset, label_space: LabelSpace, *, most_images: int = 3) -> None:
    """Check one split of a data set against `alseg.contracts.Dataset`.

    All image ids are read; sizes, images and label maps of a few images spread evenly over the split.
    Checked are methods, dtypes, shapes, that sizes agree, that ids are unique and label indices in the
    label space, that a copy in another process would give the same, and that reading twice gives the same
    even if the caller has changed the arrays in between.

    Args:
        dataset: The split.
        label_space: The one that its label maps are in.
        most_images: How many images are decoded at most.

    Raises:
        AssertionError: Says what is not as it should be, and for which image.
        ValueError: If ``most_images`` is not positive.
    """
    if most_images < 1:
        raise ValueError(f"most_images must be positive, got {most_images}")
    assert isinstance(dataset, Dataset), (
        f"{type(dataset).__name__} lacks one of the methods __len__, image_id, size, image, label"
    )
    assert len(dataset) > 0, "the data set is empty"
    _check_ids(dataset)
    copy = _pickled(dataset)
    if len(copy) != len(dataset):
        message = f"an unpickled copy has {len(copy)} images instead of {len(dataset)}"
        raise DepartureError("pickling", message)
    for index in sorted(set(np.linspace(0, len(dataset) - 1, most_images).astype(int).tolist())):
        _check_image(dataset, copy, index, label_space)


def _pickled(dataset: Dataset) -> Dataset:
    try:
        copy: Dataset = pickle.loads(pickle.dumps(dataset))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        name = type(dataset).__name__
        message = f"{name} cannot be pickled, which loader workers need: {error}"
        raise DepartureError("pickling", message) from error
    return copy


def _check_ids(dataset: Dataset) -> None:
    ids = [dataset.image_id(index) for index in range(len(dataset))]
    for image_id in ids:
        assert isinstance(image_id, str) and image_id, (
            f"image ids must be non-empty strings, found {image_id!r}"
        )
    image_id, count = Counter(ids).most_common(1)[0]
    assert count == 1, f"{count} images have the id {image_id!r}"


def _check_image(dataset: Dataset, copy: Dataset, index: int, label_space: LabelSpace) -> None:
    name = dataset.image_id(index)
    size = dataset.size(index)
    assert isinstance(size, tuple) and len(size) == 2 and all(isinstance(side, int) for side in size), (
        f"{name}: size must be two ints (height, width), got {size!r}"
    )
    image = dataset.image(index)
    _check_array(f"{name}: image", image, (*size, 3))
    if not getattr(dataset, "labelled", True):
        _check_unlabelled(name, dataset, index)
        return
    label = dataset.label(index)
    _check_array(f"{name}: label map", label, size)
    count = len(label_space.classes)
    foreign = [value for value in np.unique(label).tolist() if value >= count and value != IGNORE_INDEX]
    assert not foreign, (
        f"{name}: the label map holds {foreign}; '{label_space.name}' has indices 0 to {count - 1}, and "
        f"{IGNORE_INDEX} is void"
    )
    if isinstance(dataset, ChecksIds):
        with_ids, ids = dataset.label_and_ids(index)
        assert np.array_equal(with_ids, label), f"{name}: label_and_ids gives another label map than label"
        assert ids.shape == label.shape, f"{name}: the ids have shape {ids.shape} instead of {label.shape}"
    first = _Read(name, size, image.copy(), label.copy())
    for array in (image, label):
        if array.flags.writeable:
            array.fill(0)
    _check_same("determinism", f"{name}: a second reading", dataset, index, first)
    _check_same("pickling", f"{name}: an unpickled copy", copy, index, first)


def _check_unlabelled(name: str, dataset: Dataset, index: int) -> None:
    try:
        dataset.label(index)
    except DataError:
        return
    raise AssertionError(f"{name}: the split says that it has no labels, but label() gives one")


def _check_array(what: str, array: NDArray[np.uint8], shape: tuple[int, ...]) -> None:
    assert isinstance(array, np.ndarray), f"{what} must be a numpy array, got {type(array).__name__}"
    assert array.dtype == np.uint8, f"{what} must be uint8, got {array.dtype}"
    assert array.shape == shape, f"{what} must have shape {shape}, as size() says, got {array.shape}"


class _Read(NamedTuple):
    """What a data set said of an image."""

    image_id: str
    size: Size
    image: NDArray[np.uint8]
    label: NDArray[np.uint8]


def _check_same(aspect: Aspect, what: str, dataset: Dataset, index: int, first: _Read) -> None:
    size = dataset.size(index)
    require(aspect, dataset.image_id(index) == first.image_id, f"{what} gives another id")
    require(aspect, size == first.size, f"{what} gives size {size} instead of {first.size}")
    require(aspect, np.array_equal(dataset.image(index), first.image), f"{what} gives another image")
    require(aspect, np.array_equal(dataset.label(index), first.label), f"{what} gives another label map")
