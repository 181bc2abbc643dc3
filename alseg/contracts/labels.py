"""Label spaces: the class sets in which labels and results are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ClassInfo:
    """One class of a label space.

    Attributes:
        name: The class name in the field's usual spelling, such as ``traffic light``.
        color: RGB, each 0-255, of colour predictions and legends.
        includes: Names of classes in other label spaces that are part of this one, such as ``terrain`` for
            CamVid's ``tree``. Used to translate label maps by class name.
    """

    name: str
    color: tuple[int, int, int]
    includes: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelSpace:
    """The class set in which results are given; a class's index is its place in ``classes``.

    Attributes:
        name: Such as ``cityscapes-19``.
        summary: One line.
        source: The paper or site that defines it.
        classes: In the order in which tables show them.
        subsets: Named groups of class names over which a second mean is usual, such as ``13`` for SYNTHIA.
    """

    name: str
    summary: str
    source: str
    classes: tuple[ClassInfo, ...]
    subsets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The class names in order."""
        return tuple(info.name for info in self.classes)
