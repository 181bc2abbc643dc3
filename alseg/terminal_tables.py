"""A comparison on a terminal: methods and costs, then classes in as many tables as the width asks for."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from alseg.comparison import Comparison, PublishedRow, Row
from alseg.tables import (
    Cell,
    Column,
    class_columns,
    clean,
    cost_columns,
    difference_columns,
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
        console.print(
            _table(rows, [*score_columns(comparison), *difference_columns(comparison), *cost_columns()], 2)
        )
        for part in _parts(rows, class_columns(comparison), console.width):
            console.print()
            console.print(_table(rows, part, 1))
        console.print()
    for note in (legend(comparison), *comparison.notes):
        console.print(Text(clean(note)))


def _title(comparison: Comparison, scenario: str) -> str:
    experiments = ", ".join(
        dict.fromkeys(row.experiment for row in comparison.rows if row.scenario == scenario)
    )
    when = "last round" if comparison.round is None else f"round {comparison.round}"
    return clean(f"{experiments}: {scenario}, {comparison.label_space}, {when}")


def _table(rows: Sequence[Row | PublishedRow], columns: Sequence[Column], gap: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, gap - 1, 0, 0))
    method = method_column()
    # Only the first column gives way where a terminal is narrow: numbers are never cut.
    table.add_column(Text(method.title), vertical="bottom", overflow="fold", min_width=8)
    for column in columns:
        table.add_column(
            Text(column.title.replace("/", "/\n")), justify="right", no_wrap=True, vertical="bottom"
        )
    for row in rows:
        table.add_row(Text(method.cell(row).text), *(_show(column.cell(row)) for column in columns))
    return table


def _show(cell: Cell) -> Text:
    return Text(f"*{cell.text}", style="bold") if cell.best else Text(cell.text)


def _parts(rows: Sequence[Row | PublishedRow], columns: Sequence[Column], width: int) -> list[list[Column]]:
    """Divide the columns into few tables that fit; names are shortened where one is not enough."""
    longest = max(cell_len(method_column().cell(row).text) for row in rows)
    available = max(1, width - min(longest, width // 3))
    if sum(_width(column, rows) for column in columns) <= available:
        return [list(columns)]
    titles = _short([column.title for column in columns])
    columns = [column._replace(title=title) for title, column in zip(titles, columns, strict=True)]
    for count in range(2, len(columns)):
        size = math.ceil(len(columns) / count)
        parts = [list(columns[start : start + size]) for start in range(0, len(columns), size)]
        if all(sum(_width(column, rows) for column in part) <= available for part in parts):
            return parts
    return [[column] for column in columns]


def _width(column: Column, rows: Sequence[Row | PublishedRow]) -> int:
    texts = [column.title, *(_show(column.cell(row)).plain for row in rows)]
    return 1 + max(cell_len(text) for text in texts)


def _short(names: Sequence[str]) -> list[str]:
    """Shorten class names as papers do, ``traffic light`` to ``light``, where the result stays unique."""
    short = [_shortened(name) for name in names]
    return [name if short.count(brief) > 1 else brief for name, brief in zip(names, short, strict=True)]


def _shortened(name: str) -> str:
    last = name.split()[-1] if name.split() else name
    return last if len(last) <= _SHORT_NAME else f"{last[: _SHORT_NAME - 1]}."
