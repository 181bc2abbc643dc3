"""From run folders to the rows of a comparison: averages over seeds, differences to a baseline, who is best.

Nothing is averaged that was not asked for: only runs that have reached the round count. `Comparison.notes`
says what was left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from alseg.analysis import notes as footnotes
from alseg.analysis import ranking_notes, recipe_notes
from alseg.analysis.baselines import find_contrasts, with_contrasts
from alseg.analysis.comparison import Comparison, Metric, Row
from alseg.analysis.contrast_notes import reach_notes
from alseg.analysis.cost_axes import COST_AXES, CommonEnds, CostAxis
from alseg.analysis.groups import ComparisonGroup
from alseg.analysis.marks import mark_best, together
from alseg.analysis.metric import choose_metric
from alseg.analysis.mixed_model import MixedModel, mixed_model
from alseg.analysis.penalties import PenaltyMatrix, penalty_matrix
from alseg.analysis.ranks import Ranking, mean_ranks
from alseg.analysis.row_groups import find_groups
from alseg.analysis.row_references import with_reach
from alseg.analysis.rows import build_rows, published_rows, sort_rows, tell_scenarios_apart
from alseg.contracts import PublishedResult
from alseg.errors import AlsegError, unknown_name
from alseg.storage.records import Results, Run


@dataclass(frozen=True, kw_only=True)
class CompareOptions:
    """What is compared, and how.

    Attributes:
        round_number: Compare after this round; None takes the last round of the runs that are done.
        metric: ``miou``, ``accuracy``, ``iou:CLASS`` or ``aubc``, the area under the curve of the mIoU.
        subset: Show the classes of this subset of the label space only, and their mean.
        baseline: Label of the method to which differences are taken; None takes for each row the method with
            the same annotation and budget whose acquisition is ``random``, if there is one.
        published: Known results of others; those with the data sets and label space of the runs are shown.
            None does not ask for any.
        x: Key of the cost axis of areas under curves; None for pixels, and no area beside another metric.
        sort: Key of `alseg.analysis.rows.SORT_KEYS`: best or cheapest first in each scenario; None keeps the
            order of the experiment files. Methods that buy alike stay together.
        ranks: Add mean ranks over scenarios, or over seeds where there is one scenario; None adds them where
            there are several scenarios.
        penalties: Add the pairwise penalty matrix.
        images: Add intervals over seeds and evaluation images together.
        reach: Add the cost, on the axis ``x``, at which methods reach this percentage of full supervision.
        mixed: Add a mixed model of several scenarios; needs statsmodels.
    """

    round_number: int | None = None
    metric: str = "miou"
    subset: str | None = None
    baseline: str | None = None
    published: Sequence[PublishedResult] | None = None
    x: str | None = None
    sort: str | None = None
    ranks: bool | None = False
    penalties: bool = False
    images: bool = False
    reach: float | None = None
    mixed: bool = False


class _Standing(NamedTuple):
    """Methods among each other; None for what was not asked for."""

    rankings: tuple[Ranking, ...] | None
    penalties: tuple[PenaltyMatrix, ...] | None
    mixed: tuple[MixedModel, ...] | None


def compare(results: Results, options: CompareOptions = CompareOptions()) -> Comparison:
    """Average over seeds and take differences.

    Args:
        results: The runs.
        options: What is compared, and how.

    Raises:
        AlsegError: If runs differ in label space or scorer version, a name is unknown, or no run has reached
            the round.
    """
    runs = tell_scenarios_apart(results.runs)
    _require_same(runs, "label spaces", lambda run: (run.label_space.name, run.label_space.classes))
    _require_same(runs, "scorer versions", lambda run: (run.scorer, ()))
    asked = _ask(runs, options)
    rows = build_rows(runs, options.round_number, asked.metric, asked.axis, asked.ends)
    _require_scores(rows, runs, options.round_number, asked.metric)
    contrasts = find_contrasts(rows, options.baseline, asked.metric)
    rows = with_contrasts(rows, contrasts, asked.metric, crossed=options.images)
    if options.reach is not None:
        rows = with_reach(rows, asked.metric, asked.cost, options.reach / 100)
    rows = _in_order(rows, asked, options.sort)
    standing = _stand(rows, asked.metric, options)
    of_others = (
        None
        if options.published is None
        else published_rows(runs, options.published, asked.metric, asked.classes)
    )
    return Comparison(
        label_space=runs[0].label_space.name,
        classes=asked.classes,
        subsets=asked.subsets,
        scorer=runs[0].scorer,
        metric=asked.metric,
        round=options.round_number,
        baseline=next((row.baseline for row in rows if row.difference is not None), None),
        axis=asked.axis,
        share=options.reach,
        cost=asked.cost,
        rows=tuple(rows),
        contrasts=tuple(contrasts.found),
        published=tuple(of_others or ()),
        rankings=standing.rankings,
        penalties=standing.penalties,
        mixed=standing.mixed,
        notes=(
            *footnotes.notes(
                results,
                rows,
                contrasts.found,
                options.baseline,
                of_others,
                asked.metric,
                asked.area_axis,
                images=options.images,
            ),
            *recipe_notes.notes(rows),
            *reach_notes(rows, options.reach, asked.cost),
            *ranking_notes.notes(standing.rankings, standing.penalties),
            *ranking_notes.about_scenarios(runs, standing.rankings, standing.mixed),
            f"Scorer version {runs[0].scorer}.",
        ),
    )


class _Asked(NamedTuple):
    """The names of `CompareOptions`, looked up in the runs.

    Attributes:
        metric: What is compared.
        classes: Classes to show, in the order of the label space.
        subsets: Subsets whose means are shown.
        area_axis: The costs under whose curve areas are taken; None without areas.
        axis: The same where the area is a column of its own: where it is not what is compared.
        ends: Where areas begin and end.
        cost: The costs at which methods reach a share.
    """

    metric: Metric
    classes: tuple[str, ...]
    subsets: tuple[str, ...]
    area_axis: CostAxis | None
    axis: CostAxis | None
    ends: CommonEnds | None
    cost: CostAxis


def _ask(runs: Sequence[Run], options: CompareOptions) -> _Asked:
    label_space = runs[0].label_space
    area_axis = _axis(options.x) or (COST_AXES["pixels"] if options.metric == "aubc" else None)
    ends = None if area_axis is None else CommonEnds(area_axis, runs)
    cost = area_axis or COST_AXES["pixels"]
    metric = choose_metric(runs[0], options.metric, options.subset, cost, ends)
    shown = label_space.classes if options.subset is None else label_space.subsets[options.subset]
    return _Asked(
        metric=metric,
        classes=tuple(name for name in label_space.classes if name in shown),
        subsets=tuple(label_space.subsets) if metric.key == "miou" else (),
        area_axis=area_axis,
        axis=area_axis if options.metric != "aubc" else None,
        ends=ends,
        cost=cost,
    )


def _in_order(rows: Sequence[Row], asked: _Asked, sort: str | None) -> list[Row]:
    """Return the rows scenario by scenario, methods that buy alike together, the best of them marked."""
    return [
        row
        for scenario in dict.fromkeys(row.scenario for row in rows)
        for group in together(sort_rows([row for row in rows if row.scenario == scenario], sort))
        for row in mark_best(group, asked.metric, asked.classes, asked.subsets)
    ]


def _stand(rows: Sequence[Row], metric: Metric, options: CompareOptions) -> _Standing:
    groups = _by_purchase(find_groups(rows, metric, blocks=options.mixed))
    several = len({row.scenario for row in rows}) > 1
    wants_ranks = several if options.ranks is None else options.ranks
    return _Standing(
        rankings=tuple(map(mean_ranks, groups)) if wants_ranks else None,
        penalties=tuple(map(penalty_matrix, groups)) if options.penalties else None,
        mixed=tuple(filter(None, map(mixed_model, groups))) if options.mixed else None,
    )


def _by_purchase(groups: Sequence[ComparisonGroup]) -> list[list[ComparisonGroup]]:
    """Return the groups of each annotation and budget, without those of one method if there are others."""
    by_purchase: dict[str, list[ComparisonGroup]] = {}
    for group in groups:
        by_purchase.setdefault(group.purchase, []).append(group)
    shared = [found for found in by_purchase.values() if any(len(group.scores) > 1 for group in found)]
    return shared or [list(groups)]


def _require_same(runs: Sequence[Run], what: str, key: Callable[[Run], tuple[str, tuple[str, ...]]]) -> None:
    found: dict[tuple[str, tuple[str, ...]], Run] = {}
    for run in runs:
        found.setdefault(key(run), run)
    if len(found) > 1:
        listing = "".join(f"\n  {name}: {run.folder}" for (name, _), run in found.items())
        raise AlsegError(f"Results with different {what} cannot be compared. There are:{listing}")


def _axis(key: str | None) -> CostAxis | None:
    if key is None:
        return None
    if key not in COST_AXES:
        raise AlsegError(unknown_name("cost", key, COST_AXES))
    return COST_AXES[key]


def _require_scores(rows: Sequence[Row], runs: Sequence[Run], number: int | None, metric: Metric) -> None:
    if any(row.score is not None for row in rows):
        return
    if any(row.counted for row in rows):
        raise AlsegError(f"{metric.title} is undefined: the ground truth holds no such class.")
    last = max((run.rounds[-1].round for run in runs if run.rounds), default=None)
    wanted = "No run is done." if number is None else f"No run has reached round {number}."
    found = "There are no results yet." if last is None else f"The last with results is {last} (--round)."
    listing = "".join(f"\n  {run.folder}: {footnotes.state_of(run)}" for run in runs)
    raise AlsegError(f"{wanted} {found}{listing}")
