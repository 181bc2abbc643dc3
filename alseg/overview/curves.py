"""Learning curves of all methods of a scenario, as plain data. No torch, no drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from alseg.analysis.compare import compare
from alseg.analysis.options import CompareOptions
from alseg.analysis.row import Row
from alseg.analysis.statistics import mean_interval
from alseg.errors import AlsegError
from alseg.storage.records import Results, RoundResult, Run

Kind = Literal["none", "acquired", "all"]


@dataclass(frozen=True)
class Point:
    """What is drawn of one method after one round, averaged over the seeds that reached it.

    Attributes:
        iteration: Optimiser steps taken.
        mean: Percent.
        half_width: Half the 95% t interval over seeds, in percent; None for a single seed.
    """

    iteration: int
    mean: float
    half_width: float | None


@dataclass(frozen=True)
class Curve:
    """One method.

    Attributes:
        label: Unique in its scenario; it says where the method is an upper mark.
        kind: ``none`` (source only), ``acquired`` (buys labels) or ``all`` (fully supervised).
        points: By iteration; at least one.
    """

    label: str
    kind: Kind
    points: tuple[Point, ...]

    @property
    def last(self) -> Point:
        """Where the curve ends."""
        return self.points[-1]


@dataclass(frozen=True)
class Curves:
    """All curves of one scenario.

    Attributes:
        title: The experiments' names.
        summary: Scenario, label space, seeds and how many runs are done.
        budget: What methods that buy labels may spend, such as ``5%``; empty where none buys.
        curves: In the order of the experiment file.
        purchases: Iterations after which labels are bought; empty where the methods' differ.
        rows: Those of the comparison that the curves are of, in the same order.
        height: What the curves show, in percent.
    """

    title: str
    summary: str
    budget: str
    curves: tuple[Curve, ...]
    purchases: tuple[int, ...]
    rows: tuple[Row, ...]
    height: str = "mIoU in percent"


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


def read_curves(results: Results) -> Curves:
    """Return the learning curves of the scenario that most runs are of.

    Args:
        results: The runs; rounds of runs that are not done count too.

    Raises:
        AlsegError: As `alseg.analysis.compare.compare`; no run has committed a round, for instance.
    """
    comparison = compare(results, CompareOptions(round_number=_last_round(results)))
    scenario = max(
        comparison.scenarios,
        key=lambda name: sum(len(row.runs) for row in comparison.rows if row.scenario == name),
    )
    of_scenario = [row for row in comparison.rows if row.scenario == scenario]
    found = {name: list(_curves(of_scenario, read)) for name, read in _HEIGHTS.items()}
    height = next((name for name, curves in found.items() if curves), None)
    if height is None:
        raise AlsegError(f"No run of {scenario} has committed a round: there is no curve to draw yet.")
    pairs = found[height]
    rows = tuple(row for row, _ in pairs)
    runs = [run for row in rows for run in row.runs]
    buying = [row for row in rows if not row.is_reference]
    return Curves(
        title=", ".join(dict.fromkeys(row.experiment for row in rows)),
        summary=f"{scenario}, {comparison.label_space}, {_seeds(runs)}{_unfinished(runs)}{_caution(height)}",
        budget=" or ".join(dict.fromkeys(row.method.budget for row in buying if row.method.budget)),
        curves=tuple(curve for _, curve in pairs),
        purchases=_purchases(buying),
        rows=rows,
        height=height,
    )


def _last_round(results: Results) -> int | None:
    """Return the last round that a run has committed, where no run is done; else None."""
    if any(run.final is not None for run in results.runs):
        return None
    return max((run.rounds[-1].round for run in results.runs if run.rounds), default=None)


def _curves(
    rows: Iterable[Row], height: Callable[[RoundResult], float | None]
) -> Iterator[tuple[Row, Curve]]:
    """Yield each row of which there is a curve, with it."""
    for row in rows:
        curve = _curve(row, height)
        if curve is not None:
            yield row, curve


def _curve(row: Row, height: Callable[[RoundResult], float | None]) -> Curve | None:
    points = []
    for number in sorted({result.round for run in row.runs for result in run.rounds}):
        reached = [result for run in row.runs if (result := run.at(number)) is not None]
        scores = [score for result in reached if (score := height(result)) is not None]
        if scores:
            over_seeds = mean_interval(scores)
            points.append(Point(reached[0].iteration, over_seeds.mean, over_seeds.half_width))
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


def _seeds(runs: Sequence[Run]) -> str:
    seeds = sorted({run.seed for run in runs})
    return f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds, whiskers: 95% intervals"


def _unfinished(runs: Sequence[Run]) -> str:
    done = sum(run.state == "done" for run in runs)
    return "" if done == len(runs) else f", {done} of {len(runs)} runs done"
