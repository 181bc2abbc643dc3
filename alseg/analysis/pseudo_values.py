"""What each block of evaluation images says of a run: jackknife pseudo-values of the metric."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alseg.analysis.bootstrap import FEWEST_GROUPS
from alseg.analysis.counted_images import read_counted
from alseg.errors import AlsegError

MOST_BLOCKS = 20
"""More blocks make models slow and say little more; neighbouring groups are put together."""


class PseudoValues(NamedTuple):
    """A run's metric, block by block.

    Attributes:
        image_ids: The images, by which runs that were evaluated alike are known.
        values: One value in points for each block, in the order of the images; their mean is the metric.
    """

    image_ids: tuple[str, ...]
    values: tuple[float, ...]


def pseudo_values(
    counts: Path, classes: Sequence[int], patterns: tuple[str, ...] = ()
) -> PseudoValues | None:
    """Return what each block of images contributes to the mean IoU.

    Args:
        counts: A round's ``confusion.npz``.
        classes: Indices of the classes whose mean is the metric; one that is not there is left out.
        patterns: Of which groups the images are, see `alseg.analysis.counted_images`; empty for all images.

    Returns:
        None where the file is missing or damaged, or its images are of fewer than `FEWEST_GROUPS` groups.

    Source:
        Pseudo-values of the jackknife over groups (Tukey 1958; Quenouille, Biometrika 1956), which make a
        response for each image of a figure that only all images have, as Dorfman, Berbaum and Metz do
        (Investigative Radiology 1992). They are moved so that their mean is the metric itself.
    """
    try:
        ids, groups, per_image = read_counted(counts).of(patterns)
    except AlsegError:
        return None
    names = list(dict.fromkeys(groups))
    if len(names) < FEWEST_GROUPS:
        return None
    number = min(len(names), MOST_BLOCKS)
    block_of = {name: place * number // len(names) for place, name in enumerate(names)}
    blocks = np.zeros((number, *per_image.shape[1:]), dtype=np.int64)
    np.add.at(blocks, [block_of[group] for group in groups], per_image)
    whole = blocks.sum(axis=0)
    metric = _mean_iou(whole, classes)
    without = np.array([_mean_iou(whole - block, classes) for block in blocks])
    values = number * metric - (number - 1) * without
    if not np.isfinite(values).all():
        return None
    return PseudoValues(ids, tuple(map(float, values - values.mean() + metric)))


def _mean_iou(counts: NDArray[np.int64], classes: Sequence[int]) -> float:
    """Return the mean IoU in percent of the classes that the ground truth holds; NaN without any."""
    hits, truth, guess = np.diagonal(counts), counts.sum(axis=1), counts.sum(axis=0)
    present = [number for number in classes if truth[number] > 0]
    if not present:
        return float("nan")
    return float(np.mean(100 * hits[present] / (truth + guess - hits)[present]))
