"""From run folders to the rows of a comparison: averages over seeds, differences to a baseline, who is best.

Nothing is averaged that was not asked for: only runs that have reached the round count. `Comparison.notes`
says what was left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from alseg import footnotes
from alseg.comparison import Comparison, Costs, Metric, PublishedRow, Row
from alseg.contracts import PublishedResult
from alseg.errors import AlsegError, unknown_name
from alseg.results import Results, RoundResult, Run
from alseg.stats import Interval, mean_interval, paired_difference


def compare(
    results: Results,
    *,
    round_number: int | None = None,
    metric: str = "miou",
    subset: str | None = None,
    baseline: str | None = None,
    published: Sequence[PublishedResult] | None = None,
) -> Comparison:
    """Average over seeds and take differences.

    Args:
        results: The runs.
        round_number: Compare after this round; None takes the last round of the runs that are done.
        metric: ``miou``, ``accuracy`` or ``iou:CLASS``.
        subset: Show the classes of this subset of the label space only, and their mean.
        baseline: Label of the method to which differences are taken; None takes the method whose acquisition
            is ``random``, if there is one: that with the row's own annotation and budget, else the first.
        published: Known results of others; those with the data sets and label space of the runs are shown.
            None does not ask for any.

    Raises:
        AlsegError: If runs differ in label space or scorer version, a name is unknown, or no run has reached
            the round.
    """
    runs = _with_scenarios_told_apart(results.runs)
    _require_same(runs, "label spaces", lambda run: (run.label_space.name, run.label_space.classes))
    _require_same(runs, "scorer versions", lambda run: (run.scorer, ()))
    label_space = runs[0].label_space
    chosen = _metric(runs[0], metric, subset)
    shown = label_space.subsets[subset] if subset is not None else label_space.classes
    subsets = tuple(label_space.subsets) if chosen.key == "miou" else ()
    rows = [_row(label, group, round_number, chosen) for label, group in _groups(runs)]
    _require_scores(rows, runs, round_number, chosen)
    baselines = _baselines(rows, baseline)
    rows = [_against_baseline(row, baselines, chosen) for row in rows]
    scenarios = dict.fromkeys(row.scenario for row in rows)
    marked = tuple(
        row
        for scenario in scenarios
        for row in _mark_best([row for row in rows if row.scenario == scenario], shown, subsets)
    )
    of_others = None if published is None else _published_rows(runs, published, chosen, shown)
    return Comparison(
        label_space=label_space.name,
        classes=tuple(name for name in label_space.classes if name in shown),
        subsets=subsets,
        scorer=runs[0].scorer,
        metric=chosen,
        round=round_number,
        baseline=baselines[0].label if baselines else None,
        rows=marked,
        published=tuple(of_others or ()),
        notes=tuple(footnotes.notes(results, marked, baselines, of_others)),
    )


# ----------------------------------------------------------------------------------------------------
# Which runs belong together


def _with_scenarios_told_apart(runs: Sequence[Run]) -> list[Run]:
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


def _require_same(runs: Sequence[Run], what: str, key: Callable[[Run], tuple[str, tuple[str, ...]]]) -> None:
    found: dict[tuple[str, tuple[str, ...]], Run] = {}
    for run in runs:
        found.setdefault(key(run), run)
    if len(found) > 1:
        listing = "".join(f"\n  {name}: {run.folder}" for (name, _), run in found.items())
        raise AlsegError(f"Results with different {what} cannot be compared. There are:{listing}")


# ----------------------------------------------------------------------------------------------------
# Numbers


def _metric(run: Run, name: str, subset: str | None) -> Metric:
    if subset is not None:
        if subset not in run.label_space.subsets:
            raise AlsegError(unknown_name("subset", subset, run.label_space.subsets))
        if name != "miou":
            raise AlsegError(f"A subset ('{subset}') goes with the metric miou only, not with {name}.")
        return Metric(
            f"miou:{subset}",
            f"mIoU ({subset})",
            lambda result: result.subsets.get(subset),
            lambda result: result.subsets.get(subset),
        )
    if name == "miou":
        # Beside the mean over a subset, the mean over all says over how many.
        title = f"mIoU ({len(run.label_space.classes)})" if run.label_space.subsets else "mIoU"
        return Metric("miou", title, lambda result: result.miou, lambda result: result.miou)
    if name == "accuracy":
        return Metric("accuracy", "Accuracy", lambda result: result.accuracy, lambda result: None)
    kind, _, wanted = name.partition(":")
    if kind != "iou" or not wanted:
        raise AlsegError(unknown_name("metric", name, ["accuracy", "iou:CLASS", "miou"]))
    if wanted not in run.label_space.classes:
        raise AlsegError(unknown_name("class", wanted, run.label_space.classes))
    return Metric(
        f"iou:{wanted}",
        f"IoU {wanted}",
        lambda result: result.iou[wanted],
        lambda result: result.iou.get(wanted),
    )


def _row(label: str, runs: Sequence[Run], number: int | None, metric: Metric) -> Row:
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
            name: _interval(counted, lambda result, name=name: result.subsets.get(name))  # type: ignore[misc]
            for name in first.label_space.subsets
        },
        costs=_costs(results) if results else None,
    )


def _counted(run: Run, number: int | None) -> RoundResult | None:
    return run.final if number is None else run.at(number)


def _by_seed(
    counted: Iterable[tuple[Run, RoundResult]], value: Callable[[RoundResult], float | None]
) -> dict[int, float]:
    scores = {run.seed: value(result) for run, result in counted}
    return {seed: score for seed, score in scores.items() if score is not None}


def _interval(
    counted: Iterable[tuple[Run, RoundResult]], value: Callable[[RoundResult], float | None]
) -> Interval | None:
    scores = list(_by_seed(counted, value).values())
    return mean_interval(scores) if scores else None


def _mean(values: Iterable[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return sum(present) / len(present) if present else None


def _costs(results: Sequence[RoundResult]) -> Costs:
    def average(read: Callable[[RoundResult], int]) -> float:
        return sum(read(result) for result in results) / len(results)

    return Costs(
        pixels=average(lambda result: result.cost.pixels),
        valid_pixels=average(lambda result: result.cost.valid_pixels),
        trained_pixels=average(lambda result: result.cost.trained_pixels),
        questions=average(lambda result: result.cost.questions),
        images=average(lambda result: result.cost.images),
        pool_pixels=average(lambda result: result.pool.pixels),
        pool_images=average(lambda result: result.pool.images),
    )


def _require_scores(rows: Sequence[Row], runs: Sequence[Run], number: int | None, metric: Metric) -> None:
    if any(row.score is not None for row in rows):
        return
    if any(row.counted for row in rows):
        raise AlsegError(f"{metric.title} is undefined: the ground truth holds no such class.")
    last = max((run.rounds[-1].round for run in runs if run.rounds), default=None)
    wanted = "No run is done." if number is None else f"No run has reached round {number}."
    found = "There are no results yet." if last is None else f"The last with results is {last} (--round)."
    listing = "".join(f"\n  {run.folder}: {footnotes.state_of(run)}" for run in runs)
    raise AlsegError(f"{wanted} {found}{listing}")


# ----------------------------------------------------------------------------------------------------
# Against each other


def _baselines(rows: Sequence[Row], wanted: str | None) -> list[Row]:
    """Return the rows that differences can be taken to.

    There is one for each experiment and its conditions; where none was asked for by name, one for each way of
    annotation and each budget.
    """
    places: dict[tuple[str | None, ...], Row] = {}
    if wanted is None:
        for row in rows:
            if row.method.acquisition == "random" and not row.is_reference:
                places.setdefault((row.experiment, row.conditions_hash, *_spending(row)), row)
        return list(places.values())
    exact = [row for row in rows if row.label == wanted]
    found = exact or [row for row in rows if row.method.label == wanted]
    if not found:
        raise AlsegError(unknown_name("method", wanted, {row.label for row in rows}))
    for row in found:
        first = places.setdefault((row.experiment, row.conditions_hash), row)
        if first is not row:
            raise AlsegError(f"Two methods are called '{wanted}': name '{first.label}' or '{row.label}'.")
    return list(places.values())


def _spending(row: Row) -> tuple[str | None, str | None]:
    return row.method.annotation, row.method.budget


def _against_baseline(row: Row, baselines: Sequence[Row], metric: Metric) -> Row:
    candidates = [other for other in baselines if other.conditions_hash == row.conditions_hash]
    own = [other for other in candidates if other.experiment == row.experiment]
    if row in own or not candidates:
        return row
    nearest = own or candidates
    alike = [other for other in nearest if _spending(other) == _spending(row)]
    baseline = (alike or nearest)[0]
    difference = paired_difference(
        _by_seed(row.counted, metric.value), _by_seed(baseline.counted, metric.value)
    )
    return replace(row, difference=difference, baseline=baseline.label)


def _mark_best(rows: Sequence[Row], classes: Iterable[str], subsets: Iterable[str]) -> list[Row]:
    """Mark the best of the methods that buy labels, ties at one decimal included; one alone is not best."""
    buyers = [row for row in rows if not row.is_reference and row.score is not None]
    if len(buyers) < 2:
        return list(rows)
    labels = {row.label for row in buyers}
    top_score = max(round(row.score.mean, 1) for row in buyers if row.score is not None)
    top = {name: max(_shown(row.iou[name]) for row in buyers) for name in classes}
    top_subsets = {name: max(_shown_mean(row.subsets[name]) for row in buyers) for name in subsets}
    marked = []
    for row in rows:
        if row.label in labels and row.score is not None:
            best = frozenset(name for name, value in top.items() if 0 <= value == _shown(row.iou[name]))
            row = replace(
                row,
                best=best,
                best_score=round(row.score.mean, 1) == top_score,
                best_subsets=frozenset(
                    name
                    for name, value in top_subsets.items()
                    if 0 <= value == _shown_mean(row.subsets[name])
                ),
            )
        marked.append(row)
    return marked


def _shown(value: float | None) -> float:
    """Return the number that a table shows, -1 for nothing."""
    return -1.0 if value is None else round(value, 1)


def _shown_mean(interval: Interval | None) -> float:
    return _shown(None if interval is None else interval.mean)


# ----------------------------------------------------------------------------------------------------
# Results of others


def _published_rows(
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
