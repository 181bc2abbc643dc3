"""Rows between no target labels and all of them: the gap they close, and the cost of reaching a share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from alseg.analysis.by_seed import by_seed
from alseg.analysis.cost_axes import CostAxis, curve_over
from alseg.analysis.gap import gap_closed
from alseg.analysis.metric import Metric
from alseg.analysis.reach import cost_to_reach
from alseg.analysis.row import ClosedGap, Reached, Row
from alseg.storage.records import RoundResult, Run


def closed_gap(row: Row, rows: Sequence[Row], metric: Metric) -> ClosedGap | None:
    """Return the share of the gap that a row closes, over the seeds that it and both ends have.

    Both ends have the row's data, network, rounds and evaluation, see `end_of_gap`.
    """
    if row.is_reference:
        return None
    zero, hundred = (end_of_gap(row, rows, kind) for kind in ("none", "all"))
    if zero is None or hundred is None:
        return None
    values, lowest, highest = (by_seed(each.counted, metric.value) for each in (row, zero, hundred))
    gap = gap_closed(values, lowest, highest)
    return None if gap is None else ClosedGap(gap, zero.label, hundred.label)


def with_reach(rows: Sequence[Row], metric: Metric, axis: CostAxis, share: float) -> list[Row]:
    """Return the rows with the cost at which each reaches a share of full supervision, such as 0.95."""
    reached = []
    for row in rows:
        full = None if row.is_reference else end_of_gap(row, rows, "all")
        if full is not None:
            curves = {
                run.seed: curve
                for run, last in row.counted
                if (curve := _curve(run, last, metric, axis)) is not None
            }
            reach = cost_to_reach(curves, by_seed(full.counted, metric.value), share)
            row = replace(row, reach=reach and Reached(reach, full.label))
        reached.append(row)
    return reached


def _curve(
    run: Run, last: RoundResult, metric: Metric, axis: CostAxis
) -> tuple[list[float], list[float]] | None:
    return curve_over(axis, [each for each in run.rounds if each.round <= last.round], metric.height)


def end_of_gap(row: Row, rows: Sequence[Row], kind: Literal["none", "all"]) -> Row | None:
    """Return the row with none or all of the target labels that is an end of another row's gap.

    It shares the row's task, but need not share its recipe: the source alone has one of its own by nature. A
    row of the same experiment comes first, then one that the experiment file declares, then one with the same
    recipe.
    """
    found = [
        other for other in rows if other.method.target_labels == kind and other.task_hash == row.task_hash
    ]
    found.sort(
        key=lambda other: (
            other.experiment != row.experiment,
            other.method.reference is None,
            other.conditions_hash != row.conditions_hash,
        )
    )
    return found[0] if found else None
