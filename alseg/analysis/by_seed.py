"""Numbers of a row, seed by seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from alseg.storage.records import RoundResult, Run


def by_seed(
    counted: Iterable[tuple[Run, RoundResult]], value: Callable[[Run, RoundResult], float | None]
) -> dict[int, float]:
    """Return a number of each seed, without those where it is undefined."""
    scores = {run.seed: value(run, result) for run, result in counted}
    return {seed: score for seed, score in scores.items() if score is not None}
