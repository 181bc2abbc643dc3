"""``metrics.json`` and ``timing.json`` of a round: its numbers and how long its phases took."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from alseg.errors import DamageError
from alseg.files import read_json
from alseg.storage.layout import METRICS_NAME, TIMING_NAME
from alseg.storage.records import RoundResult
from alseg.storage.run_description import RunFile
from alseg.storage.validation import keys_of, read_known, validated

_LONGEST_SECONDS = 1e10
"""More than three hundred years."""

_ROUND = TypeAdapter(RoundResult)
_ROUND_KEYS = keys_of(RoundResult)

_EVALUATION_KEYS = ("miou", "accuracy", "iou")
"""Of a run with evaluation labels; others have none of them."""


def percent(value: float) -> float | None:
    """Return a metric for JSON: None where it is undefined."""
    return None if math.isnan(value) else value


def read_metrics(path: Path) -> dict[str, Any]:
    """Read a round's metrics.

    Raises:
        DamageError: If the file is missing or damaged; names it.
    """
    return read_round_content(path)[0]


def read_round_content(path: Path) -> tuple[dict[str, Any], RoundResult]:
    """Read a round's ``metrics.json``: as it is written, and as a record.

    Args:
        path: The file.

    Raises:
        DamageError: If the file is missing or damaged; names it.
    """
    content = _with_clicks(read_known(path, _ROUND_KEYS))
    lacking = [key for key in _EVALUATION_KEYS if key not in content]
    if 0 < len(lacking) < len(_EVALUATION_KEYS):
        raise DamageError(f"{path} is damaged: {lacking[0]}: Field required.")
    result = validated(path, _ROUND, content)
    cost, pool = result.cost, result.pool
    if cost.valid_pixels > cost.pixels or cost.pixels > pool.pixels or cost.images > pool.images:
        raise DamageError(f"{path} is damaged: more is bought than there is.")
    return content, result


def _with_clicks(content: dict[str, Any]) -> dict[str, Any]:
    """Return metrics with the name that clicks have since format 3."""
    cost = content.get("cost")
    if not isinstance(cost, dict) or "questions" not in cost or "clicks" in cost:
        return content
    renamed = dict(cost)
    renamed["clicks"] = renamed.pop("questions")
    return {**content, "cost": renamed}


def read_round(folder: Path, run: RunFile) -> RoundResult:
    """Read a round's ``metrics.json`` and compare it with the run that it is of.

    Args:
        folder: The round's folder.
        run: The run.

    Raises:
        DamageError: If the file is missing or damaged, or does not fit the run; names it.
    """
    path, space = folder / METRICS_NAME, run.label_space
    content, result = read_round_content(path)
    if run.evaluated != ("iou" in content):
        found = "has no IoU" if run.evaluated else "has an IoU, but the run has no evaluation labels"
        raise DamageError(f"{path} is damaged: it {found}.")
    if not run.evaluated:
        result = replace(result, iou=dict.fromkeys(space.classes), subsets=dict.fromkeys(space.subsets))
    if folder.name != f"{result.round:02d}":
        raise DamageError(f"{path} is damaged: it says that it is of round {result.round}.")
    if result.round > len(run.rounds):
        raise DamageError(f"{path} is damaged: the run has no round {result.round}.")
    if set(result.iou) != set(space.classes):
        raise DamageError(f"{path} is damaged: its classes are not those of the run's label space.")
    if not set(space.subsets).issuperset(result.subsets):
        raise DamageError(f"{path} is damaged: its subsets are not those of the run's label space.")
    for scores in filter(None, (result.prequential, result.estimate)):
        if set(scores.iou_of_answers) != set(space.classes):
            raise DamageError(f"{path} is damaged: classes of answers are not those of the label space.")
    if not set(space.classes).issuperset(result.bought or ()):
        raise DamageError(f"{path} is damaged: it has bought classes that the run's label space has not.")
    return result


def read_timing(folder: Path) -> dict[str, float]:
    """Read how long a round's phases took.

    Args:
        folder: A round's folder.

    Returns:
        Phase to seconds, at least 0.

    Raises:
        DamageError: If the file is missing or damaged; names it.
    """
    path = folder / TIMING_NAME
    content = read_json(path)
    for phase, seconds in content.items():
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not is_number or not math.isfinite(seconds) or not 0 <= seconds <= _LONGEST_SECONDS:
            raise DamageError(f"{path} is damaged: {phase!r} is {seconds!r}, not a time in seconds.")
    return {phase: float(seconds) for phase, seconds in content.items()}
