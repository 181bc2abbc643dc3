"""What a method buys: annotation mode, partition, annotator, budget. Only methods buying alike are tested."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alseg.storage.records import Run


@dataclass(frozen=True)
class Purchase:
    """An annotation mode, a partition and an annotator with all their parameters, and a budget.

    Attributes:
        key: Equal for equal modes, parameters and budgets, however the budget is written.
        text: In words, such as ``region (radius 1), 2.2%``.
    """

    key: str
    text: str


def purchase_of(run: Run) -> Purchase | None:
    """Return what a run buys; None for one that buys no labels."""
    method = run.method
    if method.target_labels != "acquired":
        return None
    asked = _mapping(run.spec.get("method"))
    mode, budget = _mapping(asked.get("annotation")), _mapping(asked.get("budget"))
    params = _mapping(mode.get("params"))
    amount = [budget.get(key) for key in ("unit", "amount", "scope")] if budget else method.budget
    partition = _mapping(asked.get("partition"))
    annotator = _mapping(asked.get("annotator"))
    what = [method.annotation, params, amount, *([partition] if partition else [])]
    what += [{"annotator": annotator}] if annotator else []
    key = json.dumps(what, sort_keys=True, default=str)
    # Whole images are always chosen over the pool.
    pooled = budget.get("scope") == "pool" and method.annotation != "image"
    pool = " over the pool" if pooled else ""
    words = _in_words(method.annotation or "unknown annotation", params)
    if partition:
        words += f" of {_in_words(str(partition.get('name')), _mapping(partition.get('params')))}"
    if annotator:
        words += f" by {_in_words(str(annotator.get('name')), _mapping(annotator.get('params')))}"
    return Purchase(key, f"{words}, {method.budget or 'unknown budget'}{pool}")


def _in_words(name: str, params: Mapping[str, Any]) -> str:
    """Return such as ``region (radius 1)``."""
    settings = ", ".join(
        f"{key.replace('_', ' ')} {value}" for key, value in params.items() if value is not None
    )
    return f"{name} ({settings})" if settings else name


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
