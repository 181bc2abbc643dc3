"""What a reader of a comparison must know besides the numbers, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from alseg.analysis import contrast_notes
from alseg.analysis.comparison import letter
from alseg.analysis.contrasts import Contrast
from alseg.analysis.cost_axes import CostAxis
from alseg.analysis.metric import Metric
from alseg.analysis.pool_notes import differing_pools
from alseg.analysis.row import PublishedRow, Row
from alseg.storage.records import ChosenImages, Results, Run

SMALLEST_SHARE = 0.5
"""Percent of bought pixels that were never drawn, from which on it is said."""


def notes(
    results: Results,
    rows: Sequence[Row],
    contrasts: Sequence[Contrast] = (),
    wanted: str | None = None,
    published: Sequence[PublishedRow] | None = None,
    metric: Metric | None = None,
    axis: CostAxis | None = None,
    *,
    images: bool = False,
) -> Iterator[str]:
    """Yield one sentence or two per thing to know, the most important first.

    Args:
        results: All that was read.
        rows: The rows shown.
        contrasts: The comparisons of two rows.
        wanted: Label of the baseline that was asked for; None for the usual ones.
        published: The results of others that are shown; None where they were not asked for.
        metric: What is compared.
        axis: The cost axis of areas under curves, where any are shown.
        images: Whether intervals over images were asked for.
    """
    if len({row.scenario for row in rows}) > 1:
        rows = [replace(row, label=_with_scenario(row)) for row in rows]
    yield from _chosen_images(rows)
    yield from results.without_images
    yield from _published(published)
    yield from _upper_marks(rows)
    yield from _left_out(rows)
    yield from _missing(rows)
    for run in results.damaged:
        yield f"Left out, damaged: {run.problem}"
    if results.copies:
        yield f"Counted once though given twice: {_names(str(folder) for folder in results.copies)}."
    if results.disagreeing:
        names = _names(str(folder) for folder in results.disagreeing)
        yield f"Left out, since other results of the same run are there already: {names}."
    yield from _variants(rows)
    yield from _groups(rows)
    yield from _intervals(rows)
    yield from contrast_notes.differences(rows)
    yield from contrast_notes.without_baseline(rows, wanted)
    yield from contrast_notes.power(contrasts)
    yield from contrast_notes.over_images(rows, metric, asked=images)
    yield from _areas(rows, axis)
    yield from _gap(rows)
    yield from _spent(rows)
    yield from _never_drawn(rows)
    yield from _constant_clicks(rows)
    yield from _rounds(rows)
    yield from differing_pools(rows)
    yield from _absent(rows)
    yield from _devices(rows)
    yield from _threads(rows)


def _chosen_images(rows: Sequence[Row]) -> Iterator[str]:
    """Say on which evaluation images numbers are, where they are not on all."""
    chosen: dict[str, dict[str, None]] = {}
    for row in rows:
        for run in row.runs:
            if run.chosen_images is not None:
                chosen.setdefault(run.scenario, {})[chosen_text(run.chosen_images)] = None
    if chosen:
        patterns = next(run.image_patterns for row in rows for run in row.runs if run.image_patterns)
        several = len({row.scenario for row in rows}) > 1
        listing = "; ".join(
            " or ".join(texts) + (f" in {scenario}" if several else "") for scenario, texts in chosen.items()
        )
        yield (
            f"Only evaluation images of the groups {_names(patterns)}: {listing}. Metrics, differences, "
            "intervals and curves are of these images, costs of the whole pool."
            + (
                " p is corrected for the comparisons of this table, not for looks at other groups."
                if any(row.corrected is not None for row in rows)
                else ""
            )
        )


def chosen_text(chosen: ChosenImages) -> str:
    """Say how many images of how many groups were chosen."""
    images = f"{chosen.images} of {chosen.all_images} images"
    if chosen.all_groups == chosen.all_images:
        return f"{images}, each a group of its own"
    return f"{images}, {len(chosen.groups)} of {chosen.all_groups} groups"


def _upper_marks(rows: Sequence[Row]) -> Iterator[str]:
    labels = [row.label for row in rows if row.is_upper_mark]
    if labels:
        see, are = ("sees", "It is") if len(labels) == 1 else ("see", "They are")
        yield (
            f"Upper mark{'' if len(labels) == 1 else 's'}: {_names(labels)} {see} the labels of the pool; no "
            f"method can do that. {are} never ranked, called best or taken as baseline, and tested only "
            "where the experiment file names the comparison."
        )


def state_of(run: Run) -> str:
    """Say how far a run is, such as ``failed, last round 2: CUDA out of memory``."""
    word = "not finished" if run.state == "running" else run.state
    last = f", last round {run.rounds[-1].round}" if run.rounds else ""
    return f"{word}{last}" + (f": {run.explanation}" if run.explanation else "")


def _with_scenario(row: Row) -> str:
    return f"{row.label} ({row.scenario})"


def _published(rows: Sequence[PublishedRow] | None) -> Iterator[str]:
    if rows is None:
        return
    if not rows:
        yield "No published result has the data sets, label space and metric of these runs."
        return
    papers = {row.reference: row.result.paper for row in rows}
    listing = " ".join(f"[{number}] {paper}." for number, paper in sorted(papers.items()))
    yield (
        "Published: printed in a paper, not run here. How labels are counted, image sizes and the choice of "
        f"the checkpoint may differ from the other rows. {listing}"
    )


def _left_out(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        counted = set(row.seeds)
        left_out = [run for run in row.runs if run.seed not in counted]
        if left_out:
            reasons = "; ".join(f"seed {run.seed} ({state_of(run)})" for run in left_out)
            yield f"{row.label}: {len(counted)} of {len(row.runs)} seeds counted. Left out: {reasons}."


def _missing(rows: Sequence[Row]) -> Iterator[str]:
    """Name seeds that other methods of the experiment have: without them, means are over different seeds."""
    for experiment in dict.fromkeys(row.experiment for row in rows):
        having = [(row.label, {run.seed for run in row.runs}) for row in rows if row.experiment == experiment]
        seeds = {seed for _, found in having for seed in found}
        lacking: dict[tuple[int, ...], list[str]] = {}
        for label, found in having:
            lacking.setdefault(tuple(sorted(seeds - found)), []).append(label)
        for missing, labels in lacking.items():
            listing = f"seed{'s' if len(missing) > 1 else ''} {_names(map(str, missing))}"
            others = [label for label, found in having if found.issuperset(missing)]
            # Where most lack them, those that have them are fewer to name.
            if missing and len(others) < len(labels) and len(others) + len(labels) == len(having):
                yield f"Only {_names(others)} {'have' if len(others) > 1 else 'has'} {listing}."
            elif missing:
                yield f"No run with {listing}, which other methods have: {_names(labels)}."


def _variants(rows: Sequence[Row]) -> Iterator[str]:
    told_apart: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        told_apart.setdefault((row.scenario, row.experiment, row.method.label), []).append(row)
    for (_, experiment, label), variants in told_apart.items():
        if len(variants) > 1:
            runs = "; ".join(f"{row.label} is {_names(run.name for run in row.runs)}" for row in variants)
            yield f"{label} has run with {len(variants)} different settings in {experiment}: {runs}."


def _intervals(rows: Sequence[Row]) -> Iterator[str]:
    scored = [row for row in rows if row.score is not None]
    single = [row.label for row in scored if row.score is not None and row.score.n == 1]
    if len(single) < len(scored):
        yield "± is half the width of the 95% t interval over seeds."
    if single:
        which = "any method" if len(single) == len(scored) else _names(single)
        yield f"No interval for {which}: one seed does not tell how much seeds differ."


def _groups(rows: Sequence[Row]) -> Iterator[str]:
    """Name annotations and budgets where there are several."""
    bought: dict[str, list[Row]] = {}
    for row in rows:
        if row.purchase is not None:
            bought.setdefault(row.purchase.key, []).append(row)
    if len(bought) > 1:
        listing = "; ".join(
            f"{letter(number)} {group[0].purchase.text if group[0].purchase else ''}"
            for number, group in enumerate(bought.values())
        )
        yield f"Groups: {listing}. Marks, p, ranks and penalties are within a group."


def _areas(rows: Sequence[Row], axis: CostAxis | None) -> Iterator[str]:
    if axis is None:
        return
    ends: dict[str, list[float]] = {}
    for row in rows:
        if row.purchase is not None and row.counted:
            name = f"{row.purchase.text}"
            ends.setdefault(name, []).extend(axis.read(result) for _, result in row.counted)
    listing = "; ".join(
        f"{min(costs):.3g}{axis.unit}" + (f" for {name}" if len(ends) > 1 else "")
        for name, costs in ends.items()
    )
    unit = axis.brief.lower()
    yield (
        "AUBC: area under the curve over the cost axis, divided by the length of that axis: the mean height "
        f"from nothing bought to what every run has reached that buys alike ({unit}: {listing})."
        + (" Areas over different ranges do not compare." if len(ends) > 1 else "")
    )


def _gap(rows: Sequence[Row]) -> Iterator[str]:
    closed = [row.gap_closed for row in rows if row.gap_closed is not None]
    if not closed:
        return
    ends = dict.fromkeys((each.zero, each.hundred) for each in closed)
    listing = "; ".join(f"0% is {zero}, 100% {hundred}" for zero, hundred in ends)
    bounded = any(each.gap.low is not None for each in closed)
    unbounded = any(each.gap.low is None and each.gap.n > 1 for each in closed)
    yield (
        f"Gap closed: {listing}, by means over shared seeds."
        + (" [a, b]: 95% interval over seeds (Fieller)." if bounded else "")
        + (" [any]: the gap itself is not told from 0." if unbounded else "")
    )


def _spent(rows: Iterable[Row]) -> Iterator[str]:
    """Say how much was spent of budgets in clicks or regions."""
    spent = {row.label: row.costs.of_budget for row in rows if row.costs and row.costs.of_budget}
    if not spent:
        return
    alike = len(spent) > 1 and len(set(spent.values())) == 1
    told = [f"each {next(iter(spent.values()))}"] if alike else [" ".join(each) for each in spent.items()]
    yield f"Spent of what the budget allowed so far, mean over seeds: {'; '.join(told)}."


def _never_drawn(rows: Iterable[Row]) -> Iterator[str]:
    """Say of which rows labels were paid for and not used."""
    drawn = {row.label: row.costs.drawn_percent for row in rows if row.costs}
    shares = {label: 100 - percent for label, percent in drawn.items() if percent is not None}
    listing = [f"{label} {share:.1f}%" for label, share in shares.items() if share >= SMALLEST_SHARE]
    if listing:
        yield (
            f"Bought, but in images that no training step has drawn since: {_names(listing)} of the pixels. "
            "Train longer after the last purchase, or draw labelled images more often (target_sampling)."
        )


def _constant_clicks(rows: Iterable[Row]) -> Iterator[str]:
    """Name rows whose clicks mean something else than those of the others."""
    old = [
        row.label
        for row in rows
        if row.costs and row.costs.clicks and not all(run.clicks_of_answers for run, _ in row.counted)
    ]
    if old:
        yield (
            f"Clicks of {_names(old)} are from an earlier version of alseg: one for each question, a "
            "constant for a whole image. They do not compare with clicks that are counted from answers."
        )


def _rounds(rows: Iterable[Row]) -> Iterator[str]:
    by_round: dict[tuple[int, ...], list[str]] = {}
    for row in rows:
        if not row.is_reference and row.rounds:
            by_round.setdefault(row.rounds, []).append(row.label)
    if len(by_round) > 1:
        listing = (f"{_names(map(str, rounds))} for {_names(labels)}" for rounds, labels in by_round.items())
        yield f"The last round differs: {'; '.join(listing)}."


def _absent(rows: Sequence[Row]) -> Iterator[str]:
    results = [result for row in rows for run, result in row.counted if run.evaluated]
    absent = dict.fromkeys(name for result in results for name, iou in result.iou.items() if iou is None)
    if absent:
        of_these = " of these images" if any(row.chosen_images is not None for row in rows) else ""
        yield f"Not in the ground truth{of_these}, so left out of the mean: {_names(absent)}."


def _devices(rows: Iterable[Row]) -> Iterator[str]:
    runs_on: dict[str, int] = {}
    for row in rows:
        for run, _ in row.counted:
            device = " then ".join(run.devices) or "unknown"
            runs_on[device] = runs_on.get(device, 0) + 1
    if len(runs_on) > 1:
        listing = (f"{device} ({count} run{'s' if count > 1 else ''})" for device, count in runs_on.items())
        yield f"Hardware differs: {_names(listing)}."


def _threads(rows: Iterable[Row]) -> Iterator[str]:
    runs_with: dict[str, int] = {}
    for row in rows:
        for run, _ in row.counted:
            if run.threads:
                number = " then ".join(map(str, run.threads))
                runs_with[number] = runs_with.get(number, 0) + 1
    if len(runs_with) > 1:
        listing = (f"{number} ({count} run{'s' if count > 1 else ''})" for number, count in runs_with.items())
        yield f"Threads differ, which changes how sums are rounded: {_names(listing)}."


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)
