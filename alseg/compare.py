"""From run folders to the rows of a comparison: averages over seeds, differences to a baseline, who is best.

Nothing is averaged that was not asked for: only runs that have reached the round count. `Comparison.notes`
says what was left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from alseg import footnotes, recipe_notes, standing_notes
from alseg.against import find_contrasts, with_contrasts
from alseg.comparison import Comparison, Metric, Row
from alseg.contests import Contest
from alseg.contracts import PublishedResult
from alseg.contrastnotes import reach_notes
from alseg.costaxes import COST_AXES, CommonEnds, CostAxis
from alseg.errors import AlsegError, unknown_name
from alseg.marks import mark_best, together
from alseg.metric_choice import choose_metric
from alseg.mixed import mixed_model
from alseg.penalties import penalty_matrix
from alseg.ranks import mean_ranks
from alseg.rowcontests import find_contests
from alseg.rowends import with_reach
from alseg.rows import build_rows, published_rows, sort_rows, tell_scenarios_apart
from alseg.runs import Results, Run


def compare(
    results: Results,
    *,
    round_number: int | None = None,
    metric: str = "miou",
    subset: str | None = None,
    baseline: str | None = None,
    published: Sequence[PublishedResult] | None = None,
    x: str | None = None,
    sort: str | None = None,
    ranks: bool | None = False,
    penalties: bool = False,
    images: bool = False,
    reach: float | None = None,
    mixed: bool = False,
) -> Comparison:
    """Average over seeds and take differences.

    Args:
        results: The runs.
        round_number: Compare after this round; None takes the last round of the runs that are done.
        metric: ``miou``, ``accuracy``, ``iou:CLASS`` or ``aubc``, the area under the curve of the mIoU.
        subset: Show the classes of this subset of the label space only, and their mean.
        baseline: Label of the method to which differences are taken; None takes for each row the method with
            the same annotation and budget whose acquisition is ``random``, if there is one.
        published: Known results of others; those with the data sets and label space of the runs are shown.
            None does not ask for any.
        x: Key of the cost axis of areas under curves; None for pixels, and no area beside another metric.
        sort: Key of `SORT_KEYS`: best or cheapest first in each scenario; None keeps the order of the
            experiment files. Methods that buy alike stay together.
        ranks: Add mean ranks over scenarios, or over seeds where there is one scenario; None adds them where
            there are several scenarios.
        penalties: Add the pairwise penalty matrix.
        reach: Add the cost, on the axis ``x``, at which methods reach this percentage of full supervision.
        mixed: Add a mixed model of several scenarios; needs statsmodels.
        images: Add intervals over seeds and evaluation images together.

    Raises:
        AlsegError: If runs differ in label space or scorer version, a name is unknown, or no run has reached
            the round.
    """
    runs = tell_scenarios_apart(results.runs)
    _require_same(runs, "label spaces", lambda run: (run.label_space.name, run.label_space.classes))
    _require_same(runs, "scorer versions", lambda run: (run.scorer, ()))
    label_space = runs[0].label_space
    area_axis = _axis(x) or (COST_AXES["pixels"] if metric == "aubc" else None)
    ends = None if area_axis is None else CommonEnds(area_axis, runs)
    chosen = choose_metric(runs[0], metric, subset, area_axis or COST_AXES["pixels"], ends)
    # The area is a column of its own only where it is not what is compared.
    axis = area_axis if metric != "aubc" else None
    shown = label_space.subsets[subset] if subset is not None else label_space.classes
    subsets = tuple(label_space.subsets) if chosen.key == "miou" else ()
    rows = build_rows(runs, round_number, chosen, axis, ends)
    _require_scores(rows, runs, round_number, chosen)
    contrasts = find_contrasts(rows, baseline, chosen)
    rows = with_contrasts(rows, contrasts, chosen, crossed=images)
    cost_axis = area_axis or COST_AXES["pixels"]
    if reach is not None:
        rows = with_reach(rows, chosen, cost_axis, reach / 100)
    scenarios = dict.fromkeys(row.scenario for row in rows)
    marked = tuple(
        row
        for scenario in scenarios
        for group in together(sort_rows([row for row in rows if row.scenario == scenario], sort))
        for row in mark_best(group, chosen, shown, subsets)
    )
    contests = _by_purchase(find_contests(marked, chosen, blocks=mixed))
    wants_ranks = ranks or (ranks is None and len(scenarios) > 1)
    rankings = tuple(map(mean_ranks, contests)) if wants_ranks else None
    matrices = tuple(map(penalty_matrix, contests)) if penalties else None
    models = tuple(filter(None, map(mixed_model, contests))) if mixed else None
    of_others = None if published is None else published_rows(runs, published, chosen, shown)
    return Comparison(
        label_space=label_space.name,
        classes=tuple(name for name in label_space.classes if name in shown),
        subsets=subsets,
        scorer=runs[0].scorer,
        metric=chosen,
        round=round_number,
        baseline=next((row.baseline for row in marked if row.difference is not None), None),
        axis=axis,
        share=reach,
        cost=cost_axis,
        rows=marked,
        contrasts=tuple(contrasts.found),
        published=tuple(of_others or ()),
        rankings=rankings,
        penalties=matrices,
        mixed=models,
        notes=(
            *footnotes.notes(
                results, marked, contrasts.found, baseline, of_others, chosen, area_axis, images=images
            ),
            *recipe_notes.notes(marked),
            *reach_notes(marked, reach, cost_axis),
            *standing_notes.notes(rankings, matrices),
            *standing_notes.about_scenarios(runs, rankings, models),
            f"Scorer version {runs[0].scorer}.",
        ),
    )


def _by_purchase(contests: Sequence[Contest]) -> list[list[Contest]]:
    """Return the contests of each annotation and budget, without those of one method if there are others."""
    groups: dict[str, list[Contest]] = {}
    for contest in contests:
        groups.setdefault(contest.purchase, []).append(contest)
    shared = [group for group in groups.values() if any(len(contest.scores) > 1 for contest in group)]
    return shared or [list(contests)]


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
