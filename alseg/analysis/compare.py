"""From run folders to a comparison: select, aggregate over seeds, contrast with baselines, rank, note.

Nothing is averaged that was not asked for: only runs that have reached the round count. `Comparison.notes`
says what was left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from alseg.analysis import code_notes, learnt_notes, notes, ranking_notes, recipe_notes
from alseg.analysis.baselines import find_contrasts, with_contrasts
from alseg.analysis.comparison import Comparison, group_letters
from alseg.analysis.contrast_notes import reach_notes
from alseg.analysis.contrasts import Contrast
from alseg.analysis.groups import ComparisonGroup
from alseg.analysis.marks import mark_best, together
from alseg.analysis.metric import Metric
from alseg.analysis.mixed_model import MixedModel, mixed_model
from alseg.analysis.options import CompareOptions
from alseg.analysis.penalties import PenaltyMatrix, penalty_matrix
from alseg.analysis.ranks import Ranking, mean_ranks
from alseg.analysis.row import PublishedRow, Row
from alseg.analysis.row_groups import find_groups
from alseg.analysis.row_references import with_reach
from alseg.analysis.rows import build_rows, published_rows, sort_rows
from alseg.analysis.selection import Selection, select
from alseg.errors import AlsegError
from alseg.storage.records import Results, Run

_USUAL = CompareOptions()


class _Standing(NamedTuple):
    """Methods among each other; None for what was not asked for."""

    rankings: tuple[Ranking, ...] | None
    penalties: tuple[PenaltyMatrix, ...] | None
    mixed: tuple[MixedModel, ...] | None


def compare(results: Results, options: CompareOptions = _USUAL) -> Comparison:
    """Average over seeds and take differences.

    Args:
        results: The runs.
        options: What is compared, and how.

    Raises:
        AlsegError: If runs differ in label space or scorer version, a name is unknown, or no run has reached
            the round.
    """
    selection = select(results.runs, options)
    rows, published = _aggregate(selection, options)
    rows, contrasts = _contrast(rows, selection, options)
    rows, standing = _rank(rows, selection, options)
    run = selection.runs[0]
    return Comparison(
        label_space=run.label_space.name,
        classes=selection.classes,
        subsets=selection.subsets,
        scorer=run.scorer,
        metric=selection.metric,
        round=options.round_number,
        baseline=next((row.baseline for row in rows if row.difference is not None), None),
        axis=selection.axis,
        share=options.reach,
        cost=selection.cost,
        rows=tuple(rows),
        groups=group_letters(rows),
        contrasts=tuple(contrasts),
        published=tuple(published or ()),
        rankings=standing.rankings,
        penalties=standing.penalties,
        mixed=standing.mixed,
        bought=options.bought,
        notes=tuple(_note(results, rows, contrasts, published, standing, selection, options)),
    )


def _aggregate(
    selection: Selection, options: CompareOptions
) -> tuple[list[Row], Sequence[PublishedRow] | None]:
    """Average over seeds; return the rows, and results of others where they were asked for."""
    runs, metric = selection.runs, selection.metric
    rows = build_rows(runs, options.round_number, metric, selection.axis, selection.ends)
    _require_scores(rows, runs, options.round_number, metric)
    if options.published is None:
        return rows, None
    _refuse_published(runs)
    return rows, published_rows(runs, options.published, metric, selection.classes)


def _contrast(
    rows: Sequence[Row], selection: Selection, options: CompareOptions
) -> tuple[list[Row], Sequence[Contrast]]:
    """Compare rows with their baselines and with full supervision."""
    contrasts = find_contrasts(rows, options.baseline, selection.metric)
    contrasted = with_contrasts(rows, contrasts, selection.metric, crossed=options.images)
    if options.reach is not None:
        contrasted = with_reach(contrasted, selection.metric, selection.cost, options.reach / 100)
    return contrasted, contrasts.found


def _rank(rows: Sequence[Row], selection: Selection, options: CompareOptions) -> tuple[list[Row], _Standing]:
    """Put rows in order, mark the best, and rank methods that buy alike."""
    ordered = _in_order(rows, selection, options.sort)
    groups = _by_purchase(find_groups(ordered, selection.metric, blocks=options.mixed))
    several = len({row.scenario for row in ordered}) > 1
    wants_ranks = several if options.ranks is None else options.ranks
    return ordered, _Standing(
        rankings=tuple(map(mean_ranks, groups)) if wants_ranks else None,
        penalties=tuple(map(penalty_matrix, groups)) if options.penalties else None,
        mixed=tuple(filter(None, map(mixed_model, groups))) if options.mixed else None,
    )


def _note(
    results: Results,
    rows: Sequence[Row],
    contrasts: Sequence[Contrast],
    published: Sequence[PublishedRow] | None,
    standing: _Standing,
    selection: Selection,
    options: CompareOptions,
) -> Iterator[str]:
    """Yield what a reader must know."""
    yield from notes.notes(
        results,
        rows,
        contrasts,
        options.baseline,
        published,
        selection.metric,
        selection.area_axis,
        images=options.images,
    )
    yield from learnt_notes.notes(rows)
    yield from code_notes.notes(rows)
    yield from recipe_notes.notes(rows)
    yield from reach_notes(rows, options.reach, selection.cost)
    yield from ranking_notes.notes(standing.rankings, standing.penalties)
    yield from ranking_notes.about_scenarios(selection.runs, standing.rankings, standing.mixed)
    yield f"Scorer version {selection.runs[0].scorer}."


def _in_order(rows: Sequence[Row], selection: Selection, sort: str | None) -> list[Row]:
    """Return the rows scenario by scenario, methods that buy alike together, the best of them marked."""
    return [
        row
        for scenario in dict.fromkeys(row.scenario for row in rows)
        for alike in together(sort_rows([row for row in rows if row.scenario == scenario], sort))
        for row in mark_best(alike, selection.metric, selection.classes, selection.subsets)
    ]


def _by_purchase(groups: Sequence[ComparisonGroup]) -> list[list[ComparisonGroup]]:
    """Return the groups of each annotation and budget, without those of one method if there are others."""
    by_purchase: dict[str, list[ComparisonGroup]] = {}
    for group in groups:
        by_purchase.setdefault(group.purchase, []).append(group)
    shared = [alike for alike in by_purchase.values() if any(len(group.scores) > 1 for group in alike)]
    return shared or [list(groups)]


def _refuse_published(runs: Sequence[Run]) -> None:
    """Refuse results of others beside those on some of the images."""
    if any(run.chosen_images is not None for run in runs):
        raise AlsegError(
            "Published numbers are over all evaluation images, not over those of some groups. Leave out "
            "--published or --image-group."
        )


def _refuse_unknown(metric: Metric) -> None:
    """Refuse a metric that was asked for where no run has evaluation labels."""
    if metric.key != "miou":
        raise AlsegError(
            f"{metric.title} is unknown: the runs have no evaluation labels. Leave out --metric and --subset "
            "to see what was bought and learnt."
        )


def _require_scores(rows: Sequence[Row], runs: Sequence[Run], number: int | None, metric: Metric) -> None:
    if any(row.score is not None for row in rows):
        return
    if any(row.counted for row in rows):
        if not any(row.evaluated for row in rows):
            _refuse_unknown(metric)
            return
        of_these = " of these images" if any(run.chosen_images is not None for run in runs) else ""
        raise AlsegError(f"{metric.title} is undefined: the ground truth{of_these} holds no such class.")
    last = max((run.rounds[-1].round for run in runs if run.rounds), default=None)
    wanted = "No run is done." if number is None else f"No run has reached round {number}."
    found = "There are no results yet."
    if last is not None:
        found = f"The last with results is round {last}, which alseg compare --round {last} compares."
    listing = "".join(f"\n  {run.place}: {notes.state_of(run)}" for run in runs)
    raise AlsegError(f"{wanted} {found}{listing}")
