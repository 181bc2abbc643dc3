"""Which rows stand together, and which of them may be the best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from alseg.analysis.baselines import place
from alseg.analysis.by_seed import by_seed
from alseg.analysis.metric import Metric
from alseg.analysis.multiplicity import best_set
from alseg.analysis.row import Row
from alseg.storage.records import RoundResult, Run


def together(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows with those that buy alike together, each that buys no labels alone, by first place."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(place(row) if row.purchase is None else row.purchase.key, []).append(row)
    return list(groups.values())


def mark_best(
    rows: Sequence[Row], metric: Metric, classes: Sequence[str], subsets: Sequence[str]
) -> list[Row]:
    """Mark which of several methods that buy alike may be the best: overall, in each class and subset.

    Methods with one seed and upper marks are not judged. Where no method can be ruled out, nobody is marked.
    """
    able = [
        place(row)
        for row in rows
        if row.purchase is not None and not row.is_upper_mark and len(row.seeds) > 1
    ]

    def may_be_best(value: Callable[[Run, RoundResult], float | None]) -> frozenset[str]:
        judged = [(place(row), by_seed(row.counted, value)) for row in rows if place(row) in able]
        judged = [(name, scores) for name, scores in judged if scores]
        found = best_set([scores for _, scores in judged])
        if found is None or len(found) == len(judged):
            return frozenset()
        return frozenset(judged[number][0] for number in found)

    best = may_be_best(metric.value)
    by_class = {name: may_be_best(lambda _, result, name=name: result.iou[name]) for name in classes}  # type: ignore[misc]
    by_subset = {name: may_be_best(lambda _, result, name=name: result.subsets.get(name)) for name in subsets}  # type: ignore[misc]
    return [
        replace(
            row,
            best=frozenset(name for name, places in by_class.items() if place(row) in places),
            best_score=place(row) in best,
            best_subsets=frozenset(name for name, places in by_subset.items() if place(row) in places),
        )
        for row in rows
    ]
