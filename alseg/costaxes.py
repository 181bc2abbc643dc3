"""The currencies in which bought labels are counted along an axis, and areas under curves over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from alseg.runs import RoundResult
from alseg.stats import area_under_curve


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
            "questions",
            "Clicks per image of the pool",
            "Clicks/image",
            "",
            lambda result: result.cost.questions / result.pool.images,
        ),
        CostAxis("images", "Images asked about", "Images", "", lambda result: result.cost.images),
    )
}
"""All of them by key, the usual one first."""


def area_over(
    axis: CostAxis, rounds: Sequence[RoundResult], value: Callable[[RoundResult], float | None]
) -> float | None:
    """Return the area under a run's curve divided by the length of its cost axis (AUBC).

    Of rounds at the same cost, as when all images are touched in the first round, the last one counts.

    Args:
        axis: What is spent.
        rounds: In order.
        value: The metric of a round.

    Returns:
        In the unit of the metric; None with fewer than two different costs or where the metric is undefined.
    """
    points: dict[float, float] = {}
    for result in rounds:
        height = value(result)
        if height is None:
            return None
        points[axis.read(result)] = height
    if len(points) < 2 or sorted(points) != list(points):
        return None
    return area_under_curve(list(points), list(points.values()))
