"""How far differences depend on the images they are evaluated on, alone and together with seeds.

From the confusion counts per image that every round keeps. Images of one group, such as the frames of one
drive, resemble each other: whole groups are drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from alseg.analysis.counted_images import read_counted
from alseg.errors import AlsegError

RESAMPLES = 1000
"""How often groups of evaluation images are drawn anew."""

FEWEST_GROUPS = 8
"""With fewer groups of images, draws of them say too little about other images."""


class ImageInterval(NamedTuple):
    """A 95% interval of a difference over resampled images.

    Attributes:
        low: Lower end, in points of the metric.
        high: Upper end.
        images: Number of evaluation images.
        groups: Number of groups of images that are drawn; that of images where each is a group of its own.
    """

    low: float
    high: float
    images: int
    groups: int


class CrossedInterval(NamedTuple):
    """A 95% interval of a mean difference over seeds and groups of images together.

    Attributes:
        mean: Of the differences of the seeds, in points.
        half_width: Half the width.
        seeds: Number of seeds.
        groups: Number of groups of images.
    """

    mean: float
    half_width: float
    seeds: int
    groups: int


class _ByGroup(NamedTuple):
    """What is counted on each group of images: hits, truth and guesses of each class, ``(groups, 3 C)``."""

    image_ids: tuple[str, ...]
    group_of_image: tuple[str, ...]
    groups: tuple[str, ...]
    totals: NDArray[np.float64]


class _Draws(NamedTuple):
    """A round's IoU in percent ``(RESAMPLES + 1, C)``: on all images, then on each draw; NaN if absent."""

    image_ids: tuple[str, ...]
    groups: tuple[str, ...]
    iou: NDArray[np.float64]


def image_interval(
    counts: Path, baseline: Path, classes: Sequence[int], patterns: tuple[str, ...] = ()
) -> ImageInterval | None:
    """Return the interval of the difference in mean IoU between two rounds evaluated on the same images.

    Groups of images are drawn with replacement, the same draws for both, and the mean IoU of one confusion
    matrix over each draw is computed.

    Args:
        counts: A round's ``confusion.npz``.
        baseline: That of the round it is compared with.
        classes: Indices of the classes whose mean is the metric; one that a draw does not hold is left out.
        patterns: Of which groups the images are, see `alseg.analysis.counted_images`; empty for all images.

    Returns:
        The interval, or None where a file is missing or damaged, the images differ, or they are of fewer than
        `FEWEST_GROUPS` groups.

    Source:
        Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, sections 8 and 13, over paired groups.
        The percentiles are those of Hesterberg, "What Teachers Should Know About the Bootstrap", American
        Statistician 2015, section 5.3.3, which make up for few groups: 2.5 and 97.5 with many.
    """
    drawn = _differences(counts, baseline, classes, patterns)
    if drawn is None:
        return None
    differences, images, groups = drawn
    t = float(special.stdtrit(groups - 1, 0.975))
    tail = 100 * float(special.ndtr(-math.sqrt(groups / (groups - 1)) * t))
    low, high = np.percentile(differences[1:], [tail, 100 - tail])
    return ImageInterval(float(low), float(high), images, groups)


def mean_interval_over_images(counts: Sequence[Path]) -> ImageInterval | None:
    """Return the interval of the mean over rounds of their mean IoU, over the images they are counted on.

    The rounds may be counted on different images: groups of all of them are drawn with replacement, the same
    draws for every round, and a round's mean IoU is that of its images in the draw.

    Args:
        counts: The ``held-out.npz`` of each round, one for each seed.

    Returns:
        The interval, within 0 and 100, or None without rounds, where a file is missing or damaged, and with
        images of fewer than `FEWEST_GROUPS` groups.

    Source:
        Bootstrap standard error with the t quantile, Efron and Tibshirani 1993, section 12. Not percentiles:
        draws that leave out a class have another mean, so that percentiles of a level, unlike those of a
        difference, lie to one side of it.
    """
    found = [each for each in map(_counted_by_group, counts) if each is not None]
    every = dict.fromkeys(name for each in found for name in each.groups)
    groups, places = len(every), {name: number for number, name in enumerate(every)}
    if len(found) < len(counts) or groups < FEWEST_GROUPS:
        return None
    draws = np.vstack([np.ones(groups), _draws(groups)])
    means = []
    for each in found:
        per_group = np.zeros((groups, each.totals.shape[1]))
        per_group[[places[name] for name in each.groups]] = each.totals
        means.append(_means(_iou_of(draws @ per_group)))
    mean, *drawn = _means(np.stack(means, axis=1)).tolist()
    drawn = [value for value in drawn if math.isfinite(value)]
    if not math.isfinite(mean) or len(drawn) < RESAMPLES / 2:
        return None
    error = float(np.std(drawn, ddof=1)) * math.sqrt(groups / (groups - 1))
    half_width = float(special.stdtrit(groups - 1, 0.975)) * error
    images = len({image_id for each in found for image_id in each.image_ids})
    return ImageInterval(max(0.0, mean - half_width), min(100.0, mean + half_width), images, groups)


def crossed_interval(
    pairs: Sequence[tuple[Path, Path]],
    classes: Sequence[int],
    level: float = 0.95,
    patterns: tuple[str, ...] = (),
) -> CrossedInterval | None:
    """Return the interval of a mean difference in which seeds and images both could have been others.

    Args:
        pairs: For each seed the ``confusion.npz`` of a round and that of the round it is compared with.
        classes: Indices of the classes whose mean is the metric.
        level: Confidence level.
        patterns: Of which groups the images are, see `alseg.analysis.counted_images`; empty for all images.

    Returns:
        None with fewer than two seeds, and where `image_interval` gives none for a seed.

    Source:
        Two crossed random factors: the variance between seeds (each on all images) over their number, plus
        the bootstrap variance over groups of the seeds' mean difference; the t quantile is the mean of those
        of both, weighted by their variances (Cochran, Biometrics 1964). What seeds and groups have only
        together is in both parts, so that the interval is a little too wide rather than too narrow.
    """
    drawn = [_differences(*pair, classes, patterns) for pair in pairs]
    found = [each for each in drawn if each is not None]
    if len(found) < 2 or len(found) < len(pairs) or len({each[1:] for each in found}) > 1:
        return None
    table = np.stack([differences for differences, _, _ in found])
    seeds, groups = len(table), found[0][2]
    over_seeds = float(table[:, 0].var(ddof=1)) / seeds
    over_groups = float(table[:, 1:].mean(axis=0).var(ddof=1)) * groups / (groups - 1)
    variance = over_seeds + over_groups
    if variance == 0:
        return CrossedInterval(float(table[:, 0].mean()), 0.0, seeds, groups)
    seed_quantile = float(special.stdtrit(seeds - 1, 0.5 + level / 2))
    group_quantile = float(special.stdtrit(groups - 1, 0.5 + level / 2))
    half_width = (seed_quantile * over_seeds + group_quantile * over_groups) / math.sqrt(variance)
    return CrossedInterval(float(table[:, 0].mean()), half_width, seeds, groups)


def _differences(
    counts: Path, baseline: Path, classes: Sequence[int], patterns: tuple[str, ...]
) -> tuple[NDArray[np.float64], int, int] | None:
    """Return differences in points, on all images and then for each draw, and how many images and groups."""
    ours, theirs = _resampled(counts, patterns), _resampled(baseline, patterns)
    if ours is None or theirs is None or ours.image_ids != theirs.image_ids:
        return None
    groups = len(set(ours.groups))
    if groups < FEWEST_GROUPS:
        return None
    # A class that a draw leaves out is left out of the mean of that draw, as everywhere.
    chosen = list(classes)
    differences = _means(ours.iou[:, chosen]) - _means(theirs.iou[:, chosen])
    if not np.isfinite(differences).all():
        return None
    return differences, len(ours.image_ids), groups


@lru_cache(maxsize=1024)
def _resampled(path: Path, patterns: tuple[str, ...]) -> _Draws | None:
    """Return what a round scores on draws of groups; None for a file that cannot be used."""
    found = _counted_by_group(path, patterns)
    if found is None:
        return None
    per_group = found.totals
    totals = np.vstack([per_group.sum(axis=0), _draws(len(per_group)) @ per_group])
    return _Draws(found.image_ids, found.group_of_image, _iou_of(totals))


def _counted_by_group(path: Path, patterns: tuple[str, ...] = ()) -> _ByGroup | None:
    """Return what a round has counted on each group of images; None for a file that cannot be used."""
    try:
        ids, groups, counts = read_counted(path).of(patterns)
    except AlsegError:
        return None
    if not len(ids):
        return None
    size = counts.shape[1]
    truth, guess = counts.sum(axis=2), counts.sum(axis=1)
    hits = counts[:, np.arange(size), np.arange(size)]
    per_image = np.concatenate([hits, truth, guess], axis=1).astype(np.float64)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(groups))}
    per_group = np.zeros((len(numbers), per_image.shape[1]))
    np.add.at(per_group, [numbers[name] for name in groups], per_image)
    return _ByGroup(ids, groups, tuple(numbers), per_group)


def _iou_of(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return IoU in percent ``(N, C)`` of hits, truth and guesses ``(N, 3 C)``; NaN where no truth is."""
    drawn_hits, drawn_truth, drawn_guess = np.split(totals, 3, axis=1)
    iou = np.full_like(drawn_hits, np.nan)
    np.divide(100 * drawn_hits, drawn_truth + drawn_guess - drawn_hits, out=iou, where=drawn_truth > 0)
    return iou


@lru_cache(maxsize=8)
def _draws(groups: int) -> NDArray[np.float64]:
    """Return how often each group is in each draw, ``(RESAMPLES, groups)``; the same in every call."""
    generator = np.random.default_rng(0)
    return generator.multinomial(groups, np.full(groups, 1 / groups), size=RESAMPLES).astype(np.float64)


def _means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    present = ~np.isnan(values)
    count = present.sum(axis=1)
    return np.where(count > 0, np.nansum(values, axis=1) / np.maximum(count, 1), np.nan)
