"""The columns of a comparison, and the wide table as Markdown and LaTeX. Changes no number but by rounding.

Names are escaped: no class or method name breaks a format.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from tabulate import DataRow, Line, TableFormat, tabulate

from alseg.comparison import Comparison, Costs, PublishedRow, Row
from alseg.stats import Difference, Interval

NOTHING = "\N{EN DASH}"
"""Stands where there is no number."""


class Cell(NamedTuple):
    """One cell: its text, and whether it is the best of its column."""

    text: str
    best: bool = False


def _no_number(_: PublishedRow) -> Cell:
    return Cell(NOTHING)


class Column(NamedTuple):
    """One column: its title, and what it shows of a row and of a published row, which is never the best."""

    title: str
    measured: Callable[[Row], Cell]
    published: Callable[[PublishedRow], Cell] = _no_number
    align: str = "right"

    def cell(self, row: Row | PublishedRow) -> Cell:
        """Return what the column shows of a row."""
        return self.measured(row) if isinstance(row, Row) else self.published(row)


# ----------------------------------------------------------------------------------------------------
# Columns


def method_column() -> Column:
    """Return the column that names the methods."""
    return Column("Method", lambda row: Cell(clean(row.label)), _published_label, "left")


def _published_label(row: PublishedRow) -> Cell:
    return Cell(f"{clean(row.result.label)} (published [{row.reference}])")


def cost_columns() -> list[Column]:
    """Return the number of seeds, and what was spent in the currencies that people think in."""

    def column(title: str, text: Callable[[Costs], str]) -> Column:
        return Column(title, lambda row: Cell(text(row.costs) if row.costs else NOTHING))

    return [
        Column("n", lambda row: Cell(str(len(row.seeds)))),
        column("Pixels", lambda costs: _share(costs.pixels_percent)),
        column("Valid", lambda costs: _one_decimal(costs.valid_percent, "%")),
        column("Clicks/image", lambda costs: _count(costs.questions_per_image)),
        column("Images", lambda costs: _count(costs.images)),
    ]


def class_columns(comparison: Comparison) -> list[Column]:
    """Return one column per class with its IoU in percent."""

    def column(name: str) -> Column:
        return Column(
            clean(name),
            lambda row: Cell(_one_decimal(row.iou[name]), name in row.best),
            lambda row: Cell(_one_decimal(row.result.iou.get(name))),
        )

    return [column(name) for name in comparison.classes]


def score_columns(comparison: Comparison) -> list[Column]:
    """Return the metric in percent, with its interval where there is one, and means over subsets after it."""

    def column(name: str) -> Column:
        return Column(
            clean(f"mIoU ({name})"),
            lambda row: Cell(_with_interval(row.subsets[name]), name in row.best_subsets),
            lambda row: Cell(_one_decimal(row.result.subsets.get(name))),
        )

    score = Column(
        clean(comparison.metric.title),
        lambda row: Cell(_with_interval(row.score), row.best_score),
        lambda row: Cell(_one_decimal(row.score)),
    )
    return [score, *map(column, comparison.subsets)]


def difference_columns(comparison: Comparison) -> list[Column]:
    """Return the difference to the baseline with its p-value, the gap that is closed and the area.

    Columns without any number are left out.
    """
    rows, columns = comparison.rows, []
    if comparison.baseline is not None:
        used = {row.baseline for row in rows if row.difference is not None}
        title = "vs baseline" if len(used) > 1 else f"vs {clean(comparison.baseline)}"
        columns.append(Column(title, lambda row: Cell(_difference(row))))
    if any(row.p_holm is not None for row in rows):
        columns.append(Column("p", lambda row: Cell(p_value(row.p_holm))))
    if any(row.gap_closed is not None for row in rows):
        columns.append(Column("Gap closed", lambda row: Cell(_percent(row.gap_closed))))
    if comparison.axis is not None:
        columns.append(Column(f"AUBC ({comparison.axis.key})", lambda row: Cell(_with_interval(row.area))))
    return columns


def _difference(row: Row) -> str:
    text = _with_interval(row.difference, sign="+")
    if row.image_interval is None:
        return text
    return f"{text} [{row.image_interval.low:+.1f}, {row.image_interval.high:+.1f}]"


def p_value(p: float | None) -> str:
    """Return a p-value with two digits, or ``<0.001``."""
    if p is None:
        return NOTHING
    return "<0.001" if p < 0.001 else f"{p:.2g}" if p < 0.1 else f"{p:.2f}"


def _percent(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.0f}%"


def legend(comparison: Comparison) -> str:
    """Return one paragraph that says what the columns and marks mean."""
    pools = dict.fromkeys(
        f"{row.costs.pool_pixels:,.0f} pixels in {row.costs.pool_images:,.0f} images"
        for row in comparison.rows
        if row.costs
    )
    marked = any(row.best_score or row.best for row in comparison.rows)
    here = " and were run here" if comparison.published else ""
    return (
        f"IoU in percent. Pixels: share of the pool ({' or '.join(pools)}) that was bought. Valid: share "
        "of those that has a class. Clicks/image: questions per image of the pool. Images: touched."
        + (f" Marked: best of the methods that buy labels{here}." if marked else "")
    )


# ----------------------------------------------------------------------------------------------------
# Markdown and LaTeX


def as_markdown(comparison: Comparison) -> str:
    """Return a Markdown table with a list of notes below it."""

    def show(cell: Cell) -> str:
        return f"**{_markdown(cell.text)}**" if cell.best else _markdown(cell.text)

    table = _tabulate(comparison, "pipe", show, _markdown)
    notes = "".join(f"- {_markdown(clean(note))}\n" for note in (legend(comparison), *comparison.notes))
    return f"{table}\n\n{notes}"


def as_latex(comparison: Comparison) -> str:
    """Return a LaTeX ``tabular`` for the package booktabs; notes are comments above it."""

    def show(cell: Cell) -> str:
        return rf"\textbf{{{_latex(cell.text)}}}" if cell.best else _latex(cell.text)

    alignment = "".join(column.align[0] for column in _wide(comparison))
    # tabulate's own booktabs format would escape the bold of the best value too.
    booktabs = TableFormat(
        lineabove=Line(f"\\begin{{tabular}}{{{alignment}}}\n\\toprule", "", "", ""),
        linebelowheader=Line(r"\midrule", "", "", ""),
        linebetweenrows=None,
        linebelow=Line("\\bottomrule\n\\end{tabular}", "", "", ""),
        headerrow=DataRow("", " & ", r" \\"),
        datarow=DataRow("", " & ", r" \\"),
        padding=0,
        with_header_hide=None,
    )
    notes = "".join(f"% {clean(note)}\n" for note in (legend(comparison), *comparison.notes))
    return f"{notes}{_tabulate(comparison, booktabs, show, _latex)}\n"


def _wide(comparison: Comparison) -> list[Column]:
    scenario = Column(
        "Scenario", lambda row: Cell(clean(row.scenario)), lambda row: Cell(clean(row.scenario)), "left"
    )
    return [
        method_column(),
        *([scenario] if len(comparison.scenarios) > 1 else []),
        *cost_columns(),
        *class_columns(comparison),
        *score_columns(comparison),
        *difference_columns(comparison),
    ]


def _tabulate(
    comparison: Comparison,
    table_format: str | TableFormat,
    show: Callable[[Cell], str],
    escape: Callable[[str], str],
) -> str:
    columns = _wide(comparison)
    return tabulate(
        [[show(column.cell(row)) for column in columns] for row in comparison.lines],
        headers=[escape(column.title) for column in columns],
        tablefmt=table_format,
        colalign=[column.align for column in columns],
        disable_numparse=True,
    )


# ----------------------------------------------------------------------------------------------------
# Text of cells


def clean(text: str) -> str:
    """Return text on one line without control characters, which could move a terminal's cursor."""
    spaced = " ".join(text.split())
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cs") else c for c in spaced
    )


def _with_interval(value: Interval | Difference | None, sign: str = "") -> str:
    if value is None:
        return NOTHING
    mean = f"{value.mean:{sign}.1f}"
    return mean if value.half_width is None else f"{mean} ± {value.half_width:.1f}"


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


def _markdown(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{c}" if c in r"\`*_[]|~" else c for c in escaped)


_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "±": r"$\pm$",
    NOTHING: "--",
}


def _latex(text: str) -> str:
    escaped = "".join(_LATEX.get(c, c) for c in text)
    return f"$-${escaped[1:]}" if escaped[:1] == "-" and escaped[1:2].isdigit() else escaped
