"""Tables of text at any width: whole names, whole numbers, and as many tables as that takes.

Every table that a command prints for people is laid out here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text

from alseg.text.display import wrap

_NAMES_SHARE = 0.4
"""Share of the width that names take at most where not everything fits beside them."""
_REMARK_INDENT = "    "


class Cell(NamedTuple):
    """One cell: its text, and whether it is the best of its column."""

    text: str
    best: bool = False


class Filled(NamedTuple):
    """One column with its cells, from top to bottom.

    Attributes:
        title: Stands above it.
        cells: One per row.
        align: ``left`` or ``right``.
        brief: Stands above it where the title takes too much room; the title itself if empty.
    """

    title: str
    cells: tuple[Cell, ...]
    align: str = "right"
    brief: str = ""


def column(title: str, texts: Sequence[str], align: str = "right") -> Filled:
    """Return a column without best cells."""
    return Filled(title, tuple(map(Cell, texts)), align)


class _Column(NamedTuple):
    """A column as it is printed: lines of its title, cells, and its width in terminal columns."""

    title: list[str]
    cells: list[Text]
    align: str
    width: int


class _Plan(NamedTuple):
    """A way to lay out columns: the width of names, and tables, each of some columns."""

    names: int
    tables: list[list[_Column]]


def lay_out(
    keys: Sequence[Filled],
    groups: Sequence[Sequence[Filled]],
    width: int,
    *,
    gap: int = 2,
    remarks: Sequence[str] = (),
) -> list[Text]:
    """Return the lines of one table or, where it would be too wide, of several with an empty line between.

    Titles break at spaces first, then give way to their brief forms. Names break at spaces and are never
    cut; a name with a word that leaves no room for numbers has a line of its own. Numbers are never broken.

    Args:
        keys: Columns that every table begins with, the names first.
        groups: Columns that belong together: all stand in one table, or each group has tables of its own.
        width: Columns of the terminal.
        gap: Spaces between columns.
        remarks: One text per row, or none: beside its row where there is room, else below it.
    """
    groups = [group for group in groups if group] or [[]]
    plan = _in_one(keys, [one for group in groups for one in group], width, gap)
    if plan is not None:
        return list(_lines(keys, plan, width, gap, remarks))
    lines: list[Text] = []
    for number, group in enumerate(groups):
        lines += [Text()] if lines else []
        plan = _best_plan(keys, group, width, gap)
        lines += _lines(keys, plan, width, gap, () if number else remarks)
        lines += map(Text, _explained(group, plan, width))
    return lines


def _in_one(keys: Sequence[Filled], columns: Sequence[Filled], width: int, gap: int) -> _Plan | None:
    """Return one table with whole names and titles, or None if it does not fit."""
    names = _widest(cell.text for cell in keys[0].cells)
    for level in (0, 1):
        shown = [_shown(one, level) for one in columns]
        if _start(keys, names, gap) + sum(gap + one.width for one in shown) <= width:
            return _Plan(names, [shown])
    return None


def _best_plan(keys: Sequence[Filled], columns: Sequence[Filled], width: int, gap: int) -> _Plan:
    """Return the plan with the fewest lines; among equal ones that with the longest names and titles."""
    texts = [cell.text for cell in keys[0].cells]
    whole, limit = _widest(texts), max(cell_len(keys[0].title), int(_NAMES_SHARE * width))
    wrapped = max((_widest(wrap(text, limit)) for text in texts if _longest_word(text) <= limit), default=0)
    best: tuple[tuple[bool, int], _Plan] | None = None
    for names in dict.fromkeys((whole, wrapped)):
        for level in (0, 1, 2):
            shown = [_shown(one, level) for one in columns]
            room = width - _start(keys, names, gap)
            tables = _divided(shown, room, gap)
            too_wide = any(sum(gap + one.width for one in table) > room for table in tables)
            rows = sum(len(_name_lines(text, names, width)) for text in texts)
            cost = (too_wide, len(tables) * (rows + 3))
            if best is None or cost < best[0]:
                best = cost, _Plan(names, tables)
    assert best is not None
    return best[1]


def _divided(columns: Sequence[_Column], room: int, gap: int) -> list[list[_Column]]:
    """Divide columns into few tables, of equal numbers of columns where that fits."""
    tables: list[list[_Column]] = []
    left = -1
    for one in columns:
        if gap + one.width > left or not tables:
            tables.append([])
            left = room
        tables[-1].append(one)
        left -= gap + one.width
    if len(tables) < 2:
        return tables or [[]]
    size = math.ceil(len(columns) / len(tables))
    equal = [list(columns[start : start + size]) for start in range(0, len(columns), size)]
    fits = all(sum(gap + one.width for one in table) <= room for table in equal)
    return equal if fits else tables


def _start(keys: Sequence[Filled], names: int, gap: int) -> int:
    """Return how many columns the keys take, names being so wide."""
    return max(names, cell_len(keys[0].title)) + sum(gap + _shown(key, 0).width for key in keys[1:])


def _shown(filled: Filled, level: int) -> _Column:
    """Return a column with its title as it is (level 0), broken at spaces (1), or brief and broken (2)."""
    cells = [Text(f"*{cell.text}", style="bold") if cell.best else Text(cell.text) for cell in filled.cells]
    widest = _widest(cell.plain for cell in cells)
    text = filled.brief if level == 2 and filled.brief else filled.title
    parts = text.replace("/", "/\n").split("\n")
    if level:
        room = max([widest, *map(_longest_word, parts)])
        parts = [line for part in parts for line in wrap(part, room)]
    return _Column(parts, cells, filled.align, max(widest, _widest(parts)))


def _lines(
    keys: Sequence[Filled], plan: _Plan, width: int, gap: int, remarks: Sequence[str]
) -> Iterator[Text]:
    for number, table in enumerate(plan.tables):
        if number:
            yield Text()
        shown = [*(_shown(key, 0) for key in keys[1:]), *table]
        yield from _table(keys[0], max(plan.names, cell_len(keys[0].title)), shown, width, gap, remarks)
        remarks = ()


def _table(
    names: Filled, first: int, columns: Sequence[_Column], width: int, gap: int, remarks: Sequence[str]
) -> Iterator[Text]:
    """Yield the lines of one table, names being so wide; remarks follow their rows."""
    height = max([1, *(len(one.title) for one in columns)])
    for line in range(height):
        title = names.title if line == height - 1 else ""
        cells = [Text(_from_below(one.title, height)[line]) for one in columns]
        yield _line(Text(title), first, cells, columns, gap)
    total = first + sum(gap + one.width for one in columns)
    yield Text("─" * total)
    for row, name in enumerate(names.cells):
        *above, last = _name_lines(name.text, first, width)
        yield from map(Text, above)
        line_of_row = _line(Text(last), first, [one.cells[row] for one in columns], columns, gap)
        remark = remarks[row] if remarks else ""
        is_beside = bool(remark) and total + gap + cell_len(remark) <= width
        if is_beside:
            line_of_row.pad_right(total + gap - line_of_row.cell_len)
            line_of_row.append(remark)
        yield line_of_row
        if remark and not is_beside:
            yield from map(Text, wrap(remark, width, _REMARK_INDENT, _REMARK_INDENT))


def _line(name: Text, first: int, cells: Sequence[Text], columns: Sequence[_Column], gap: int) -> Text:
    line = name
    line.pad_right(first - name.cell_len)
    for cell, one in zip(cells, columns, strict=True):
        space = " " * (one.width - cell.cell_len)
        line.append(" " * gap)
        line = line + space + cell if one.align == "right" else line + cell + space
    line.rstrip()
    return line


def _from_below(lines: Sequence[str], height: int) -> list[str]:
    return [*[""] * (height - len(lines)), *lines]


def _name_lines(name: str, room: int, width: int) -> list[str]:
    """Return the lines of a name; the last is empty where a word of it is too wide to have numbers beside."""
    if _longest_word(name) > room:
        return [*wrap(name, width), ""]
    return wrap(name, room)


def _explained(columns: Sequence[Filled], plan: _Plan, width: int) -> Iterator[str]:
    """Say below the tables what brief titles stand for that do not show it."""
    used = {" ".join(one.title) for table in plan.tables for one in table}
    for filled in columns:
        stem = filled.brief.removesuffix(".")
        is_plain = any(word.startswith(stem) for word in filled.title.split())
        if filled.brief in used and filled.brief != filled.title and not is_plain:
            yield from wrap(f"{filled.brief}: {filled.title}", width, "", "  ")


def _widest(texts: Sequence[str] | Iterator[str]) -> int:
    return max(map(cell_len, texts), default=0)


def _longest_word(text: str) -> int:
    return _widest(text.split())
