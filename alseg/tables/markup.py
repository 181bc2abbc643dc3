"""A comparison as Markdown and as LaTeX: one wide table, and what else was asked for.

Names are escaped: no class or method name breaks a format.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tabulate import DataRow, Line, TableFormat, tabulate

from alseg.analysis.comparison import Comparison
from alseg.tables.columns import (
    Column,
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
from alseg.tables.latex import escape_latex
from alseg.tables.learnt import all_blind, bought_columns, learnt_columns
from alseg.tables.rankings import standings
from alseg.text.layout import Cell, Filled
from alseg.text.printable import printable

_LATEX_PREAMBLE = (
    "Needs \\usepackage{booktabs}. Compiles with pdflatex, where characters that it cannot set appear as "
    "codes, such as [U+4E3B]; lualatex and xelatex set them in a font that has them.",
    "Too wide for the page? \\usepackage{graphicx} and \\resizebox{\\textwidth}{!}{...} around the tabular.",
)

_LATEX_MACROS = (
    r"\providecommand{\alsegchar}[2]{\ifdefined\directlua#1\else\ifdefined\XeTeXrevision#1\else[#2]\fi\fi}"
)
"""Chooses between a character and its code by the engine at work."""


def as_markdown(comparison: Comparison) -> str:
    """Return a Markdown table, further ones below their titles, and a list of notes at the end."""

    def show(cell: Cell) -> str:
        return f"**{_markdown(cell.text)}**" if cell.best else _markdown(cell.text)

    parts = [*map(_markdown, _of_images(comparison)), _tabulate(_wide(comparison), "pipe", show, _markdown)]
    for table in standings(comparison):
        parts += [_markdown(table.title), _tabulate(table.columns, "pipe", show, _markdown)]
    notes = (legend(comparison, "Bold"), *comparison.notes)
    return "\n\n".join([*parts, "\n".join(f"- {_markdown(printable(note))}" for note in notes)]) + "\n"


def as_latex(comparison: Comparison) -> str:
    """Return a LaTeX ``tabular`` for the package booktabs, and further ones below; notes are comments."""

    def show(cell: Cell) -> str:
        return rf"\textbf{{{escape_latex(cell.text)}}}" if cell.best else escape_latex(cell.text)

    def tabular(columns: Sequence[Filled]) -> str:
        return _tabulate(columns, _booktabs(columns), show, escape_latex)

    notes = (*_LATEX_PREAMBLE, legend(comparison, "Bold"), *comparison.notes)
    tables = ["".join(f"% {line}\n" for line in _of_images(comparison)) + tabular(_wide(comparison))]
    tables += [f"% {table.title}\n{tabular(table.columns)}" for table in standings(comparison)]
    body = "\n\n".join(tables)
    macros = f"{_LATEX_MACROS}\n" if r"\alsegchar" in body else ""
    return "".join(f"% {printable(note)}\n" for note in notes) + macros + body + "\n"


def _of_images(comparison: Comparison) -> list[str]:
    """Return a title that says on which evaluation images the numbers are; none where they are on all."""
    texts = {scenario: comparison.images_text(scenario) for scenario in comparison.scenarios}
    return [printable(f"{scenario}: {text}") for scenario, text in texts.items() if text]


def _booktabs(columns: Sequence[Filled]) -> TableFormat:
    alignment = "".join(column.align[0] for column in columns)
    # tabulate's own booktabs format would escape the bold of the best value too.
    return TableFormat(
        lineabove=Line(f"\\begin{{tabular}}{{{alignment}}}\n\\toprule", "", "", ""),
        linebelowheader=Line(r"\midrule", "", "", ""),
        linebetweenrows=None,
        linebelow=Line("\\bottomrule\n\\end{tabular}", "", "", ""),
        headerrow=DataRow("", " & ", r" \\"),
        datarow=DataRow("", " & ", r" \\"),
        padding=0,
        with_header_hide=None,
    )


def _wide(comparison: Comparison) -> list[Filled]:
    scenario = Column(
        "Scenario",
        lambda row: Cell(printable(row.scenario)),
        lambda row: Cell(printable(row.scenario)),
        "left",
    )
    blind = all_blind(comparison.lines)
    classes = [] if blind else class_columns(comparison)
    if blind or comparison.bought:
        classes += bought_columns(comparison.classes, "Bought: ")
    scores = [] if blind else [*score_columns(comparison), *difference_columns(comparison)]
    columns = [
        method_column(),
        *([scenario] if len(comparison.scenarios) > 1 else []),
        seeds_column(),
        *group_columns(comparison),
        *cost_columns(),
        *classes,
        *scores,
        *learnt_columns(comparison.lines),
    ]
    return fill(columns, comparison.lines)


def _tabulate(
    columns: Sequence[Filled],
    table_format: str | TableFormat,
    show: Callable[[Cell], str],
    escape: Callable[[str], str],
) -> str:
    return tabulate(
        [list(map(show, cells)) for cells in zip(*(column.cells for column in columns), strict=True)],
        headers=[escape(column.title) for column in columns],
        tablefmt=table_format,
        colalign=[column.align for column in columns],
        disable_numparse=True,
    )


def _markdown(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{c}" if c in r"\`*_[]|~" else c for c in escaped)
