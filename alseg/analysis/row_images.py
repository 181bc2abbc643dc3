"""Intervals of differences between rows over evaluation images."""

from __future__ import annotations

from pathlib import Path

from alseg.analysis.bootstrap import CrossedInterval, ImageInterval, crossed_interval, image_interval
from alseg.analysis.metric import Metric
from alseg.analysis.pseudo_values import PseudoValues, pseudo_values
from alseg.analysis.row import Row
from alseg.storage.records import RoundResult, Run
from alseg.storage.round_files import COUNTS_NAME


def over_images(row: Row, baseline: Row, metric: Metric) -> ImageInterval | None:
    """Return the interval over evaluation images of the one seed that both rows have."""
    if not metric.classes:
        return None
    (pair,) = _counts_of_seeds(row, baseline)
    return image_interval(*pair, _indices(row, metric), _patterns(row))


def over_seeds_and_images(row: Row, baseline: Row, metric: Metric) -> CrossedInterval | None:
    """Return the interval over the seeds that both rows have and over evaluation images."""
    if not metric.classes:
        return None
    return crossed_interval(_counts_of_seeds(row, baseline), _indices(row, metric), patterns=_patterns(row))


def values_of_blocks(row: Row, metric: Metric) -> dict[int, PseudoValues | None]:
    """Return what each block of evaluation images contributes to each run that counts, by seed."""
    if not metric.classes:
        return {run.seed: None for run, _ in row.counted}
    classes = _indices(row, metric)
    return {
        run.seed: pseudo_values(_counts_of(run, result), classes, run.image_patterns)
        for run, result in row.counted
    }


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


def _patterns(row: Row) -> tuple[str, ...]:
    """Return of which groups the images of a row that counts are, the same for all its runs."""
    return row.counted[0][0].image_patterns


def _counts_of(run: Run, result: RoundResult) -> Path:
    return run.round_folder(result.round) / COUNTS_NAME
