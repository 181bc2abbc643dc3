"""Classes as people write them: by name or by index, and void."""

from __future__ import annotations

from alseg import unknown_name
from alseg.contracts import LabelSpace
from alseg_annotators._labels import ClassLabels, hex_color

SEPARATOR = "|"
"""Between the classes of a set."""
VOID_COLOR = (0, 0, 0)
"""Colour of void in masks in colours."""


def class_table(space: LabelSpace) -> list[tuple[int, str, str]]:
    """Return index, name and colour such as ``#ff0000`` of every class, void last."""
    labels = ClassLabels(space, void_color=VOID_COLOR)
    return [(labels.indices[name], name, hex_color(color)) for name, color in labels.colors.items()]


def read_class(text: str, space: LabelSpace) -> int:
    """Return the index of a class, 255 for void.

    Args:
        text: A name, in any case, or an index.
        space: The classes.

    Raises:
        ValueError: If there is no such class; says which there are.
    """
    word = " ".join(text.split())
    indices = ClassLabels(space).indices
    known = {name.lower(): index for name, index in indices.items()}
    if word.lower() in known:
        return known[word.lower()]
    if word.isascii() and word.isdigit() and len(word) < 4 and int(word) in known.values():
        return int(word)
    raise ValueError(unknown_name("class", word[:80], tuple(indices)))


def read_classes(text: str, space: LabelSpace) -> frozenset[int]:
    """Return the indices of classes between bars, such as ``road|car``.

    Raises:
        ValueError: If one is none.
    """
    return frozenset(read_class(part, space) for part in text.split(SEPARATOR))
