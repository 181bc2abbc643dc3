"""What a reader must know where methods were trained by different recipes, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from alseg.analysis.row import Row
from alseg.analysis.row_references import end_of_gap

_MISSING = object()


def notes(rows: Sequence[Row]) -> Iterator[str]:
    """Yield which recipes differ, and which numbers compare rows of different recipes all the same.

    Args:
        rows: The rows shown, with differences and gaps.
    """
    tasks: dict[str, list[Row]] = {}
    for row in rows:
        tasks.setdefault(row.task_hash, []).append(row)
    for group in tasks.values():
        yield from _differing(group)
    by_label = {(row.scenario, row.label): row for row in rows}
    paired: dict[str, list[str]] = {}
    for row in rows:
        baseline = by_label.get((row.scenario, row.baseline or ""))
        if row.difference is not None and baseline is not None and _differ(row, baseline):
            paired.setdefault(baseline.label, []).append(row.label)
    for label, others in paired.items():
        yield f"The difference to {label} is one of recipes, too, for {', '.join(others)}."
    foreign = dict.fromkeys(
        end.label
        for row in rows
        if row.gap_closed is not None
        for end in (end_of_gap(row, rows, "none"), end_of_gap(row, rows, "all"))
        if end is not None and _differ(row, end)
    )
    if foreign:
        yield f"Gap closed is measured with other recipes at {' and '.join(foreign)}."


def _differing(rows: Sequence[Row]) -> Iterator[str]:
    """Name what differs from the recipe that most rows of one task have."""
    by_recipe: dict[str, list[Row]] = {}
    for row in rows:
        by_recipe.setdefault(row.conditions_hash, []).append(row)
    if len(by_recipe) < 2:
        return
    usual = max(by_recipe.values(), key=len)  # the first of equals
    told = [
        f"{', '.join(row.label for row in group)} with {_changes(usual[0].recipe, group[0].recipe)}"
        for group in by_recipe.values()
        if group is not usual
    ]
    yield (
        f"Recipes differ from that of {usual[0].label}: {'; '.join(told)}. Methods with different recipes "
        "are neither ranked nor tested against each other, unless a baseline is asked for by name."
    )


def _changes(usual: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """Return ``consistency 0 (not 0.1)`` for each parameter that differs, of two recipes that both have."""
    keys = dict.fromkeys([*usual, *own])
    if usual.get("recipe") != own.get("recipe"):
        keys = {key: None for key in keys if key in usual and key in own}
    return ", ".join(
        f"{key.replace('_', ' ')} {_text(own.get(key, _MISSING))} (not {_text(usual.get(key, _MISSING))})"
        for key in keys
        if usual.get(key, _MISSING) != own.get(key, _MISSING)
    )


def _text(value: Any) -> str:
    if value is _MISSING:
        return "unknown"
    if isinstance(value, list | tuple):
        return " x ".join(map(_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _differ(row: Row, other: Row) -> bool:
    return row.task_hash == other.task_hash and row.conditions_hash != other.conditions_hash
