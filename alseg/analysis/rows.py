"""From runs to rows: which runs are one method's, and their averages over seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from alseg.analysis.by_seed import by_seed
from alseg.analysis.cost_axes import CommonEnds, CostAxis
from alseg.analysis.learnt import learnt_of
from alseg.analysis.metric import Metric, area_until
from alseg.analysis.row import Costs, PublishedRow, Row
from alseg.analysis.statistics import Interval, mean_interval
from alseg.contracts import PublishedResult
from alseg.errors import AlsegError, unknown_name
from alseg.storage.records import RoundResult, Run

SORT_KEYS: Mapping[str, Callable[[Row], float | None]] = {
    "score": lambda row: None if row.score is None else -row.score.mean,
    "difference": lambda row: None if row.difference is None else -row.difference.mean,
    "area": lambda row: None if row.area is None else -row.area.mean,
    "pixels": lambda row: None if row.costs is None else row.costs.pixels,
    "clicks": lambda row: None if row.costs is None else row.costs.clicks,
}
"""By what rows can be sorted: the number that comes first is the smallest."""


def build_rows(
    runs: Sequence[Run],
    number: int | None,
    metric: Metric,
    axis: CostAxis | None,
    ends: CommonEnds | None,
) -> list[Row]:
    """Return a row for each method of each scenario.

    Args:
        runs: The runs, in the order of the experiment files.
        number: The round; None takes the last of the runs that are done.
        metric: What scores are.
        axis: The costs under whose curve the area is wanted; None for no area.
        ends: Where areas begin and end.
    """
    return [_row(label, group, number, metric, axis, ends) for label, group in _groups(runs)]


def tell_scenarios_apart(runs: Sequence[Run]) -> list[Run]:
    """Return the runs with scenarios that have the same name only if they are the same."""
    hashes: dict[str, set[str]] = {}
    for run in runs:
        hashes.setdefault(run.scenario, set()).add(run.scenario_hash)

    def name(run: Run) -> str:
        return f"{run.scenario} [{run.scenario_hash[:8]}]" if len(hashes[run.scenario]) > 1 else run.scenario

    return [replace(run, scenario=name(run)) for run in runs]


def _groups(runs: Sequence[Run]) -> list[tuple[str, list[Run]]]:
    """Return the runs of each method, with a label that no other method of its scenario has."""
    groups: dict[tuple[str, str, str, str, int], list[Run]] = {}
    for run in runs:
        key = (run.experiment, run.scenario, run.method.label, run.settings_hash)
        # A seed that repeats with the same settings differs in something else, such as a plugin's version.
        alike = [group for name, group in groups.items() if name[:4] == key]
        variant = sum(run.seed == other.seed for group in alike for other in group)
        groups.setdefault((*key, variant), []).append(run)
    return [(_label(group[0], list(groups)), group) for group in groups.values()]


def _label(run: Run, keys: Sequence[tuple[str, str, str, str, int]]) -> str:
    same_label = [key for key in keys if key[1] == run.scenario and key[2] == run.method.label]
    same_experiment = [key for key in same_label if key[0] == run.experiment]
    marks = [run.experiment] if len(same_label) > len(same_experiment) else []
    marks += [run.fingerprint[:8]] if len(same_experiment) > 1 else []
    return f"{run.method.label} [{', '.join(marks)}]" if marks else run.method.label


def sort_rows(rows: Sequence[Row], key: str | None) -> list[Row]:
    """Return the rows by a number, those without it last; otherwise in the order given."""
    if key is None:
        return list(rows)
    if key not in SORT_KEYS:
        raise AlsegError(unknown_name("sort key", key, SORT_KEYS))
    numbers = [(SORT_KEYS[key](row), row) for row in rows]
    known = sorted(((number, row) for number, row in numbers if number is not None), key=lambda pair: pair[0])
    return [row for _, row in known] + [row for number, row in numbers if number is None]


def _row(
    label: str,
    runs: Sequence[Run],
    number: int | None,
    metric: Metric,
    axis: CostAxis | None,
    ends: CommonEnds | None,
) -> Row:
    counted = tuple((run, result) for run in runs if (result := _counted(run, number)) is not None)
    results = [result for _, result in counted]
    first = runs[0]
    return Row(
        label=label,
        experiment=first.experiment,
        scenario=first.scenario,
        method=first.method,
        runs=tuple(runs),
        counted=counted,
        score=_interval(counted, metric.value),
        iou={name: _mean([result.iou[name] for result in results]) for name in first.label_space.classes},
        subsets={
            name: _interval(counted, lambda _, result, name=name: result.subsets.get(name))  # type: ignore[misc]
            for name in first.label_space.subsets
        },
        costs=_costs(results) if results else None,
        learnt=learnt_of(counted),
        area=None if axis is None else _interval(counted, partial(area_until, metric.height, axis, ends)),
    )


def _counted(run: Run, number: int | None) -> RoundResult | None:
    return run.final if number is None else run.at(number)


def _interval(
    counted: Iterable[tuple[Run, RoundResult]], value: Callable[[Run, RoundResult], float | None]
) -> Interval | None:
    scores = list(by_seed(counted, value).values())
    return mean_interval(scores) if scores else None


def _mean(values: Iterable[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return sum(present) / len(present) if present else None


def _drawn(results: Sequence[RoundResult]) -> list[int]:
    """Return the pixels that training has drawn, one number for each seed; nothing where one is missing."""
    drawn = [result.cost.drawn_pixels for result in results if result.cost.drawn_pixels is not None]
    return drawn if len(drawn) == len(results) else []


def _costs(results: Sequence[RoundResult]) -> Costs:
    def average(read: Callable[[RoundResult], int]) -> float:
        return sum(read(result) for result in results) / len(results)

    return Costs(
        pixels=average(lambda result: result.cost.pixels),
        valid_pixels=average(lambda result: result.cost.valid_pixels),
        trained_pixels=average(lambda result: result.cost.trained_pixels),
        clicks=average(lambda result: result.cost.clicks),
        images=average(lambda result: result.cost.images),
        drawn_pixels=sum(drawn) / len(drawn) if (drawn := _drawn(results)) else None,
        pool_pixels=average(lambda result: result.pool.pixels),
        pool_images=average(lambda result: result.pool.images),
        of_budget=_of_budget(results),
    )


def _of_budget(results: Sequence[RoundResult]) -> str | None:
    """Say what was spent of a budget in clicks or regions, averaged over seeds."""
    spendings = [result.spending for result in results if result.spending is not None]
    if len(spendings) < len(results):
        return None
    spent, allowed = (
        sum(getattr(each, key) for each in spendings) / len(spendings) for key in ("spent", "allowed")
    )
    return f"{spent:,.0f} of {allowed:,.0f} {spendings[0].currency}"


def published_rows(
    runs: Sequence[Run], published: Sequence[PublishedResult], metric: Metric, classes: Sequence[str]
) -> list[PublishedRow]:
    """Return what is known of each scenario of the runs, by scenario, then in the order given.

    A result of which neither the metric nor a shown class is printed is left out.
    """
    scenarios = {run.scenario: (*run.data_sets, run.label_space.name) for run in runs}
    references: dict[str, int] = {}
    rows = []
    for scenario, places in scenarios.items():
        for result in published:
            score = metric.published(result)
            printed = score is not None or any(name in result.iou for name in classes)
            if printed and (result.source, result.target, result.label_space) == places:
                reference = references.setdefault(result.paper, len(references) + 1)
                rows.append(PublishedRow(scenario=scenario, result=result, score=score, reference=reference))
    return rows
