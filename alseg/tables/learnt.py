"""Columns that need no evaluation labels: what was bought and how answers were predicted."""

from __future__ import annotations

from collections.abc import Sequence

from alseg.analysis.learnt import Learnt
from alseg.analysis.row import PublishedRow, Row
from alseg.tables.columns import NOTHING, Column, with_interval
from alseg.text.abbreviations import short_names
from alseg.text.layout import Cell
from alseg.text.printable import printable

ESTIMATE = "Estimate from N held-out answers"
"""What the mean IoU over held-out answers is called."""

BOUGHT = "Bought pixels of each class, in percent of those with a class"
"""Stands above the columns of `bought_columns`."""


def learnt_columns(lines: Sequence[Row | PublishedRow]) -> list[Column]:
    """Return what is known of rows without evaluation labels; no column where all rows have some.

    Columns without any number are left out.

    Args:
        lines: The rows shown.
    """
    found = [row.learnt for row in lines if isinstance(row, Row) and row.learnt is not None]
    columns = []
    if any(each.classes is not None for each in found):
        columns.append(Column("Classes bought", lambda row: Cell(_classes(row)), brief="Classes"))
    if any(each.new_answers is not None for each in found):
        columns += [
            Column("Accuracy on new answers", lambda row: Cell(_new_answers(row.learnt, "accuracy"))),
            Column("mIoU on new answers", lambda row: Cell(_new_answers(row.learnt, "miou"))),
        ]
    if any(each.estimate is not None for each in found):
        columns.append(Column(ESTIMATE, lambda row: Cell(_estimate(row.learnt))))
    return columns


def bought_columns(classes: Sequence[str], start: str = "") -> list[Column]:
    """Return one column per class with its share of the bought pixels that have a class.

    Args:
        classes: The classes shown.
        start: Begins each title, where nothing above the table says what it shows.
    """

    def column(name: str, brief: str) -> Column:
        return Column(printable(f"{start}{name}"), lambda row: Cell(_bought(row, name)), brief=brief)

    return list(map(column, classes, short_names(list(map(printable, classes)))))


def all_blind(lines: Sequence[Row | PublishedRow]) -> bool:
    """Whether there is no IoU to show: no row has evaluation labels, and none is published."""
    return not any(isinstance(row, PublishedRow) or row.evaluated for row in lines) and any(
        isinstance(row, Row) and row.learnt is not None for row in lines
    )


def _classes(row: Row) -> str:
    if row.learnt is None or row.learnt.classes is None:
        return NOTHING
    count = row.learnt.classes
    return f"{count:.0f}" if count == round(count) else f"{count:.1f}"


def _new_answers(learnt: Learnt | None, name: str) -> str:
    return with_interval(getattr(learnt.new_answers, name) if learnt and learnt.new_answers else None)


def _estimate(learnt: Learnt | None) -> str:
    estimate = learnt.estimate if learnt is not None else None
    if estimate is None or estimate.miou is None:
        return NOTHING
    bounds = "" if estimate.low is None else f" [{estimate.low:.1f}, {estimate.high:.1f}]"
    return f"{estimate.miou.mean:.1f}{bounds} N={estimate.answers:,.0f}"


def _bought(row: Row, name: str) -> str:
    bought = row.bought
    total = sum(bought.values()) if bought else 0
    return f"{100 * bought[name] / total:.1f}" if bought and total else NOTHING
