"""Label efficiency: what it costs to reach a share of full supervision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from alseg.analysis.statistics import Key

POINTS = 200
"""Costs between the ends of a curve at which it is looked at."""

Curve = tuple[Sequence[float], Sequence[float]]
"""Costs, increasing, and the metric at each."""


class Reach(NamedTuple):
    """The cost at which a method reaches a target, in the unit of the cost.

    Attributes:
        cost: Where the mean curve first reaches it; None where it does not.
        low: Lower end of the 95% interval; None where even the upper limit of the curve never reaches it, and
            with one key.
        high: Upper end; None where it is beyond ``limit``, and with one key.
        limit: The cost up to which all curves go.
        n: Number of keys, such as seeds.
    """

    cost: float | None
    low: float | None
    high: float | None
    limit: float
    n: int


def cost_to_reach(
    curves: Mapping[Key, Curve], full: Mapping[Key, float], share: float, level: float = 0.95
) -> Reach | None:
    """Return the cost at which a method is as good as a share of full supervision.

    Curves are straight lines between rounds. The interval holds every cost at which a paired t-test does not
    tell the method from its target, from the first to the last such cost, so that it covers the cost of the
    true crossing with at least the level, and the target's own uncertainty is in it. A method that has not
    reached the target by the end of its budget is not thrown out: its interval is open above.

    Args:
        curves: The method's curve per key, such as a seed.
        full: Metric of full supervision per key.
        share: Of full supervision, such as 0.95.
        level: Confidence level.

    Returns:
        None where no key is shared, or a curve has fewer than two points.

    Raises:
        ValueError: If the share is not above 0.

    Source:
        Inverse regression after Fieller, JRSS B 1954: a cost belongs to the interval if the target is not
        rejected there.
    """
    if share <= 0:
        raise ValueError(f"A share of full supervision is above 0, got {share}.")
    keys = [key for key in curves if key in full and len(curves[key][0]) > 1]
    if not keys:
        return None
    start = max(curves[key][0][0] for key in keys)
    limit = min(curves[key][0][-1] for key in keys)
    if limit <= start:
        return None
    knots = [cost for key in keys for cost in curves[key][0] if start <= cost <= limit]
    grid = np.unique([*np.linspace(start, limit, POINTS), *knots])
    ahead = np.array([np.interp(grid, *curves[key]) - share * full[key] for key in keys])
    mean = ahead.mean(axis=0)
    if len(keys) == 1:
        return Reach(_first(grid, mean), None, None, limit, 1)
    error = ahead.std(axis=0, ddof=1) / np.sqrt(len(keys))
    width = float(special.stdtrit(len(keys) - 1, 0.5 + level / 2)) * error
    return Reach(_first(grid, mean), _first(grid, mean + width), _last(grid, mean - width), limit, len(keys))


def _first(costs: NDArray[np.float64], ahead: NDArray[np.float64]) -> float | None:
    """Return the cost at which a curve first is at 0 or above; None where it never is."""
    reached = np.flatnonzero(ahead >= 0)
    if not reached.size:
        return None
    after = int(reached[0])
    return _crossing(costs, ahead, after)


def _last(costs: NDArray[np.float64], ahead: NDArray[np.float64]) -> float | None:
    """Return the cost from which on a curve is at 0 or above; None where it ends below."""
    below = np.flatnonzero(ahead < 0)
    if not below.size:
        return float(costs[0])
    after = int(below[-1]) + 1
    return None if after == len(costs) else _crossing(costs, ahead, after)


def _crossing(costs: NDArray[np.float64], ahead: NDArray[np.float64], after: int) -> float:
    if after == 0:
        return float(costs[0])
    step = -ahead[after - 1] / (ahead[after] - ahead[after - 1])
    return float(costs[after - 1] + step * (costs[after] - costs[after - 1]))
