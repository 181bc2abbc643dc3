"""A comparison on a terminal: methods and costs, then classes in as many tables as the width asks for."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from alseg.comparison import Comparison
from alseg.standing_tables import standings
from alseg.tables import (
    Cell,
    Filled,
    class_columns,
    clean,
    cost_columns,
    difference_columns,
    fill,
    group_columns,
    legend,
    method_column,
    score_columns,
)

_SHORT_NAME = 6


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print tables and notes. The best values carry a star, and are bold where the console allows it.

    Args:
        comparison: What to print.
        console: Its width decides how many classes stand side by side.
    """
    for scenario in comparison.scenarios:
        rows = [row for row in comparison.lines if row.scenario == scenario]
        console.print(Text(_title(comparison, scenario), style="bold"))
        console.print()
        (names,) = fill([method_column()], rows)
        numbers = [
            *group_columns(comparison),
            *score_columns(comparison),
            *difference_columns(comparison),
            *cost_columns(),
        ]
        console.print(_table(names, fill(numbers, rows), 2))
        for part in _parts(names, fill(class_columns(comparison), rows), console.width):
            console.print()
            console.print(_table(names, part, 1))
        console.print()
    for title, (names, *columns) in standings(comparison):
        console.print(Text(title, style="bold"))
        console.print()
        for part in _parts(names, columns, console.width, 2):
            console.print(_table(names, part, 2))
            console.print()
    for note in (legend(comparison), *comparison.notes):
        console.print(Text(clean(note)))


def _title(comparison: Comparison, scenario: str) -> str:
    experiments = ", ".join(
        dict.fromkeys(row.experiment for row in comparison.rows if row.scenario == scenario)
    )
    return clean(f"{experiments}: {scenario}, {comparison.label_space}, {comparison.round_text}")


def _table(names: Filled, columns: Sequence[Filled], gap: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, gap - 1, 0, 0))
    # Only the first column gives way where a terminal is narrow: numbers are never cut.
    table.add_column(Text(names.title), vertical="bottom", overflow="fold", min_width=8)
    for column in columns:
        table.add_column(
            Text(column.title.replace("/", "/\n")), justify="right", no_wrap=True, vertical="bottom"
        )
    for name, *cells in zip(names.cells, *(column.cells for column in columns), strict=True):
        table.add_row(Text(name.text), *map(_show, cells))
    return table


def _show(cell: Cell) -> Text:
    return Text(f"*{cell.text}", style="bold") if cell.best else Text(cell.text)


def _parts(names: Filled, columns: Sequence[Filled], width: int, gap: int = 1) -> list[list[Filled]]:
    """Divide the columns into few tables that fit; titles are shortened where one is not enough."""
    longest = max(cell_len(cell.text) for cell in names.cells)
    available = max(1, width - min(longest, width // 3))
    if sum(_width(column, gap) for column in columns) <= available:
        return [list(columns)]
    titles = _short([column.title for column in columns])
    columns = [column._replace(title=title) for title, column in zip(titles, columns, strict=True)]
    for count in range(2, len(columns)):
        size = math.ceil(len(columns) / count)
        parts = [list(columns[start : start + size]) for start in range(0, len(columns), size)]
        if all(sum(_width(column, gap) for column in part) <= available for part in parts):
            return parts
    return [[column] for column in columns]


def _width(column: Filled, gap: int) -> int:
    texts = [column.title, *(_show(cell).plain for cell in column.cells)]
    return gap + max(cell_len(text) for text in texts)


def _short(names: Sequence[str]) -> list[str]:
    """Shorten class names as papers do, ``traffic light`` to ``light``, where the result stays unique."""
    short = [_shortened(name) for name in names]
    return [name if short.count(brief) > 1 else brief for name, brief in zip(names, short, strict=True)]


def _shortened(name: str) -> str:
    last = name.split()[-1] if name.split() else name
    return last if len(last) <= _SHORT_NAME else f"{last[: _SHORT_NAME - 1]}."
