"""The columns of a comparison. Changes no number but by rounding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from alseg.analysis.comparison import Comparison
from alseg.analysis.contrasts import LEVEL
from alseg.analysis.multiplicity import Corrected
from alseg.analysis.row import ClosedGap, Costs, PublishedRow, Reached, Row
from alseg.analysis.statistics import Difference, Interval
from alseg.text.abbreviations import short_names
from alseg.text.layout import Cell, Filled
from alseg.text.printable import printable

NOTHING = "\N{EN DASH}"
"""Stands where there is no number."""
VS_BASELINE = "vs baseline"
"""Stands above differences where the baseline's label cannot."""


def _no_number(_: PublishedRow) -> Cell:
    return Cell(NOTHING)


class Column(NamedTuple):
    """One column: its titles, and what it shows of a row and of a published row, which is never the best."""

    title: str
    measured: Callable[[Row], Cell]
    published: Callable[[PublishedRow], Cell] = _no_number
    align: str = "right"
    brief: str = ""

    def cell(self, row: Row | PublishedRow) -> Cell:
        """Return what the column shows of a row."""
        return self.measured(row) if isinstance(row, Row) else self.published(row)


def fill(columns: Iterable[Column], rows: Sequence[Row | PublishedRow]) -> list[Filled]:
    """Return the columns with what they show of each row."""
    return [
        Filled(column.title, tuple(map(column.cell, rows)), column.align, column.brief) for column in columns
    ]


# ----------------------------------------------------------------------------------------------------
# Columns


def method_column() -> Column:
    """Return the column that names the methods."""
    return Column("Method", lambda row: Cell(printable(row.title)), _published_label, "left")


def group_columns(comparison: Comparison) -> list[Column]:
    """Return the letter of each row's annotation and budget; no column where all methods buy alike."""
    groups = comparison.groups
    if not groups:
        return []
    return [Column("Group", lambda row: Cell(NOTHING if row.purchase is None else groups[row.purchase.key]))]


def _published_label(row: PublishedRow) -> Cell:
    return Cell(f"{printable(row.result.label)} (published [{row.reference}])")


def seeds_column() -> Column:
    """Return the column with the number of seeds that are averaged."""
    return Column("n", lambda row: Cell(str(len(row.seeds))))


def cost_columns() -> list[Column]:
    """Return what was spent, in the currencies that people think in."""

    def column(title: str, text: Callable[[Costs], str]) -> Column:
        return Column(title, lambda row: Cell(text(row.costs) if row.costs else NOTHING))

    return [
        column("Pixels", lambda costs: _share(costs.pixels_percent)),
        column("Valid", lambda costs: _one_decimal(costs.valid_percent, "%")),
        column("Clicks/image", lambda costs: _count(costs.clicks_per_image)),
        column("Images", lambda costs: _count(costs.images)),
    ]


def class_columns(comparison: Comparison) -> list[Column]:
    """Return one column per class with its IoU in percent."""

    def column(name: str, brief: str) -> Column:
        return Column(
            printable(name),
            lambda row: Cell(_one_decimal(row.iou[name]), name in row.best),
            lambda row: Cell(_one_decimal(row.result.iou.get(name))),
            brief=brief,
        )

    return list(map(column, comparison.classes, short_names(list(map(printable, comparison.classes)))))


def score_columns(comparison: Comparison) -> list[Column]:
    """Return the metric in percent, with its interval where there is one, and means over subsets after it."""

    def column(name: str, brief: str) -> Column:
        return Column(
            printable(f"mIoU ({name})"),
            lambda row: Cell(with_interval(row.subsets[name]), name in row.best_subsets),
            lambda row: Cell(_one_decimal(row.result.subsets.get(name))),
            brief=f"mIoU ({brief})",
        )

    score = Column(
        printable(comparison.metric.title),
        lambda row: Cell(with_interval(row.score), row.best_score),
        lambda row: Cell(_one_decimal(row.score)),
        brief="Score",
    )
    return [score, *map(column, comparison.subsets, short_names(list(map(printable, comparison.subsets))))]


def difference_columns(comparison: Comparison) -> list[Column]:
    """Return the difference to the baseline with its p-value, the gap that is closed and the area.

    Columns without any number are left out.
    """
    rows, columns = comparison.rows, []
    if comparison.baseline is not None:
        title = difference_title(comparison)
        columns.append(Column(title, lambda row: Cell(_difference(row)), brief=VS_BASELINE))
    if any(row.crossed is not None for row in rows):
        columns.append(Column("± seeds, images", lambda row: Cell(_crossed(row))))
    if any(row.corrected is not None and row.corrected.p is not None for row in rows):
        columns.append(Column("p", lambda row: Cell(p_value(row.corrected and row.corrected.p))))
    if any(row.gap_closed is not None for row in rows):
        columns.append(Column("Gap closed", lambda row: Cell(_gap(row.gap_closed))))
    if any(row.reach is not None for row in rows):
        title = f"{comparison.share:g}% at ({comparison.cost.key})"
        columns.append(Column(title, lambda row: Cell(_reach(row.reach, comparison.cost.unit))))
    if comparison.axis is not None:
        columns.append(Column(f"AUBC ({comparison.axis.key})", lambda row: Cell(with_interval(row.area))))
    return columns


def difference_title(comparison: Comparison) -> str:
    """Return what stands above differences: the baseline's label, unless rows have different ones."""
    used = {row.baseline for row in comparison.rows if row.difference is not None}
    return VS_BASELINE if len(used) > 1 else f"vs {printable(str(comparison.baseline))}"


def _difference(row: Row) -> str:
    text = difference_text(row.difference, row.corrected)
    if row.image_interval is None:
        return text
    return f"{text} [{row.image_interval.low:+.1f}, {row.image_interval.high:+.1f}]"


def _crossed(row: Row) -> str:
    return NOTHING if row.crossed is None else f"± {row.crossed.half_width:.1f}"


def difference_text(difference: Difference | None, corrected: Corrected | None) -> str:
    """Return a difference with half the width of its simultaneous interval, or of its own where untested."""
    if difference is not None and corrected is not None:
        difference = difference._replace(half_width=corrected.half_width)
    return with_interval(difference, sign="+")


def p_value(p: float | None) -> str:
    """Return a p-value with two digits, more beside `LEVEL`, which decides; or ``<0.001``."""
    if p is None:
        return NOTHING
    if float(f"{p:.2g}") == LEVEL:
        return next((text for digits in range(3, 17) if float(text := f"{p:.{digits}f}") != LEVEL), f"{p:g}")
    return "<0.001" if p < 0.001 else f"{p:.2g}" if p < 0.1 else f"{p:.2f}"


def _reach(reached: Reached | None, unit: str) -> str:
    if reached is None:
        return NOTHING
    cost, low, high, limit, n = reached.reach
    beyond = f">{limit:.3g}"
    text = "not reached" if cost is None else f"{cost:.3g}{unit}"
    if n == 1 or low is None:
        return text
    return f"{text} [{low:.3g}, {beyond if high is None else f'{high:.3g}'}]"


def _gap(closed: ClosedGap | None) -> str:
    if closed is None:
        return NOTHING
    percent, low, high, n = closed.gap
    # Adding 0 turns the minus zero of -0.3 into zero.
    text = f"{round(percent) + 0:.0f}%"
    if low is not None and high is not None:
        return f"{text} [{round(low) + 0:.0f}, {round(high) + 0:.0f}]"
    return f"{text} [any]" if n > 1 else text


def legend(comparison: Comparison, mark: str) -> str:
    """Return one paragraph that says what the columns and marks mean.

    Args:
        comparison: What is shown.
        mark: How the best of a column looks, such as ``Bold``.
    """
    pools = dict.fromkeys(
        f"{row.costs.pool_pixels:,.0f} pixels in {row.costs.pool_images:,.0f} images"
        for row in comparison.rows
        if row.costs
    )
    marked = any(row.best_score or row.best or row.best_subsets for row in comparison.rows)
    here = ", of those run here" if comparison.published else ""
    iou = "IoU in percent. " if any(row.evaluated for row in comparison.rows) or comparison.published else ""
    return (
        f"{iou}n: seeds averaged. Pixels: share of the pool ({' or '.join(pools)}) that was "
        "bought. Valid: share of the bought pixels that have a class. Clicks/image: clicks that the answers "
        "cost, per image of the pool. Images: images with bought pixels."
        + (
            f" {mark}: may be the best of the methods that buy alike{here}; the others are behind it (95%)."
            if marked
            else ""
        )
    )


# ----------------------------------------------------------------------------------------------------
# Text of cells


def with_interval(value: Interval | Difference | None, sign: str = "", decimals: int = 1) -> str:
    """Return a mean with half the width of its interval, where there is one.

    Args:
        value: None becomes `NOTHING`.
        sign: ``+`` to have one before positive means too.
        decimals: Digits after the point.
    """
    if value is None:
        return NOTHING
    mean = f"{value.mean:{sign}.{decimals}f}"
    return mean if value.half_width is None else f"{mean} ± {value.half_width:.{decimals}f}"


def _one_decimal(value: float | None, unit: str = "") -> str:
    return NOTHING if value is None else f"{value:.1f}{unit}"


def _share(percent: float) -> str:
    """Return a percentage that keeps two digits when it is tiny: a few pixels per image are 0.002%."""
    if percent in (0, 100):
        return f"{percent:.0f}%"
    return f"{percent:.2f}%" if percent >= 0.1 else f"{percent:.2g}%"


def _count(value: float) -> str:
    if value == round(value) or value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2g}"
