"""What a budget buys, as far as it is known before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import floordiv
from typing import cast

import numpy as np

from alseg.config.budget import Budget, allowance
from alseg.config.experiment import RunSpec
from alseg.contracts import AnnotationMode
from alseg.data.partitions import RegionMaps
from alseg.data.scenario import Domain
from alseg.engine.assembly import MethodParts
from alseg.errors import AlsegError


@dataclass(frozen=True)
class Estimate:
    """What a budget buys over all rounds.

    Attributes:
        pixels: The most pixels.
        exact: Whether no run can buy more; otherwise regions are taken to have the mean size.
        clicks: About the fewest and the most clicks, at the lowest and the highest price of an answer; None
            where only the answers tell.
    """

    pixels: int
    exact: bool
    clicks: tuple[int, int] | None


def estimate(spec: RunSpec, parts: MethodParts, pool: Domain, classes: int) -> Estimate:
    """Return what a method can buy; refuse budgets that cannot be spent.

    Args:
        spec: The run.
        parts: What its method is made of.
        pool: The target training set.
        classes: Of the label space, without void.

    Raises:
        AlsegError: If the budget is larger than the pool, or pays for no question.
    """
    budget, label = spec.method.budget, spec.method.label
    sizes = pool.sizes
    pixels = [height * width for height, width in sizes]
    if budget is None or not spec.rounds:
        raise AlsegError(f"Method '{label}' buys labels but the experiment has no rounds.")
    if not (spec.scenario.grows and budget.unit in ("images", "pixels")):  # of images yet to come
        _refuse_too_large(budget, label, pixels)
    per_question = _question_pixels(parts, pool)
    dearest = parts.mode.most_clicks(max(per_question), classes)
    allowed = allowance(budget, len(spec.rounds), len(spec.rounds), pixels)
    most = list(map(parts.mode.most_pixels, sizes))
    if budget.currency in ("clicks", "regions"):
        return _of_questions(budget, allowed, most, per_question, dearest, exact=parts.unit != "region")
    if isinstance(allowed, list):
        spent = [min(limit, possible) for limit, possible in zip(allowed, most, strict=True)]
        total, picks = sum(spent), sum(map(floordiv, spent, per_question))
    elif budget.currency == "images":
        picks, total = allowed, sum(sorted(pixels, reverse=True)[:allowed])
    else:
        total = min(allowed, sum(most))
        picks = total // min(per_question)
    if picks == 0 and parts.unit != "region":  # of regions the mean is known; smaller ones may be paid for
        raise AlsegError(
            f"Method '{label}': a budget of {budget.text} does not pay for a single question, which reveals "
            f"{min(per_question):,} pixels. Raise the budget or choose another annotation mode."
        )
    return Estimate(total, exact=True, clicks=None if dearest is None else (picks, picks * dearest))


def _of_questions(
    budget: Budget,
    allowed: list[int] | int,
    most: Sequence[int],
    per_question: Sequence[int],
    dearest: int | None,
    *,
    exact: bool,
) -> Estimate:
    """Return what a budget in clicks or regions buys: the most pixels where every answer costs one click."""
    if isinstance(allowed, list):
        spent = [
            min(limit * each, possible)
            for limit, each, possible in zip(allowed, per_question, most, strict=True)
        ]
        total, limit = sum(spent), sum(allowed)
        picks = sum(min(each) for each in zip(allowed, map(floordiv, most, per_question), strict=True))
    else:
        total, limit = min(allowed * max(per_question), sum(most)), allowed
        picks = min(allowed, sum(map(floordiv, most, per_question)))
    if budget.currency == "regions":
        return Estimate(total, exact, None if dearest is None else (picks, picks * dearest))
    # Fewer only where the pool ends before the money does.
    return Estimate(
        total, exact, (min(picks, limit), limit if dearest is None else min(picks * dearest, limit))
    )


def _refuse_too_large(budget: Budget, label: str, pixels: Sequence[int]) -> None:
    wanted = f"Method '{label}': a budget of {budget.text} is larger than"
    if budget.unit == "images" and budget.amount > len(pixels):
        raise AlsegError(f"{wanted} the pool, which has {len(pixels)} images.")
    if budget.unit == "pixels" and budget.amount > sum(pixels):
        raise AlsegError(f"{wanted} the pool, which has {sum(pixels):,} pixels.")
    if budget.unit == "pixels-per-image" and budget.amount > min(pixels):
        raise AlsegError(f"{wanted} the smallest image, which has {min(pixels):,} pixels.")


def _question_pixels(parts: MethodParts, pool: Domain) -> list[int]:
    """Return how many pixels one question of each image reveals: in its middle, or a region of mean size.

    Regions are counted in the first image; others are taken to have as many.
    """
    if parts.unit == "region" and parts.partition is not None:
        regions = RegionMaps(pool.dataset, parts.partition, "first image", None).regions(0)
        return [max(1, height * width // (int(regions.max()) + 1)) for height, width in pool.sizes]
    mode = cast(AnnotationMode, parts.mode)
    middles = [np.array([[height // 2, width // 2]], np.int32) for height, width in pool.sizes]
    return [
        int(np.count_nonzero(mode.footprint(middle, size) >= 0))
        for middle, size in zip(middles, pool.sizes, strict=True)
    ]
