"""Rows of a comparison against each other: differences to baselines, the gap that is closed, who is best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

from alseg.comparison import ClosedGap, Metric, Row
from alseg.contests import Contest
from alseg.contrasts import Contrast
from alseg.declared import Pair, declared_in
from alseg.errors import AlsegError, unknown_name
from alseg.files import content_hash
from alseg.gap import gap_closed
from alseg.imagewise import CrossedInterval, ImageInterval, crossed_interval, image_interval
from alseg.multiplicity import corrected, equivalence
from alseg.purchases import Purchase
from alseg.roundfiles import COUNTS_NAME
from alseg.runs import RoundResult, Run
from alseg.stats import paired_difference


class Contrasts(NamedTuple):
    """Every comparison of two rows.

    Attributes:
        found: In the order of the rows.
        unpaired: Places of rows that have a baseline, but no seed in common with it.
    """

    found: Sequence[Contrast]
    unpaired: frozenset[str]


def find_contrasts(rows: Sequence[Row], wanted: str | None, metric: Metric) -> Contrasts:
    """Return every comparison of two rows, those of one experiment as one family.

    The family is what the experiment file declares, results that are still missing included; without a
    declaration, and where a baseline is asked for by name, it is all rows against their baselines.

    Args:
        rows: All rows.
        wanted: Label of the baseline; None for what is declared, else for the methods that ask at random.
        metric: What is compared.

    Raises:
        AlsegError: If a baseline is unknown, or a declaration cannot be read.
    """
    declared = _declared(rows) if wanted is None else {}
    usual = find_baselines(rows, wanted)
    sizes: dict[object, int] = {}
    found: list[tuple[object, Contrast, float | None]] = []
    unpaired: set[str] = set()
    for row in rows:
        root = _root(row)
        if root in declared:
            sizes[root] = len(declared[root])
            asked = [
                (pair.baseline, pair.margin) for pair in declared[root] if pair.method == row.method.label
            ]
            pairs = [
                (other, margin)
                for label, margin in asked
                if (other := _named_row(row, label, rows)) is not None
            ]
        else:
            pairs = [(usual[place(row)], None)] if place(row) in usual else []
        for baseline, margin in pairs:
            contrast = _contrast(row, baseline, metric, declared=root in declared)
            if contrast is None:
                unpaired.add(place(row))
                continue
            family = root if root in declared else row.experiment
            testable = contrast.declared or contrast.alike
            if not contrast.declared and testable and contrast.difference.half_width is not None:
                sizes[family] = sizes.get(family, 0) + 1
            found.append((family if testable else None, contrast, margin))
    contrasts = [
        contrast
        if family is None or family not in sizes
        else replace(
            contrast,
            corrected=corrected(contrast.difference, sizes[family]),
            equivalence=equivalence(contrast.difference, margin, sizes[family]) if margin else None,
        )
        for family, contrast, margin in found
    ]
    return Contrasts(contrasts, frozenset(unpaired))


def with_contrasts(
    rows: Sequence[Row], contrasts: Contrasts, metric: Metric, *, crossed: bool = False
) -> list[Row]:
    """Return the rows with the first comparison of each, and the gap they close.

    Args:
        rows: All rows.
        contrasts: All comparisons.
        metric: What is compared.
        crossed: Whether to add intervals over seeds and images, which reads the counts of every run.
    """
    first: dict[tuple[str, str], Contrast] = {}
    for contrast in contrasts.found:
        first.setdefault((contrast.scenario, contrast.method), contrast)
    named = {(row.scenario, row.label): row for row in rows}
    compared = []
    for row in rows:
        shown = first.get((row.scenario, row.label))
        if shown is not None:
            baseline = named[row.scenario, shown.baseline]
            row = replace(
                row,
                contrast=shown,
                image_interval=_over_images(row, baseline, metric) if shown.difference.n == 1 else None,
                crossed=_crossed(row, baseline, metric) if crossed else None,
            )
        compared.append(replace(row, unpaired=shown is None and place(row) in contrasts.unpaired))
    return [replace(row, gap_closed=_gap_closed(row, rows, metric)) for row in compared]


def _contrast(row: Row, baseline: Row, metric: Metric, *, declared: bool) -> Contrast | None:
    difference = paired_difference(
        by_seed(row.counted, metric.value), by_seed(baseline.counted, metric.value)
    )
    if difference is None:
        return None
    return Contrast(
        scenario=row.scenario,
        experiment=row.experiment,
        method=row.label,
        baseline=baseline.label,
        declared=declared,
        alike=buy_alike(row, baseline),
        difference=difference,
    )


def _declared(rows: Sequence[Row]) -> dict[Path, list[Pair]]:
    """Return what the experiment file of each results folder declares, where it declares anything."""
    roots: dict[Path, dict[str, str | None]] = {}
    for row in rows:
        bought = row.purchase.key if row.purchase is not None else None
        roots.setdefault(_root(row), {})[row.method.label] = bought
    return {root: pairs for root, bought in roots.items() if (pairs := declared_in(root, bought))}


def _root(row: Row) -> Path:
    """Return the results folder of a row."""
    return row.runs[0].folder.parent.parent


def _named_row(row: Row, label: str, rows: Sequence[Row]) -> Row | None:
    """Return the row of a method of the same experiment, one under the same conditions if there is one."""
    found = [other for other in rows if other.method.label == label and _root(other) == _root(row)]
    found.sort(key=lambda other: other.conditions_hash != row.conditions_hash)
    return found[0] if found else None


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


def _over_images(row: Row, baseline: Row, metric: Metric) -> ImageInterval | None:
    """Return the interval over evaluation images of the one seed that both rows have."""
    if not metric.classes:
        return None
    (pair,) = _counts_of_seeds(row, baseline)
    return image_interval(*pair, _indices(row, metric))


def _crossed(row: Row, baseline: Row, metric: Metric) -> CrossedInterval | None:
    """Return the interval over the seeds that both rows have and over evaluation images."""
    if not metric.classes:
        return None
    return crossed_interval(_counts_of_seeds(row, baseline), _indices(row, metric))


def _counts_of_seeds(row: Row, baseline: Row) -> list[tuple[Path, Path]]:
    """Return the files of confusion counts of both rows, for each seed that both have."""
    theirs = {run.seed: (run, result) for run, result in baseline.counted}
    return [
        (_counts_of(run, result), _counts_of(*theirs[run.seed]))
        for run, result in row.counted
        if run.seed in theirs
    ]


def _indices(row: Row, metric: Metric) -> list[int]:
    names = row.runs[0].label_space.classes
    return [names.index(name) for name in metric.classes]


def _counts_of(run: Run, result: RoundResult) -> Path:
    return run.round_folder(result.round) / COUNTS_NAME


def _gap_closed(row: Row, rows: Sequence[Row], metric: Metric) -> ClosedGap | None:
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
                name: row.difference.mean
                for name, row in methods.items()
                if row.difference is not None and row.alike
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
