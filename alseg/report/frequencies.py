"""How frequent classes are: in the evaluation images, in the pool and in what each method has bought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alseg.analysis.counted_images import read_counted
from alseg.analysis.row import Row
from alseg.contracts import IGNORE_INDEX
from alseg.data.subset import evenly
from alseg.errors import AlsegError
from alseg.inspection.saved_run import SavedRun, Split
from alseg.storage.records import RoundResult, Run
from alseg.storage.round_files import COUNTS_NAME

COUNTED_IMAGES = 100
"""Most images whose labels are read for class frequencies of runs that have not kept them."""


def kept_frequencies(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the frequencies that run folders hold.

    Args:
        rows: All of one scenario.

    Returns:
        One series each: ``label``, ``method`` (label of the row that bought them, or None) and ``percent``
        of the pixels with a class, in table order.
    """
    return [*_of_evaluation(rows), *filter(None, map(_of_row, rows))]


def counted_frequencies(visits: Mapping[str, SavedRun], pool: SavedRun | None) -> list[dict[str, Any]]:
    """Return frequencies counted in the data set, for runs from before they were kept.

    Args:
        visits: Label of a row to its run.
        pool: Any run, where the frequencies in the pool are wanted, too.

    Returns:
        Series as `kept_frequencies` gives them; of `COUNTED_IMAGES` images at most, spread evenly.

    Raises:
        AlsegError: If the data set is not there, or a purchase is damaged.
    """
    series = []
    if pool is not None and pool.pool.labelled:
        chosen = evenly(len(pool.pool.dataset), COUNTED_IMAGES)
        counts = _counted([pool.pool.truth(index) for index in chosen])
        title = f"pool{_sample(len(chosen), len(pool.pool.dataset))}"
        series.append(_series(title, None, _checked(counts, title, pool)))
    for label, visit in visits.items():
        touched = _touched(visit, visit.pool)
        if not touched:
            continue
        chosen = [touched[place] for place in evenly(len(touched), COUNTED_IMAGES)]
        labels = visit.labels(visit.last_round())
        counts = _counted([labels.revealed(index) for index in chosen])
        title = f"{label}{_sample(len(chosen), len(touched))}"
        series.append(_series(title, label, _checked(counts, title, visit)))
    return series


def _of_evaluation(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return how frequent classes are in the evaluation images, as the first round with counts has them."""
    for row in rows:
        for run, result in row.counted:
            counts = _pixels_evaluated(run, result)
            if counts is not None:
                return [_series("evaluation images", None, counts)]
    return []


def _pixels_evaluated(run: Run, result: RoundResult) -> NDArray[np.int64] | None:
    try:
        counted = read_counted(run.round_folder(result.round) / COUNTS_NAME)
    except AlsegError:
        return None
    pixels: NDArray[np.int64] = counted.of(run.image_patterns).counts.sum(axis=(0, 2))
    return pixels if pixels.shape == (len(run.label_space.classes),) and pixels.sum() else None


def _of_row(row: Row) -> dict[str, Any] | None:
    """Return what a method has bought with all seeds; one that has everything shows the pool."""
    bought = [result.bought for _, result in row.counted]
    if not bought or any(each is None for each in bought):
        return None
    names = row.counted[0][0].label_space.classes
    counts = np.array([sum(each.get(name, 0) for each in bought if each) for name in names], np.int64)
    if not counts.sum():
        return None
    is_pool = row.method.target_labels == "all"
    return _series("pool" if is_pool else row.label, None if is_pool else row.label, counts)


def _touched(visit: SavedRun, pool: Split) -> list[int]:
    asked = {image_id for purchase in visit.purchases.values() for image_id in purchase.spans}
    return [index for index, image_id in enumerate(pool.image_ids) if image_id in asked]


def _sample(counted: int, all_of_them: int) -> str:
    return "" if counted == all_of_them else f" ({counted} of {all_of_them} images)"


def _counted(maps: Sequence[NDArray[np.uint8]]) -> NDArray[np.int64]:
    counts = np.zeros(256, np.int64)
    for label_map in maps:
        counts += np.bincount(label_map.ravel(), minlength=256)
    return counts


def _checked(counts: NDArray[np.int64], label: str, visit: SavedRun) -> NDArray[np.int64]:
    classes = len(visit.space.classes)
    if int(counts[classes:IGNORE_INDEX].sum()):
        raise AlsegError(f"The labels of {label} hold values that the label space does not have.")
    return counts[:classes]


def _series(label: str, method: str | None, counts: NDArray[np.int64]) -> dict[str, Any]:
    shares = 100 * counts / max(1, int(counts.sum()))
    return {"label": label, "method": method, "percent": [round(float(share), 5) for share in shares]}
