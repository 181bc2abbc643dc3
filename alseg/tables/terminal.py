"""A comparison on a terminal: scores and costs, then classes, then what else was asked for, then notes."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from alseg.analysis.comparison import Comparison
from alseg.tables.columns import (
    class_columns,
    cost_columns,
    difference_columns,
    fill,
    group_columns,
    legend,
    method_column,
    score_columns,
    seeds_column,
)
from alseg.tables.learnt import BOUGHT, all_blind, bought_columns, learnt_columns
from alseg.tables.rankings import standings
from alseg.text.display import WIDEST_PROSE, wrap
from alseg.text.layout import lay_out
from alseg.text.printable import printable


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print tables and notes. The best values carry a star, and are bold where the console allows it.

    Args:
        comparison: What to print.
        console: Its width decides how many tables there are and how titles read.
    """
    for line in _lines(comparison, console.width):
        console.print(line, soft_wrap=True)


def _lines(comparison: Comparison, width: int) -> list[Text]:
    lines: list[Text] = []
    for scenario in comparison.scenarios:
        rows = [row for row in comparison.lines if row.scenario == scenario]
        names = fill([method_column()], rows)
        blind = all_blind(rows)
        scores = [
            *group_columns(comparison),
            *([] if blind else [*score_columns(comparison), *difference_columns(comparison)]),
            *learnt_columns(rows),
            seeds_column(),
        ]
        lines += [*_title(_about(comparison, scenario), width), Text()]
        lines += [*lay_out(names, [fill(scores, rows), fill(cost_columns(), rows)], width), Text()]
        if not blind:
            lines += [*lay_out(names, [fill(class_columns(comparison), rows)], width, gap=1), Text()]
        if blind or comparison.bought:
            bought = fill(bought_columns(comparison.classes), rows)
            lines += [*_title(BOUGHT, width), Text(), *lay_out(names, [bought], width, gap=1), Text()]
    for title, (names_of_methods, *columns) in standings(comparison):
        lines += [*_title(title, width), Text()]
        lines += [*lay_out([names_of_methods], [columns], width), Text()]
    for note in (legend(comparison, "*"), *comparison.notes):
        lines += map(Text, wrap(printable(note), min(width, WIDEST_PROSE), "", "  "))
    return lines


def _title(text: str, width: int) -> list[Text]:
    return [Text(line, style="bold") for line in wrap(printable(text), width)]


def _about(comparison: Comparison, scenario: str) -> str:
    experiments = ", ".join(
        dict.fromkeys(row.experiment for row in comparison.rows if row.scenario == scenario)
    )
    parts = (scenario, comparison.label_space, comparison.round_text, comparison.images_text(scenario))
    return f"{experiments}: {', '.join(filter(None, parts))}"
