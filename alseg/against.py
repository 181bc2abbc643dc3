"""Rows of a comparison against each other: differences to baselines, the gap that is closed, who is best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from alseg.comparison import Metric, Row
from alseg.contests import Contest
from alseg.errors import AlsegError, unknown_name
from alseg.imagewise import ImageInterval, image_interval
from alseg.purchases import Purchase
from alseg.roundfiles import COUNTS_NAME
from alseg.runs import RoundResult, Run
from alseg.stats import Interval, gap_closed, holm, paired_difference


def against_each_other(rows: Sequence[Row], baselines: Mapping[str, Row], metric: Metric) -> list[Row]:
    """Return the rows with their differences to a baseline, corrected p-values and the gap they close."""
    compared = _with_holm([_against_baseline(row, baselines.get(place(row)), metric) for row in rows])
    return [replace(row, gap_closed=_gap_closed(row, rows, metric)) for row in compared]


def by_seed(
    counted: Iterable[tuple[Run, RoundResult]], value: Callable[[Run, RoundResult], float | None]
) -> dict[int, float]:
    """Return a number of each seed, without those where it is undefined."""
    scores = {run.seed: value(run, result) for run, result in counted}
    return {seed: score for seed, score in scores.items() if score is not None}


def find_baselines(rows: Sequence[Row], wanted: str | None) -> dict[str, Row]:
    """Return the row that each row's difference is taken to.

    Args:
        rows: All rows.
        wanted: Label of the baseline; None for the method that asks at random.

    Returns:
        The place of a row (`place`) to its baseline, which shares its conditions and, where none is asked for
        by name, its annotation and budget; one of the same experiment if there is one. Baselines, and rows
        without one, are missing.

    Raises:
        AlsegError: If no method is called so, or two under the same conditions are.
    """
    if wanted is None:
        found = [row for row in rows if row.method.acquisition == "random" and not row.is_reference]
    else:
        exact = [row for row in rows if row.label == wanted]
        found = exact or [row for row in rows if row.method.label == wanted]
        if not found:
            raise AlsegError(unknown_name("method", wanted, {row.label for row in rows}))
        _refuse_two(found, wanted)
    baselines = {}
    for row in rows:
        candidates = [
            other
            for other in found
            if other.conditions_hash == row.conditions_hash and (wanted is not None or buy_alike(row, other))
        ]
        own = [other for other in candidates if other.experiment == row.experiment]
        baseline = next(iter(own or candidates), None)
        if baseline is not None and baseline is not row:
            baselines[place(row)] = baseline
    return baselines


def place(row: Row) -> str:
    """Return what no other row of a comparison has."""
    return f"{row.scenario}\n{row.label}"


def buy_alike(row: Row, other: Row) -> bool:
    """Whether both buy labels with the same annotation, all its parameters included, and budget."""
    purchases = row.purchase, other.purchase
    return None not in purchases and len({each.key for each in purchases if each is not None}) == 1


def _refuse_two(found: Sequence[Row], wanted: str) -> None:
    places: dict[tuple[str, str], Row] = {}
    for row in found:
        first = places.setdefault((row.experiment, row.conditions_hash), row)
        if first is not row:
            raise AlsegError(f"Two methods are called '{wanted}': name '{first.label}' or '{row.label}'.")


def _against_baseline(row: Row, baseline: Row | None, metric: Metric) -> Row:
    if baseline is None:
        return row
    difference = paired_difference(
        by_seed(row.counted, metric.value), by_seed(baseline.counted, metric.value)
    )
    one_seed = difference is not None and difference.n == 1
    return replace(
        row,
        difference=difference,
        baseline=baseline.label,
        alike=buy_alike(row, baseline),
        image_interval=_over_images(row, baseline, metric) if one_seed else None,
    )


def _over_images(row: Row, baseline: Row, metric: Metric) -> ImageInterval | None:
    """Return the interval over evaluation images of the one seed that both rows have."""
    if not metric.classes:
        return None
    theirs = {run.seed: (run, result) for run, result in baseline.counted}
    run, result = next(pair for pair in row.counted if pair[0].seed in theirs)
    names = run.label_space.classes
    return image_interval(
        _counts_of(run, result),
        _counts_of(*theirs[run.seed]),
        [names.index(name) for name in metric.classes],
    )


def _counts_of(run: Run, result: RoundResult) -> Path:
    return run.round_folder(result.round) / COUNTS_NAME


def _with_holm(rows: Sequence[Row]) -> list[Row]:
    """Correct the p-values between rows that buy alike for how many there are; others get none."""
    tested = [
        row for row in rows if row.alike and row.difference is not None and row.difference.p is not None
    ]
    adjusted = iter(
        holm([row.difference.p for row in tested if row.difference and row.difference.p is not None])
    )
    return [replace(row, p_holm=next(adjusted)) if row in tested else row for row in rows]


def _gap_closed(row: Row, rows: Sequence[Row], metric: Metric) -> float | None:
    """Return the share of the gap that a row closes, by means over the seeds that it and both ends have."""
    if row.is_reference:
        return None
    ends = []
    for kind in ("none", "all"):
        found = [
            other
            for other in rows
            if other.method.target_labels == kind and other.conditions_hash == row.conditions_hash
        ]
        own = [other for other in found if other.experiment == row.experiment]
        if not found:
            return None
        ends.append((own or found)[0])
    values = [by_seed(each.counted, metric.value) for each in (row, *ends)]
    shared = set.intersection(*map(set, values))
    if not shared:
        return None
    own_mean, lowest, highest = (sum(scores[seed] for seed in shared) / len(shared) for scores in values)
    return gap_closed(own_mean, lowest, highest)


def find_contests(rows: Sequence[Row], metric: Metric) -> list[Contest]:
    """Return the results of methods that buy alike under the same conditions, together."""
    together: dict[tuple[str, str, Purchase], list[Row]] = {}
    for row in rows:
        if row.purchase is not None and row.score is not None:
            together.setdefault((row.scenario, row.conditions_hash, row.purchase), []).append(row)
    titles = _titles(together)
    named = {key: _named(group) for key, group in together.items()}
    return [
        Contest(
            title=titles[key],
            scenario=key[0],
            purchase=key[2].text,
            scores={name: by_seed(row.counted, metric.value) for name, row in methods.items()},
            by_round=_by_round(methods, metric),
            differences={
                name: row.difference.mean for name, row in methods.items() if row.difference is not None
            },
        )
        for key, methods in named.items()
    ]


def _titles(
    together: Mapping[tuple[str, str, Purchase], Sequence[Row]],
) -> dict[tuple[str, str, Purchase], str]:
    """Return the scenario of each contest, with experiments and a number where it has several that buy so."""
    names = {
        key: ", ".join(dict.fromkeys(row.experiment for row in group)) for key, group in together.items()
    }
    titles = {}
    for key, name in names.items():
        alike = [other for other in names if (other[0], other[2]) == (key[0], key[2])]
        same = [other for other in alike if names[other] == name]
        number = f" {same.index(key) + 1}" if len(same) > 1 else ""
        titles[key] = f"{key[0]} [{name}{number}]" if len(alike) > 1 else key[0]
    return titles


def _named(rows: Sequence[Row]) -> dict[str, Row]:
    """Return rows by the label that their method has everywhere; by the row's own where two share it."""
    labels = [row.method.label for row in rows]
    return {row.method.label if labels.count(row.method.label) == 1 else row.label: row for row in rows}


def _by_round(rows: Mapping[str, Row], metric: Metric) -> dict[int, dict[str, dict[int, float]]]:
    """Return the metric after each purchase of the runs that count, until the round compared."""
    found: dict[int, dict[str, dict[int, float]]] = {}
    for name, row in rows.items():
        for run, last in row.counted:
            for result in run.rounds:
                score = metric.value(run, result)
                if 0 < result.round <= last.round and score is not None:
                    found.setdefault(result.round, {}).setdefault(name, {})[run.seed] = score
    return dict(sorted(found.items()))


def together(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows with those that buy alike together, each that buys no labels alone, by first place."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(place(row) if row.purchase is None else row.purchase.key, []).append(row)
    return list(groups.values())


def mark_best(rows: Sequence[Row], classes: Sequence[str], subsets: Sequence[str]) -> list[Row]:
    """Mark the best of methods that buy alike, ties at one decimal included.

    One method alone is not best, and neither is anybody where nobody gets above 0.0.
    """
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
            best = frozenset(name for name, value in top.items() if 0 < value == _shown(row.iou[name]))
            row = replace(
                row,
                best=best,
                best_score=0 < round(row.score.mean, 1) == top_score,
                best_subsets=frozenset(
                    name for name, value in top_subsets.items() if 0 < value == _shown_mean(row.subsets[name])
                ),
            )
        marked.append(row)
    return marked


def _shown(value: float | None) -> float:
    """Return the number that a table shows, -1 for nothing."""
    return -1.0 if value is None else round(value, 1)


def _shown_mean(interval: Interval | None) -> float:
    return _shown(None if interval is None else interval.mean)
