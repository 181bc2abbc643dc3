"""The currencies in which bought labels are counted along an axis, and areas under curves over them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alseg.analysis.purchases import purchase_of
from alseg.analysis.statistics import area_under_curve
from alseg.storage.records import RoundResult, Run


@dataclass(frozen=True)
class CostAxis:
    """One currency.

    Attributes:
        key: Such as ``valid-pixels``.
        title: For the axis of a chart, unit included.
        brief: For the header of a column.
        unit: After a number, such as ``%``; empty for a count.
        read: Reads it from a round.
    """

    key: str
    title: str
    brief: str
    unit: str
    read: Callable[[RoundResult], float]


COST_AXES: Mapping[str, CostAxis] = {
    axis.key: axis
    for axis in (
        CostAxis(
            "pixels",
            "Pixels bought (% of the pool)",
            "Pixels",
            "%",
            lambda result: 100 * result.cost.pixels / result.pool.pixels,
        ),
        CostAxis(
            "valid-pixels",
            "Pixels bought that have a class (% of the pool)",
            "Valid pixels",
            "%",
            lambda result: 100 * result.cost.valid_pixels / result.pool.pixels,
        ),
        CostAxis(
            "clicks",
            "Clicks per image of the pool",
            "Clicks/image",
            "",
            lambda result: result.cost.clicks / result.pool.images,
        ),
        CostAxis("images", "Images asked about", "Images", "", lambda result: result.cost.images),
    )
}
"""All of them by key, the usual one first."""


def area_over(
    axis: CostAxis,
    rounds: Sequence[RoundResult],
    value: Callable[[RoundResult], float | None],
    until: float | None = None,
) -> float | None:
    """Return the area under a run's curve divided by the length of its cost axis (AUBC).

    Of rounds at the same cost, as when all images are touched in the first round, the last one counts.

    Args:
        axis: What is spent.
        rounds: In order.
        value: The metric of a round.
        until: Cost at which the curve is cut, on the straight line between two rounds; None for its own end.

    Returns:
        In the unit of the metric; None with fewer than two different costs, where the metric is undefined and
        where the curve ends before it is to be cut.
    """
    points = curve_over(axis, rounds, value)
    if points is None:
        return None
    costs, heights = points
    if until is not None:
        if not costs[0] < until <= costs[-1]:
            return None
        last = next(place for place, cost in enumerate(costs) if cost >= until)
        part = (until - costs[last - 1]) / (costs[last] - costs[last - 1])
        end = heights[last - 1] + part * (heights[last] - heights[last - 1])
        costs, heights = [*costs[:last], until], [*heights[:last], end]
    return area_under_curve(costs, heights)


def curve_over(
    axis: CostAxis, rounds: Sequence[RoundResult], value: Callable[[RoundResult], float | None]
) -> tuple[list[float], list[float]] | None:
    """Return costs, increasing, and the metric at each; of rounds at the same cost the last one counts.

    Args:
        axis: What is spent.
        rounds: In order.
        value: The metric of a round.

    Returns:
        None with fewer than two different costs or where the metric is undefined.
    """
    points: dict[float, float] = {}
    for result in rounds:
        height = value(result)
        if height is None:
            return None
        points[axis.read(result)] = height
    if len(points) < 2 or sorted(points) != list(points):
        return None
    return list(points), list(points.values())


class CommonEnds:
    """Where curves have to end to be comparable: at the least that any run spent that buys the same.

    Runs that buy the same, under the same conditions, spend their budget to the last question or image, which
    differs a little from method to method and seed to seed.
    """

    def __init__(self, axis: CostAxis, runs: Sequence[Run]) -> None:
        self._groups: dict[Path, str] = {}
        self._ends: dict[tuple[str, int], float] = {}
        for run in runs:
            purchase = purchase_of(run)
            group = f"{run.scenario} {run.conditions_hash} {purchase and purchase.key}"
            self._groups[run.folder] = group
            for result in run.rounds:
                key = group, result.round
                self._ends[key] = min(axis.read(result), self._ends.get(key, math.inf))

    def of(self, run: Run, result: RoundResult) -> float | None:
        """Return the cost at which the curve of a run up to a round is to be cut."""
        return self._ends.get((self._groups[run.folder], result.round))
