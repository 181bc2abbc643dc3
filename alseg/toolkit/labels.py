"""Label spaces: checking them, translating label maps between them by class name, and colouring them."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import IGNORE_INDEX, ClassInfo, LabelSpace
from alseg.errors import unknown_name

MOST_CLASSES = 254
"""Indices 0-253 are classes; 254 stays free for data sets to mark undefined ids, 255 is void."""


def canonical_name(name: str) -> str:
    """Return the form in which class names are compared: lower case, single spaces for ``_`` and ``-``.

    Args:
        name: Name of a class.
    """
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())


def translated(label: NDArray[np.uint8], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return ``table[label]``, in half the time that NumPy takes.

    Args:
        label: uint8 of any shape.
        table: uint8 ``(256,)``.

    Returns:
        uint8 of the same shape, writable.
    """
    values = bytearray(np.ascontiguousarray(label)).translate(table.tobytes())
    return np.frombuffer(values, np.uint8).reshape(label.shape)


def check_label_space(space: LabelSpace) -> None:
    """Refuse a label space that cannot be used.

    Args:
        space: The label space.

    Raises:
        ValueError: If there is no class or more than 254, two classes share a name, a colour is not three
            numbers 0-255, two classes include the same name, a class includes another class of the space,
            or a subset is empty, repeats a class or names one that does not exist.
    """
    where = f"label space '{space.name}'"
    if not 1 <= len(space.classes) <= MOST_CLASSES:
        raise ValueError(f"{where} has {len(space.classes)} classes; 1 to {MOST_CLASSES} are possible")
    names = [canonical_name(name) for name in space.names]
    if repeated := _repeated(names):
        raise ValueError(f"{where} has two classes named '{repeated}'")
    for info in space.classes:
        if len(info.color) != 3 or not all(0 <= channel <= 255 for channel in info.color):
            raise ValueError(
                f"{where}: the color of '{info.name}' is {info.color}; it must be three numbers 0-255"
            )
    parts = [canonical_name(part) for info in space.classes for part in info.includes]
    if repeated := _repeated(parts):
        raise ValueError(f"{where} includes '{repeated}' twice")
    if own := sorted(set(parts) & set(names)):
        raise ValueError(f"{where} includes '{own[0]}' in another class, but has a class of that name itself")
    for subset in space.subsets:
        indices = subset_indices(space, subset)
        if not indices or len(set(indices)) < len(indices):
            raise ValueError(f"{where}: subset '{subset}' is empty or names a class twice")


def subset_indices(space: LabelSpace, subset: str) -> tuple[int, ...]:
    """Return the class indices of a named subset, in the subset's order.

    Args:
        space: The label space.
        subset: Name of one of its subsets.

    Raises:
        ValueError: If the label space has no such subset, or the subset names a class it does not have.
    """
    if subset not in space.subsets:
        raise ValueError(unknown_name(f"subset of label space '{space.name}'", subset, space.subsets))
    index_of = {canonical_name(name): index for index, name in enumerate(space.names)}
    for name in space.subsets[subset]:
        if canonical_name(name) not in index_of:
            text = unknown_name(
                f"class in subset '{subset}' of label space '{space.name}'", name, space.names
            )
            raise ValueError(text)
    return tuple(index_of[canonical_name(name)] for name in space.subsets[subset])


def translation(source: LabelSpace, target: LabelSpace) -> NDArray[np.uint8]:
    """Return the look-up table from source to target class indices, by class name.

    For each source class, the first rule that applies:

    1. A target class of the same name. Taken as the same class even where one side is drawn wider (CamVid's
       ``car`` holds trucks too).
    2. The target class that includes it (Cityscapes' ``terrain`` becomes CamVid's ``tree``).
    3. If all that the source class includes ends up in one and the same target class, that one (CamVid's
       ``pedestrian`` becomes ``person``).
    4. Void. A class whose parts would go different ways, or some of whose parts the target space does not
       have, is never guessed.

    Case, ``_`` and ``-`` make no difference to names.

    Args:
        source: The label space that is translated from.
        target: The label space that is translated to.

    Returns:
        uint8 ``(256,)``; 255 stays 255, and indices that the source space does not have become 255.
    """
    table = np.full(256, IGNORE_INDEX, np.uint8)
    by_name = {canonical_name(name): index for index, name in enumerate(target.names)}
    by_part = {
        canonical_name(part): index for index, info in enumerate(target.classes) for part in info.includes
    }
    place = by_part | by_name
    for index, info in enumerate(source.classes):
        table[index] = _place_of(info, place)
    return table


def untranslated(source: LabelSpace, target: LabelSpace) -> tuple[str, ...]:
    """Return the names of the source classes that `translation` turns into void, in order.

    Args:
        source: The label space that is translated from.
        target: The label space that is translated to.
    """
    table = translation(source, target)
    return tuple(name for index, name in enumerate(source.names) if table[index] == IGNORE_INDEX)


def unreachable(source: LabelSpace, target: LabelSpace) -> tuple[str, ...]:
    """Return the names of the target classes to which `translation` maps no source class, in order.

    Args:
        source: The label space that is translated from.
        target: The label space that is translated to.
    """
    reached = set(translation(source, target).tolist())
    return tuple(name for index, name in enumerate(target.names) if index not in reached)


def colorize(label: NDArray[np.uint8], label_space: LabelSpace) -> NDArray[np.uint8]:
    """Return the colours of a label map.

    Args:
        label: uint8 ``(H, W)``, class indices of ``label_space`` or 255.
        label_space: Gives the colours.

    Returns:
        uint8 RGB ``(H, W, 3)``; void is black.

    Raises:
        ValueError: If ``label`` holds an index that the label space does not have.
    """
    foreign = np.flatnonzero(
        np.bincount(label.ravel(), minlength=256)[len(label_space.classes) : IGNORE_INDEX]
    )
    if foreign.size:
        index = int(foreign[0]) + len(label_space.classes)
        raise ValueError(
            f"label holds index {index}; '{label_space.name}' has {len(label_space.classes)} classes"
        )
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(label_space.classes)] = [info.color for info in label_space.classes]
    return palette[label]


def palette(count: int) -> tuple[tuple[int, int, int], ...]:
    """Return RGB colours, each 0-255, for classes that have none: those of PASCAL VOC without black.

    Args:
        count: How many, at most 254; all differ.
    """
    return tuple(_voc_color(index) for index in range(1, count + 1))


def _voc_color(index: int) -> tuple[int, int, int]:
    """Spread the bits of a number over the three channels, the lowest ones highest."""
    channels = [0, 0, 0]
    for place in range(8):
        for channel in range(3):
            channels[channel] |= (index >> (3 * place + channel) & 1) << (7 - place)
    return channels[0], channels[1], channels[2]


def _place_of(info: ClassInfo, place: dict[str, int]) -> int:
    name = canonical_name(info.name)
    if name in place:
        return place[name]
    ends = {place.get(canonical_name(part), IGNORE_INDEX) for part in info.includes}
    return ends.pop() if len(ends) == 1 else IGNORE_INDEX


def _repeated(names: list[str]) -> str | None:
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    return name if count > 1 else None
