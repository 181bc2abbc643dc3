"""Rows between no target labels and all of them: the gap they close, and the cost of reaching a share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from alseg.comparison import ClosedGap, Metric, Reached, Row
from alseg.costaxes import CostAxis, curve_over
from alseg.files import content_hash
from alseg.gap import gap_closed
from alseg.reach import cost_to_reach
from alseg.runs import RoundResult, Run
from alseg.seedwise import by_seed


def closed_gap(row: Row, rows: Sequence[Row], metric: Metric) -> ClosedGap | None:
    """Return the share of the gap that a row closes, over the seeds that it and both ends have.

    Both ends have the row's data, network, rounds and evaluation, and its recipe if any such row does, so
    that what the recipe gains without labels is not counted as gained by labels.
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
    """Return the row that has none or all of the target labels and is otherwise most like another row."""
    found = [other for other in rows if other.method.target_labels == kind and _frame(other) == _frame(row)]
    found.sort(key=lambda other: (_recipe(other) != _recipe(row), other.experiment != row.experiment))
    return found[0] if found else None


def _frame(row: Row) -> str:
    """Return what rows share that differ in nothing but method, recipe and seed."""
    spec = {key: value for key, value in row.runs[0].spec.items() if key not in _OF_THE_METHOD}
    scenario = spec.get("scenario")
    if isinstance(scenario, Mapping):
        spec["scenario"] = {key: value for key, value in scenario.items() if key != "root"}
    return content_hash(spec)


_OF_THE_METHOD = ("experiment", "seed", "method", "recipe")


def _recipe(row: Row) -> object:
    method = row.runs[0].spec.get("method")
    return method.get("recipe") if isinstance(method, Mapping) else None
