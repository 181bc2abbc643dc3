"""What is found in one image and its label map, by ``alseg data check`` and before a run alike. No torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import IGNORE_INDEX, ChecksIds, Dataset, LabelSpace, Size
from alseg.errors import DataError
from alseg.registry.datasets import is_labelled

_T = TypeVar("_T")

_BAND = 10
"""The top and the bottom band are one tenth of the rows each."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with one image or its label map.

    Attributes:
        image_id: The image.
        problem: What is wrong, with the file.
        remedy: What to do about it.
        alternative: What else would do, such as leaving the image out.
    """

    image_id: str
    problem: str
    remedy: str = ""
    alternative: str = ""

    @property
    def message(self) -> str:
        """All three parts."""
        return " ".join(filter(None, (self.problem, self.remedy, self.alternative)))


@dataclass(frozen=True)
class Closeup:
    """Where in a label map its classes and ids lie.

    Attributes:
        top: int64 ``(256,)``: pixels by class index in the top tenth of the rows.
        bottom: int64 ``(256,)``: likewise in the bottom tenth.
        id_pixels: Pixels by raw id; by class index where the data set does not give ids.
        id_between: How many of these lie strictly between the values of their two neighbours in a row or a
            column, as interpolated values do.
    """

    top: NDArray[np.int64]
    bottom: NDArray[np.int64]
    id_pixels: NDArray[np.int64]
    id_between: NDArray[np.int64]


@dataclass(frozen=True)
class LabelEvidence:
    """What was found in one usable label map.

    Attributes:
        pixels: int64 ``(256,)``: pixels by class index, 255 for void.
        ids: The raw ids in the file; empty where the data set does not give them.
        closeup: More, for the few label maps that are looked at closely.
    """

    pixels: NDArray[np.int64]
    ids: frozenset[int] = frozenset()
    closeup: Closeup | None = None


@dataclass(frozen=True)
class Findings:
    """What was found in one image and its label map.

    Attributes:
        faults: What is wrong.
        size: Height and width, or None where they cannot be used.
        label: None where the label map was not read or cannot be used.
    """

    faults: tuple[Fault, ...]
    size: Size | None
    label: LabelEvidence | None = None


@dataclass
class _Faults:
    """Collects what is wrong with one image; what is told twice is kept once."""

    image_id: str
    found: list[Fault] = field(default_factory=list)

    def attempt(self, read: Callable[[], _T]) -> _T | None:
        try:
            return read()
        except DataError as error:
            self.add(error.problem, error.remedy, error.alternative)
            return None

    def add(self, problem: str, remedy: str, alternative: str = "") -> None:
        fault = Fault(self.image_id, problem, remedy, alternative)
        if fault not in self.found:
            self.found.append(fault)


def examine_headers(dataset: Dataset, index: int) -> Findings:
    """Read the headers of one image and its label map."""
    faults = _Faults(dataset.image_id(index))
    size = faults.attempt(lambda: dataset.size(index))
    return Findings(tuple(faults.found), size)


def examine_label(dataset: Dataset, index: int, space: LabelSpace, *, closely: bool = False) -> Findings:
    """Read the headers of one image and decode its label map.

    Args:
        dataset: The split.
        index: The image's index.
        space: The label space of its label maps.
        closely: Whether a `Closeup` is made.
    """
    return _examine(dataset, index, space, decodes_image=False, closely=closely)


def examine(dataset: Dataset, index: int, space: LabelSpace, *, closely: bool = False) -> Findings:
    """Decode one image and its label map; arguments as for `examine_label`."""
    return _examine(dataset, index, space, decodes_image=True, closely=closely)


def _examine(
    dataset: Dataset, index: int, space: LabelSpace, *, decodes_image: bool, closely: bool
) -> Findings:
    faults = _Faults(dataset.image_id(index))
    size = faults.attempt(lambda: dataset.size(index))
    if decodes_image and (image := faults.attempt(lambda: dataset.image(index))) is not None:
        _check_shape(faults, "image", image.shape, size)
    found = faults.attempt(lambda: _label_and_ids(dataset, index)) if is_labelled(dataset) else None
    evidence = None
    if found is not None:
        label, ids = found
        _check_shape(faults, "label map", label.shape, size)
        pixels = np.bincount(label.ravel(), minlength=256)
        if _check_classes(faults, pixels, space):
            seen = (
                frozenset() if ids is None else frozenset(np.flatnonzero(np.bincount(ids.ravel())).tolist())
            )
            closeup = _closeup(label, label if ids is None else ids) if closely else None
            evidence = LabelEvidence(pixels, frozenset(seen), closeup)
    return Findings(tuple(faults.found), size, evidence)


def _label_and_ids(
    dataset: Dataset, index: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | NDArray[np.uint16] | None]:
    if isinstance(dataset, ChecksIds):
        return dataset.label_and_ids(index)
    return dataset.label(index), None


def _check_shape(faults: _Faults, what: str, shape: tuple[int, ...], size: Size | None) -> None:
    if size is not None and shape[:2] != size:
        faults.add(
            f"The {what} of {faults.image_id} is {shape[0]} x {shape[1]} pixels (height x width), not "
            f"{size[0]} x {size[1]}.",
            "Image and label map must have the same size.",
        )


def _check_classes(faults: _Faults, pixels: NDArray[np.int64], space: LabelSpace) -> bool:
    """Return whether all values are classes or void."""
    known = len(space.classes)
    foreign = np.flatnonzero(pixels[known:IGNORE_INDEX]) + known
    if foreign.size:
        listed = ", ".join(map(str, foreign.tolist()))
        faults.add(
            f"The label map of {faults.image_id} holds classes that label space {space.name} does not have: "
            f"{listed}.",
            f"Use indices 0-{known - 1}, and {IGNORE_INDEX} for void.",
        )
    return not foreign.size


def _closeup(label: NDArray[np.uint8], ids: NDArray[np.uint8] | NDArray[np.uint16]) -> Closeup:
    band = max(1, label.shape[0] // _BAND)
    between = np.zeros(ids.shape, bool)
    for inner, values in ((between[:, 1:-1], ids), (between.T[:, 1:-1], ids.T)):
        before, here, after = values[:, :-2], values[:, 1:-1], values[:, 2:]
        inner |= ((before < here) & (here < after)) | ((before > here) & (here > after))
    return Closeup(
        top=np.bincount(label[:band].ravel(), minlength=256),
        bottom=np.bincount(label[-band:].ravel(), minlength=256),
        id_pixels=np.bincount(ids.ravel(), minlength=65536),
        id_between=np.bincount(ids[between], minlength=65536),
    )


@dataclass
class SplitEvidence:
    """What was found in the usable label maps of a split, added up.

    Attributes:
        label_maps: How many were read.
        pixels: int64 ``(256,)``: pixels by class index, 255 for void.
        showing: int64 ``(256,)``: label maps with such a pixel.
        ids: Raw id to the number of label maps that show it; empty where the data set does not give ids.
        closeups: Of the few that were looked at closely.
    """

    label_maps: int = 0
    pixels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, np.int64))
    showing: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, np.int64))
    ids: Counter[int] = field(default_factory=Counter)
    closeup: Closeup | None = None

    def add(self, label: LabelEvidence) -> None:
        """Add one label map."""
        self.label_maps += 1
        self.pixels += label.pixels
        self.showing += label.pixels > 0
        self.ids.update(label.ids)
        if label.closeup is not None:
            self.closeup = _sum(self.closeup, label.closeup)


def _sum(first: Closeup | None, second: Closeup) -> Closeup:
    if first is None:
        return second
    return Closeup(
        first.top + second.top,
        first.bottom + second.bottom,
        first.id_pixels + second.id_pixels,
        first.id_between + second.id_between,
    )
