"""What label files mean: from parameters to class names, and to the code that reads the files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from annotated_types import Interval

from alseg import IGNORE_INDEX, AlsegError, ClassInfo, LabelSpace, toolkit, unknown_name
from alseg_folder.tables import Color, beside, read_classes

if TYPE_CHECKING:
    from alseg.toolkit.label_files import LabelFiles

_Channel = Annotated[int, Interval(ge=0, le=255)]
_Id = Annotated[int, Interval(ge=0, le=65_535)]
_Color = tuple[_Channel, _Channel, _Channel]

IdTable = str | list[str | None] | dict[str, str | None]
ColorTable = str | dict[str, _Color | list[_Color]]
Void = list[_Id | str | _Color]

_HIGHEST_ID = 65_535


@dataclass
class Classes:
    """The classes of label files.

    Attributes:
        names: In order of their indices.
        ids: Id to index, 255 for void.
        colors: Colour to index, 255 for void.
        shown: Colours of classes for pictures, by name.
    """

    names: list[str] = field(default_factory=list)
    ids: dict[int, int] = field(default_factory=dict)
    colors: dict[Color, int] = field(default_factory=dict)
    shown: dict[str, Color] = field(default_factory=dict)

    def index(self, name: str) -> int:
        """Return the index of a class, a new one where the name is new."""
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def label_space(self) -> LabelSpace:
        """Return the classes as a label space; classes without a colour get one that no other has."""
        taken = set(self.shown.values())
        spare = [
            color
            for color in toolkit.labels.palette(min(len(self.names) + len(taken), 254))
            if color not in taken
        ]
        infos = [ClassInfo(name, self.shown.get(name) or spare.pop(0)) for name in self.names]
        return LabelSpace(f"folder-{len(infos)}", "Classes of label files.", "experiment file", tuple(infos))


def read_parameters(
    root: Path,
    *,
    labels: str | dict[str, str] | None,
    ids: IdTable | None,
    colors: ColorTable | None,
    void: Void | None,
    offset: int,
    background: str | None,
) -> Classes | None:
    """Return the classes that parameters give; None where they give none.

    Raises:
        AlsegError: If parameters contradict each other.
        DataError: If a table cannot be read.
    """
    masks, void = isinstance(labels, dict), void or []
    if sum((masks, ids is not None, colors is not None)) > 1:
        raise AlsegError(
            "Data set 'folder' was given more than one of 'ids', 'colors' and a mapping 'labels'. "
            "Keep the one that says how your label files are made."
        )
    classes, void_names = Classes(), {one for one in void if isinstance(one, str)}
    if background is not None:
        classes.index(background)
    if isinstance(labels, dict):
        for name in labels:
            classes.index(name)
    elif ids is not None:
        _add_ids(classes, _id_rows(root, ids, classes), void_names, offset)
    elif colors is not None:
        _add_colors(classes, _color_rows(root, colors), void_names)
    else:
        return None
    for one in void:
        if isinstance(one, int):
            classes.ids[one] = IGNORE_INDEX
        elif not isinstance(one, str):
            classes.colors[one] = IGNORE_INDEX
    if not classes.names:
        raise AlsegError("Data set 'folder' has no class that is not void. Name the classes.")
    return classes


def label_files(
    classes: Classes,
    title: str,
    *,
    labels: str | dict[str, str] | None,
    ids: IdTable | None,
    others: str,
    background: str | None,
) -> LabelFiles:
    """Return what reads the label files; parameters as for `read_parameters`."""
    from alseg.toolkit.label_files import UNDEFINED, ColorLabels, IdLabels, MaskLabels, class_table

    rest = IGNORE_INDEX if others == "void" else UNDEFINED
    if background is not None:
        rest = classes.index(background)
    if isinstance(labels, dict):
        return MaskLabels(tuple(map(classes.index, labels)), IGNORE_INDEX if background is None else rest)
    if ids is not None:
        known = {number: index for number, index in classes.ids.items() if index != IGNORE_INDEX}
        void = frozenset(classes.ids) - frozenset(known)
        remedy = "Name them in 'ids' or 'void', or set 'others: void'."
        return IdLabels(class_table(known, void, rest), title, remedy=remedy)
    remedy = "Name them in 'colors' or 'void', or set 'others: void'."
    return ColorLabels(tuple(sorted(classes.colors.items())), title, rest, remedy)


def _id_rows(root: Path, ids: IdTable, classes: Classes) -> list[tuple[int, str | None]]:
    if isinstance(ids, str):
        rows = read_classes(beside(root, ids))
        classes.shown |= {row.name: row.color for row in rows if row.color is not None}
        return [(index if row.number is None else row.number, row.name) for index, row in enumerate(rows)]
    if isinstance(ids, dict):
        return [(_number(key), name) for key, name in ids.items()]
    return list(enumerate(ids))


def _add_ids(
    classes: Classes, rows: Sequence[tuple[int, str | None]], void_names: set[str], offset: int
) -> None:
    _check_void_names(void_names, [name for _, name in rows if name])
    for number, name in rows:
        found = number + offset
        if not 0 <= found <= _HIGHEST_ID:
            raise AlsegError(f"Id {found} of '{name}' cannot be in a file: ids are 0 to {_HIGHEST_ID}.")
        classes.ids[found] = IGNORE_INDEX if name is None or name in void_names else classes.index(name)


def _color_rows(root: Path, colors: ColorTable) -> list[tuple[str, Color]]:
    if isinstance(colors, str):
        rows = read_classes(beside(root, colors))
        lacking = next((row.name for row in rows if row.color is None), None)
        if lacking is not None:
            raise AlsegError(f"{beside(root, colors)} has no colour for '{lacking}'. Add columns r, g and b.")
        return [(row.name, row.color) for row in rows if row.color is not None]
    found: list[tuple[str, Color]] = []
    for name, given in colors.items():
        several = given if isinstance(given, list) else [given]
        found += [(name, color) for color in several]
    return found


def _add_colors(classes: Classes, rows: Sequence[tuple[str, Color]], void_names: set[str]) -> None:
    _check_void_names(void_names, [name for name, _ in rows])
    by_color: dict[Color, str] = {}
    for name, color in rows:
        if min(color) < 0 or max(color) > 255:
            raise AlsegError(
                f"{list(color)} of '{name}' is no colour. Give red, green and blue, 0 to 255 each."
            )
        if by_color.setdefault(color, name) != name:
            raise AlsegError(
                f"The colour {list(color)} is that of '{by_color[color]}' and of '{name}'. Keep one."
            )
        if name in void_names:
            classes.colors[color] = IGNORE_INDEX
            continue
        classes.colors[color] = classes.index(name)
        classes.shown.setdefault(name, color)


def _check_void_names(void_names: set[str], names: Sequence[str]) -> None:
    for name in sorted(void_names):
        if name not in names:
            raise AlsegError(unknown_name("class in 'void'", name, list(dict.fromkeys(names))))


def _number(key: str) -> int:
    if not (key.isascii() and key.isdigit()):
        raise AlsegError(
            f"'{key}' of 'ids' is no id. Write whole numbers and the classes they mean, such as 0: road."
        )
    return int(key)
