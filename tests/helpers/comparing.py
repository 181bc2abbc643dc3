"""Short ways to compare fake runs and to look at what came out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alseg.analysis.compare import compare
from alseg.analysis.comparison import Comparison
from alseg.analysis.options import CompareOptions
from alseg.analysis.row import Row
from alseg.storage.reader import load_results


def compared(*folders: Path, **options: Any) -> Comparison:
    return compare(load_results(folders), CompareOptions(**options))


def row(comparison: Comparison, label: str) -> Row:
    return next(row for row in comparison.rows if row.label == label)


def mean(row: Row) -> float:
    assert row.score is not None
    return row.score.mean


def labels(comparison: Comparison) -> list[str]:
    return [row.label for row in comparison.rows]
