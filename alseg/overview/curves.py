"""Learning curves of the methods of a scenario, as plain data. No torch, no drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from alseg.analysis.compare import compare
from alseg.analysis.cost_axes import CostAxis
from alseg.analysis.options import CompareOptions
from alseg.analysis.row import Row
from alseg.analysis.shown_rows import ALL_ROWS, RowFilter
from alseg.analysis.statistics import mean_interval
from alseg.errors import AlsegError
from alseg.storage.records import Results, RoundResult, Run

Kind = Literal["none", "acquired", "all"]
Intervals = Literal["none", "bands", "whiskers", "numbers"]

MOST_BANDS = 5
"""Methods that buy labels, where intervals are shaded bands; bands of more would make one grey."""
MOST_WHISKERS = 12
"""Curves, where intervals are whiskers side by side; those of more would hide the curves."""

_INTERVALS: Mapping[Intervals, str] = {
    "none": "",
    "bands": "; bands: 95% intervals",
    "whiskers": "; whiskers: 95% intervals",
    "numbers": "; ±: 95% intervals",
}


@dataclass(frozen=True)
class Point:
    """What is drawn of one method after one round, averaged over the seeds that reached it.

    Attributes:
        place: On the horizontal axis: optimiser steps taken, or what was spent.
        mean: Percent.
        half_width: Half the 95% t interval over seeds, in percent; None for a single seed.
    """

    place: float
    mean: float
    half_width: float | None


@dataclass(frozen=True)
class Curve:
    """One method.

    Attributes:
        label: Unique in its scenario; it says where the method is an upper mark.
        kind: ``none`` (source only), ``acquired`` (buys labels) or ``all`` (fully supervised).
        points: By round; at least one.
    """

    label: str
    kind: Kind
    points: tuple[Point, ...]

    @property
    def last(self) -> Point:
        """Where the curve ends."""
        return self.points[-1]

    @property
    def is_reference(self) -> bool:
        """Whether the method buys no labels."""
        return self.kind != "acquired"


@dataclass(frozen=True)
class Curves:
    """All curves of one scenario.

    Attributes:
        title: The experiments' names.
        summary: Scenario, label space, of which evaluation images if not of all, seeds and how many runs are
            done.
        budget: What methods that buy labels may spend, such as ``5%``; empty where none buys.
        curves: In the order of the experiment file.
        purchases: Iterations after which labels are bought; empty where the methods' differ, and where the
            axis shows what was spent.
        rows: Those of the comparison that the curves are of, in the same order.
        height: What the curves show, in percent.
        axis: What was spent, along the horizontal axis; None for training iterations.
        caution: Ends the caption where the height misleads; mostly empty.
    """

    title: str
    summary: str
    budget: str
    curves: tuple[Curve, ...]
    purchases: tuple[int, ...]
    rows: tuple[Row, ...]
    height: str = "mIoU in percent"
    axis: CostAxis | None = None
    caution: str = ""

    @property
    def intervals(self) -> Intervals:
        """How the 95% intervals over seeds are drawn: as many as can be told apart."""
        if not any(point.half_width is not None for curve in self.curves for point in curve.points):
            return "none"
        if sum(not curve.is_reference for curve in self.curves) <= MOST_BANDS:
            return "bands"
        return "whiskers" if len(self.curves) <= MOST_WHISKERS and self.axis is None else "numbers"

    @property
    def caption(self) -> str:
        """The summary, how intervals are drawn, and the caution."""
        return self.summary + _INTERVALS[self.intervals] + self.caution


CLASSES_BOUGHT = "classes bought"
"""What curves show where nothing could be evaluated yet: a number, no percentage."""

_HEIGHTS: Mapping[str, Callable[[RoundResult], float | None]] = {
    "mIoU in percent": lambda result: result.miou,
    "mIoU, estimate from held-out answers (%)": lambda result: result.miou_estimate,
    "accuracy on new answers (%)": lambda result: result.accuracy_on_new_answers,
    CLASSES_BOUGHT: lambda result: (
        None if result.bought is None else sum(count > 0 for count in result.bought.values())
    ),
}
"""What curves may show; the first that any run has."""


def read_curves(results: Results, *, axis: CostAxis | None = None, chosen: RowFilter = ALL_ROWS) -> Curves:
    """Return the learning curves of the scenario that most runs are of.

    Args:
        results: The runs; rounds of runs that are not done count too.
        axis: What was spent, along the horizontal axis; None for training iterations.
        chosen: Which methods to show.

    Raises:
        AlsegError: As `alseg.analysis.compare.compare` and `RowFilter.shown`; no run of the methods named has
            committed a round, for instance.
    """
    comparison = compare(results, CompareOptions(round_number=_last_round(results)))
    named = chosen.named(comparison.rows)
    scenario = max(
        dict.fromkeys(row.scenario for row in named),
        key=lambda name: sum(len(row.runs) for row in named if row.scenario == name),
    )
    of_scenario = [row for row in chosen.shown(comparison.rows) if row.scenario == scenario]
    found = {name: list(_curves(of_scenario, read, axis)) for name, read in _HEIGHTS.items()}
    height = next((name for name, curves in found.items() if curves), None)
    if height is None or not any(row in named for row, _ in found[height]):
        those = f" ({', '.join(row.label for row in named)})" if chosen.only else ""
        raise AlsegError(f"No run of {scenario}{those} has committed a round: there is no curve to draw yet.")
    pairs = found[height]
    rows = tuple(row for row, _ in pairs)
    runs = [run for row in rows for run in row.runs]
    buying = [row for row in rows if not row.is_reference]
    return Curves(
        title=", ".join(dict.fromkeys(row.experiment for row in rows)),
        summary=", ".join(
            part
            for part in (
                scenario,
                comparison.label_space,
                comparison.images_text(scenario),
                _seeds(rows),
                _unfinished(runs),
            )
            if part
        ),
        budget=" or ".join(dict.fromkeys(row.method.budget for row in buying if row.method.budget)),
        curves=tuple(curve for _, curve in pairs),
        purchases=_purchases(buying) if axis is None else (),
        rows=rows,
        height=height,
        axis=axis,
        caution=_caution(height),
    )


def _last_round(results: Results) -> int | None:
    """Return the last round that a run has committed, where no run is done; else None."""
    if any(run.final is not None for run in results.runs):
        return None
    return max((run.rounds[-1].round for run in results.runs if run.rounds), default=None)


def _curves(
    rows: Iterable[Row], height: Callable[[RoundResult], float | None], axis: CostAxis | None
) -> Iterator[tuple[Row, Curve]]:
    """Yield each row of which there is a curve, with it."""
    for row in rows:
        curve = _curve(row, height, axis)
        if curve is not None:
            yield row, curve


def _curve(row: Row, height: Callable[[RoundResult], float | None], axis: CostAxis | None) -> Curve | None:
    points = []
    for number in sorted({result.round for run in row.runs for result in run.rounds}):
        reached = [result for run in row.runs if (result := run.at(number)) is not None]
        scores = [score for result in reached if (score := height(result)) is not None]
        if scores:
            over_seeds = mean_interval(scores)
            place = fmean(map(axis.read, reached)) if axis else reached[0].iteration
            points.append(Point(place, over_seeds.mean, over_seeds.half_width))
    return Curve(row.title, row.method.target_labels, tuple(points)) if points else None


def _purchases(rows: Iterable[Row]) -> tuple[int, ...]:
    """Return the iterations after which labels are bought: where round 1 and later ones begin."""
    schedules = {
        tuple(result.iteration for result in run.rounds[: run.planned_rounds - 1])
        for row in rows
        for run in row.runs
        if len(run.rounds) == run.planned_rounds
    }
    return schedules.pop() if len(schedules) == 1 else ()


def _caution(height: str) -> str:
    return "; answers lie where a method asks: compare its rounds, not methods" if "answers" in height else ""


def _seeds(rows: Sequence[Row]) -> str:
    """Return which seed the rows have, or how many each has."""
    of_rows = [{run.seed for run in row.runs} for row in rows]
    seeds = set().union(*of_rows)
    if len(seeds) == 1:
        return f"seed {seeds.pop()}"
    counts = sorted({len(each) for each in of_rows})
    if len(counts) > 1:
        return f"{counts[0]} to {counts[-1]} seeds"
    return "a seed each" if counts == [1] else f"{counts[0]} seeds"


def _unfinished(runs: Sequence[Run]) -> str:
    done = sum(run.state == "done" for run in runs)
    return "" if done == len(runs) else f"{done} of {len(runs)} runs done"
