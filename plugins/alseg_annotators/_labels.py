"""What classes are called in an annotation tool: those of the label space, and one label for void."""

from __future__ import annotations

from typing import Any

from alseg import IGNORE_INDEX, LabelSpace
from alseg_annotators._place import Place, shown

_VOID_COLOR = (128, 128, 128)


class ClassLabels:
    """The labels of a tool.

    Attributes:
        void: The label of pixels that are no class, ``void`` or, where a class has that name, ``no class``.
        colors: Label to RGB, in the order of the class indices; void is last.
        indices: Label to class index, in the same order; 255 for void.

    Args:
        label_space: The classes.
        void_color: RGB of void.
    """

    def __init__(self, label_space: LabelSpace, void_color: tuple[int, int, int] = _VOID_COLOR) -> None:
        is_taken = "void" in (name.lower() for name in label_space.names)
        self.void = "no class" if is_taken else "void"
        self.colors = {info.name: info.color for info in label_space.classes}
        self.colors[self.void] = void_color
        self.indices = {name: index for index, name in enumerate(label_space.names)}
        self.indices[self.void] = IGNORE_INDEX
        self._name = {index: name for name, index in self.indices.items()}

    def name(self, index: int) -> str:
        """Return the label of a class index, 255 for void."""
        return self._name[index]

    def index(self, label: Any, place: Place) -> int:
        """Return the class index of a label, 255 for void.

        Raises:
            AnswerFileError: If there is no such label.
        """
        if not isinstance(label, str) or label not in self.indices:
            raise place.error(
                f"unknown class {shown(label)}.",
                f"Use the classes of the task: {', '.join(self.indices)}.",
            )
        return self.indices[label]


def hex_color(color: tuple[int, int, int]) -> str:
    """Return RGB as tools write it, such as ``#804080``."""
    return "#{:02x}{:02x}{:02x}".format(*color)
