"""From rows to groups: results of methods that buy alike under the same conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alseg.analysis.by_seed import by_seed
from alseg.analysis.groups import ComparisonGroup
from alseg.analysis.metric import Metric
from alseg.analysis.purchases import Purchase
from alseg.analysis.row import Row
from alseg.analysis.row_images import values_of_blocks


def find_groups(rows: Sequence[Row], metric: Metric, *, blocks: bool = False) -> list[ComparisonGroup]:
    """Return the results of methods that buy alike under the same conditions, together; no upper marks.

    Args:
        rows: The rows of the comparison.
        metric: What they are compared by.
        blocks: Whether to read what each block of evaluation images contributes.
    """
    together: dict[tuple[str, str, Purchase], list[Row]] = {}
    for row in rows:
        if row.purchase is not None and row.score is not None and not row.is_upper_mark:
            together.setdefault((row.scenario, row.conditions_hash, row.purchase), []).append(row)
    titles = _titles(together)
    named = {key: _named(group) for key, group in together.items()}
    return [
        ComparisonGroup(
            title=titles[key],
            scenario=key[0],
            purchase=key[2].text,
            baseline=_baseline(methods),
            scores={name: by_seed(row.counted, metric.value) for name, row in methods.items()},
            by_round=_by_round(methods, metric),
            by_block=_by_block(methods, metric) if blocks else {},
            differences={
                name: row.difference.mean
                for name, row in methods.items()
                if row.difference is not None and row.alike
            },
        )
        for key, methods in named.items()
    ]


def _baseline(methods: Mapping[str, Row]) -> str | None:
    """Return the method that the others' differences are taken to, by the name that it has everywhere."""
    labels = dict.fromkeys(row.baseline for row in methods.values() if row.baseline is not None and row.alike)
    return next((name for name, row in methods.items() if row.label in labels), None)


def _titles(
    together: Mapping[tuple[str, str, Purchase], Sequence[Row]],
) -> dict[tuple[str, str, Purchase], str]:
    """Return the scenario of each group, with experiments and a number where it has several that buy so."""
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


def _by_block(rows: Mapping[str, Row], metric: Metric) -> dict[str, dict[int, tuple[float, ...]]]:
    """Return the pseudo-values of all runs that count; nothing where they are not of the same images."""
    found = {name: values_of_blocks(row, metric) for name, row in rows.items()}
    every = [values for of_row in found.values() for values in of_row.values()]
    if None in every or len({values.image_ids for values in every if values is not None}) != 1:
        return {}
    return {
        name: {seed: values.values for seed, values in of_row.items() if values is not None}
        for name, of_row in found.items()
    }
