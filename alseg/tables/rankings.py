"""Mean ranks and the penalty matrix as columns, which every format shows after the methods themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from alseg.analysis.comparison import Comparison
from alseg.analysis.contrasts import Contrast
from alseg.analysis.mixed_model import MixedModel
from alseg.analysis.penalties import PenaltyMatrix
from alseg.analysis.ranks import Ranking
from alseg.tables.columns import (
    NOTHING,
    VS_BASELINE,
    difference_text,
    difference_title,
    p_value,
    with_interval,
)
from alseg.text.layout import Cell, Filled
from alseg.text.printable import printable


class Standings(NamedTuple):
    """One more table: its title, and its columns, of which the first names the methods."""

    title: str
    columns: list[Filled]


def standings(comparison: Comparison) -> list[Standings]:
    """Return the tables that were asked for and have anything to show."""
    rankings = [each for each in comparison.rankings or () if each.methods]
    models = comparison.mixed or ()
    matrices = [each for each in comparison.penalties or () if each.methods]
    declared = [each for each in comparison.contrasts if each.declared]
    return [
        *([_contrasts(comparison, declared)] if declared else []),
        *(_ranks(comparison, each, several=len(rankings) > 1) for each in rankings),
        *(_mixed(comparison, each, several=len(models) > 1) for each in models),
        *(_penalties(comparison, each, several=len(matrices) > 1) for each in matrices),
    ]


def _contrasts(comparison: Comparison, contrasts: Sequence[Contrast]) -> Standings:
    several = len(comparison.scenarios) > 1
    titles = {(row.scenario, row.label): row.title for row in comparison.rows}
    names = [
        f"{titles[each.scenario, each.method]} - {each.baseline}" + (f" ({each.scenario})" if several else "")
        for each in contrasts
    ]
    columns = [Filled("Comparison", tuple(Cell(printable(name)) for name in names), "left")]
    if any(each.family is not None for each in contrasts):
        families = tuple(Cell(printable(each.family or NOTHING)) for each in contrasts)
        columns.append(Filled("Family", families, "left"))
    columns += [
        Filled("n", tuple(Cell(str(each.difference.n)) for each in contrasts)),
        Filled(
            "Difference", tuple(Cell(difference_text(each.difference, each.corrected)) for each in contrasts)
        ),
        Filled("p", tuple(Cell(p_value(each.corrected and each.corrected.p)) for each in contrasts)),
    ]
    if any(each.equivalence is not None for each in contrasts):
        ps = [each.equivalence and each.equivalence.p for each in contrasts]
        columns.append(Filled("p (margin)", tuple(Cell(p_value(p)) for p in ps)))
    columns.append(Filled("Verdict", tuple(Cell(each.verdict) for each in contrasts), "left"))
    title = f"Declared comparisons, {comparison.metric.title}, {comparison.round_text}"
    return Standings(printable(title), columns)


def _ranks(comparison: Comparison, ranking: Ranking, *, several: bool) -> Standings:
    methods = ranking.methods
    first = min(round(each.rank.mean, 2) for each in methods)
    columns = [
        Filled("Method", tuple(Cell(printable(each.method)) for each in methods), "left"),
        Filled(
            "Mean rank",
            tuple(
                Cell(with_interval(each.rank, decimals=2), round(each.rank.mean, 2) == first)
                for each in methods
            ),
        ),
        Filled("n", tuple(Cell(str(each.rank.n)) for each in methods)),
    ]
    if any(each.difference is not None for each in methods):
        shown = tuple(Cell(difference_text(each.difference, each.corrected)) for each in methods)
        columns.append(Filled(difference_title(comparison), shown, brief=VS_BASELINE))
    ps = [each.corrected and each.corrected.p for each in methods]
    if any(p is not None for p in ps):
        columns.append(Filled("p", tuple(Cell(p_value(p)) for p in ps)))
    count = methods[0].rank.n
    over = {
        "scenarios": f"{count} scenarios",
        "seeds": f"{count} seed{'s' if count > 1 else ''} of one scenario",
    }[ranking.over]
    title = f"Mean rank over {over}, {comparison.metric.title}, {comparison.round_text}"
    title += f": {ranking.purchase}" if several else ""
    return Standings(printable(title), columns)


def _mixed(comparison: Comparison, model: MixedModel, *, several: bool) -> Standings:
    shown = [(each.mean, each.corrected) for each in model.differences]
    columns = [
        Filled("Method", tuple(Cell(printable(each.method)) for each in model.differences), "left"),
        Filled(
            f"vs {printable(model.baseline)}",
            tuple(Cell(f"{mean:+.1f} ± {corrected.half_width:.1f}") for mean, corrected in shown),
        ),
        Filled("p", tuple(Cell(p_value(corrected.p)) for _, corrected in shown)),
    ]
    title = f"Mixed model of {len(model.scenarios)} scenarios, {comparison.metric.title}"
    title += f", {comparison.round_text}" + (f": {model.purchase}" if several else "")
    return Standings(printable(title), columns)


def _penalties(comparison: Comparison, matrix: PenaltyMatrix, *, several: bool) -> Standings:
    # Numbers stand for the methods above the columns, where names would take too much room.
    names = [f"{number} {printable(name)}" for number, name in enumerate(matrix.methods, 1)]
    columns = [Filled("Method", tuple(map(Cell, (*names, "Average"))), "left")]
    for number, (column, average) in enumerate(
        zip(zip(*matrix.penalties, strict=True), matrix.averages, strict=True), 1
    ):
        columns.append(Filled(str(number), tuple(Cell(_penalty(value)) for value in (*column, average))))
    rounds = "all rounds" if comparison.round is None else f"rounds 1 to {comparison.round}"
    title = f"Penalty matrix, {comparison.metric.title}, {rounds}"
    title += f": {matrix.purchase}" if several else ""
    return Standings(printable(title), columns)


def _penalty(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"
