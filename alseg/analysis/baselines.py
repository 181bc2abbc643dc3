"""Rows of a comparison against each other: which are compared, and the differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from alseg.analysis.by_seed import by_seed
from alseg.analysis.contrasts import Contrast
from alseg.analysis.metric import Metric
from alseg.analysis.multiplicity import corrected, equivalence
from alseg.analysis.row import Row
from alseg.analysis.row_images import over_images, over_seeds_and_images
from alseg.analysis.row_references import closed_gap
from alseg.analysis.statistics import paired_difference
from alseg.config.comparisons import Pair, declared_in
from alseg.errors import AlsegError, unknown_name


class Contrasts(NamedTuple):
    """Every comparison of two rows.

    Attributes:
        found: In the order of the rows.
        unpaired: Places of rows that have a baseline, but no seed in common with it.
    """

    found: Sequence[Contrast]
    unpaired: frozenset[str]


def find_contrasts(rows: Sequence[Row], wanted: str | None, metric: Metric) -> Contrasts:
    """Return every comparison of two rows, each as one of its family.

    Families are what the experiment file declares, results that are still missing included; without a
    declaration, and where a baseline is asked for by name, it is all rows of an experiment against their
    baselines.

    Args:
        rows: All rows.
        wanted: Label of the baseline; None for what is declared, else for the methods that ask at random.
        metric: What is compared.

    Raises:
        AlsegError: If a baseline is unknown, or a declaration cannot be read.
    """
    declared = _declared(rows) if wanted is None else {}
    usual = find_baselines(rows, wanted)
    sizes: dict[object, int] = dict(
        Counter((root, pair.family) for root, pairs in declared.items() for pair in pairs)
    )
    found: list[tuple[object, Contrast, float | None]] = []
    unpaired: set[str] = set()
    for row in rows:
        root = _root(row)
        if root in declared:
            pairs: list[tuple[Row, Pair | None]] = [
                (other, pair)
                for pair in declared[root]
                if pair.method == row.method.label
                and (other := _named_row(row, pair.baseline, rows)) is not None
            ]
        else:
            pairs = [(usual[place(row)], None)] if place(row) in usual else []
        for baseline, pair in pairs:
            contrast = _contrast(row, baseline, metric, pair)
            if contrast is None:
                unpaired.add(place(row))
                continue
            family = (root, pair.family) if pair is not None else row.experiment
            # A reference buys nothing that could be unequal, but is tested only where that is declared.
            of_reference = row.is_reference or baseline.is_reference
            testable = contrast.alike or (contrast.declared and of_reference)
            # That an upper mark is above others is no finding: it is tested only where the file names it.
            testable = testable and (contrast.declared or not row.is_upper_mark)
            if not contrast.declared and testable and contrast.difference.half_width is not None:
                sizes[family] = sizes.get(family, 0) + 1
            found.append((family if testable else None, contrast, pair and pair.margin))
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
                image_interval=over_images(row, baseline, metric) if shown.difference.n == 1 else None,
                crossed=over_seeds_and_images(row, baseline, metric) if crossed else None,
            )
        compared.append(replace(row, unpaired=shown is None and place(row) in contrasts.unpaired))
    return [replace(row, gap_closed=closed_gap(row, rows, metric)) for row in compared]


def _contrast(row: Row, baseline: Row, metric: Metric, pair: Pair | None) -> Contrast | None:
    """Return the comparison of two rows, declared by a pair or not; None where no seed is shared."""
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
        declared=pair is not None,
        family=pair and pair.family,
        alike=buy_alike(row, baseline),
        same_conditions=row.conditions_hash == baseline.conditions_hash,
        difference=difference,
    )


def _declared(rows: Sequence[Row]) -> dict[Path, list[Pair]]:
    """Return what the experiment file of each results folder declares, where it declares anything."""
    roots: dict[Path, dict[str, str | None]] = {}
    for row in rows:
        bought = row.purchase.key if row.purchase is not None else None
        roots.setdefault(_root(row), {})[row.method.label] = bought
    seeing = {(_root(row), row.method.label) for row in rows if row.is_upper_mark}
    return {
        root: pairs
        for root, bought in roots.items()
        if (pairs := declared_in(root, bought, {label for of, label in seeing if of == root}))
    }


def _root(row: Row) -> Path:
    """Return the results folder of a row."""
    return row.runs[0].folder.parent.parent


def _named_row(row: Row, label: str, rows: Sequence[Row]) -> Row | None:
    """Return the row of a method of the same experiment, one under the same conditions if there is one."""
    found = [other for other in rows if other.method.label == label and _root(other) == _root(row)]
    found.sort(key=lambda other: other.conditions_hash != row.conditions_hash)
    return found[0] if found else None


def find_baselines(rows: Sequence[Row], wanted: str | None) -> dict[str, Row]:
    """Return the row that each row's difference is taken to.

    Args:
        rows: All rows.
        wanted: Label of the baseline; None for the method that asks at random.

    Returns:
        The place of a row (`place`) to its baseline, which shares its conditions and, where none is asked for
        by name, its annotation and budget; one of the same experiment if there is one. One asked for by name
        may have another recipe, where none has the row's own. Baselines, and rows without one, are missing.

    Raises:
        AlsegError: If no method is called so, two under the same conditions are, or it is an upper mark.
    """
    if wanted is None:
        found = [
            row
            for row in rows
            if row.method.acquisition == "random" and not row.is_reference and not row.is_upper_mark
        ]
    else:
        exact = [row for row in rows if row.label == wanted]
        found = exact or [row for row in rows if row.method.label == wanted]
        if not found:
            raise AlsegError(unknown_name("method", wanted, {row.label for row in rows}))
        _refuse_upper_marks(found, wanted)
        _refuse_two(found, wanted)
    baselines = {}
    for row in rows:
        candidates = [
            other
            for other in found
            if other.conditions_hash == row.conditions_hash and (wanted is not None or buy_alike(row, other))
        ]
        if wanted is not None and not candidates:
            candidates = [other for other in found if other.task_hash == row.task_hash]
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


def _refuse_upper_marks(found: Sequence[Row], wanted: str) -> None:
    if any(row.is_upper_mark for row in found):
        raise AlsegError(
            f"'{wanted}' sees the labels of the pool: it is an upper mark, and no baseline. Name a method "
            "that sees none."
        )
