"""How far a difference between two networks depends on the images they are evaluated on.

From the confusion counts per image that every round keeps. This is about one network against another: how
much results differ from seed to seed it cannot say.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alseg.errors import AlsegError

RESAMPLES = 1000
"""How often the evaluation images are drawn anew."""


class ImageInterval(NamedTuple):
    """A 95% percentile interval of a difference over resampled images.

    Attributes:
        low: 2.5th percentile, in points of the metric.
        high: 97.5th percentile.
        images: Number of evaluation images.
    """

    low: float
    high: float
    images: int


def image_interval(counts: Path, baseline: Path, classes: Sequence[int]) -> ImageInterval | None:
    """Return the interval of the difference in mean IoU between two rounds evaluated on the same images.

    The images are drawn with replacement, the same draws for both, and the mean IoU of one confusion matrix
    over each draw is computed.

    Args:
        counts: A round's ``confusion.npz``.
        baseline: That of the round it is compared with.
        classes: Indices of the classes whose mean is the metric; one that a draw does not hold is left out.

    Returns:
        The interval, or None where a file is missing or damaged, or the images differ.

    Source:
        Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, sections 8 and 13: percentile interval
        over paired units, which are images here. Videos have neighbouring frames that are not independent, so
        that the interval is too narrow for them.
    """
    ours, theirs = _resampled(counts), _resampled(baseline)
    if ours is None or theirs is None or ours[0] != theirs[0]:
        return None
    # A class that a draw leaves out is left out of the mean of that draw, as everywhere.
    with np.errstate(invalid="ignore"):
        chosen = list(classes)
        differences = _means(ours[1][:, chosen]) - _means(theirs[1][:, chosen])
    differences = differences[np.isfinite(differences)]
    if not differences.size:
        return None
    low, high = np.percentile(differences, [2.5, 97.5])
    return ImageInterval(float(low), float(high), len(ours[0]))


def read_image_counts(path: Path) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Read confusion counts per image.

    Returns:
        The image ids, and int64 ``(N, C, C)``, rows ground truth, columns prediction.

    Raises:
        AlsegError: If the file is missing or damaged; names it.
    """
    refuse_damaged_counts(path)
    no_arrays = AlsegError(f"{path} is damaged: it holds something else than arrays of numbers and names.")
    try:
        with np.load(path, allow_pickle=False) as content:
            names, counts = content["image_ids"], content["counts"]
    except Exception as error:  # numpy raises many types; some of its texts tell how to unpickle objects
        raise no_arrays from error
    if not (isinstance(names, np.ndarray) and isinstance(counts, np.ndarray) and names.ndim == 1):
        raise no_arrays
    ids = tuple(str(name) for name in names)
    if counts.ndim != 3 or counts.shape[1] != counts.shape[2] or len(ids) != len(counts):
        raise AlsegError(f"{path} is damaged: its counts of {len(ids)} images have the shape {counts.shape}.")
    if counts.dtype.kind not in "iu" or (counts.size and counts.min() < 0):
        raise AlsegError(f"{path} is damaged: its counts are not all whole numbers of at least 0.")
    return ids, counts.astype(np.int64)


def refuse_damaged_counts(path: Path) -> None:
    """Check the checksums that the archive of a round's confusion counts holds, without making arrays of it.

    Raises:
        AlsegError: If the file is missing or damaged; names it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for name in ("image_ids.npy", "counts.npy"):
                archive.read(name)
    except FileNotFoundError as error:
        raise AlsegError(f"{path} is missing.") from error
    except KeyError as error:
        raise AlsegError(f"{path} is damaged: it holds no {name}.") from error
    except Exception as error:  # zipfile raises many types for a damaged archive
        raise AlsegError(f"{path} is damaged: {error}.") from error


@lru_cache(maxsize=512)
def _resampled(path: Path) -> tuple[tuple[str, ...], NDArray[np.float64]] | None:
    """Return image ids and percent IoU ``(RESAMPLES, C)``, one row per draw; NaN for absent classes."""
    try:
        ids, counts = read_image_counts(path)
    except AlsegError:
        return None
    if not len(ids):
        return None
    size = counts.shape[1]
    truth, guess = counts.sum(axis=2), counts.sum(axis=1)
    hits = counts[:, np.arange(size), np.arange(size)]
    per_image = np.concatenate([hits, truth, guess], axis=1).astype(np.float64)
    totals = _draws(len(ids)) @ per_image
    drawn_hits, drawn_truth, drawn_guess = np.split(totals, 3, axis=1)
    iou = np.full_like(drawn_hits, np.nan)
    np.divide(100 * drawn_hits, drawn_truth + drawn_guess - drawn_hits, out=iou, where=drawn_truth > 0)
    return ids, iou


@lru_cache(maxsize=8)
def _draws(images: int) -> NDArray[np.float64]:
    """Return how often each image is in each draw, ``(RESAMPLES, images)``; the same in every call."""
    generator = np.random.default_rng(0)
    return generator.multinomial(images, np.full(images, 1 / images), size=RESAMPLES).astype(np.float64)


def _means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    present = ~np.isnan(values)
    count = present.sum(axis=1)
    return np.where(count > 0, np.nansum(values, axis=1) / np.maximum(count, 1), np.nan)
