"""What a reader of a comparison must know besides the numbers, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from alseg.comparison import Metric, PublishedRow, Row, letter
from alseg.costaxes import CostAxis
from alseg.runs import Results, Run
from alseg.stats import detectable_difference, smallest_sign_flip_p


def notes(
    results: Results,
    rows: Sequence[Row],
    wanted: str | None = None,
    published: Sequence[PublishedRow] | None = None,
    metric: Metric | None = None,
    axis: CostAxis | None = None,
) -> Iterator[str]:
    """Yield one sentence or two per thing to know, the most important first.

    Args:
        results: All that was read.
        rows: The rows shown.
        wanted: Label of the baseline that was asked for; None for the usual ones.
        published: The results of others that are shown; None where they were not asked for.
        metric: What is compared.
        axis: The cost axis of areas under curves, where any are shown.
    """
    if len({row.scenario for row in rows}) > 1:
        rows = [replace(row, label=_with_scenario(row)) for row in rows]
    yield from _published(published)
    yield from _left_out(rows)
    yield from _missing(rows)
    for run in results.damaged:
        yield f"Left out, damaged: {run.problem}"
    if results.copies:
        yield f"Counted once though given twice: {_names(str(folder) for folder in results.copies)}."
    yield from _variants(rows)
    yield from _groups(rows)
    yield from _intervals(rows)
    yield from _differences(rows)
    yield from _without_baseline(rows, wanted)
    yield from _power(rows)
    yield from _over_images(rows, metric)
    yield from _areas(rows, axis)
    yield from _gap(rows)
    yield from _rounds(rows)
    yield from _absent(rows)
    yield from _devices(rows)


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
    for row in rows:
        seeds = {run.seed for other in rows if other.experiment == row.experiment for run in other.runs}
        missing = sorted(seeds - {run.seed for run in row.runs})
        if missing:
            yield f"{row.label}: no run for seed {_names(map(str, missing))}, which other methods have."


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


def _differences(rows: Sequence[Row]) -> Iterator[str]:
    compared = [row for row in rows if row.difference is not None]
    if compared:
        used: dict[str, list[str]] = {}
        for row in compared:
            used.setdefault(str(row.baseline), []).append(row.label)
        if len(used) == 1:
            yield f"Differences to {_names(used)} are paired by seed."
        else:
            listing = "; ".join(f"{_names(labels)} to {baseline}" for baseline, labels in used.items())
            yield f"Differences are paired by seed: {listing}."
    for row in compared:
        pairs = row.difference.n if row.difference else 0
        if pairs < len(row.seeds):
            yield f"{row.label}: the difference is over {pairs} of its seeds, which the baseline has too."
    unpaired = [row.label for row in rows if row.baseline and row.score and row.difference is None]
    if unpaired:
        yield f"No difference for {_names(unpaired)}: no seed is shared with the baseline."


def _without_baseline(rows: Sequence[Row], wanted: str | None) -> Iterator[str]:
    """Say which differences are missing or not tested, and why."""
    if wanted is not None:
        used = {(row.scenario, row.baseline) for row in rows}
        alone = [
            row.label
            for row in rows
            if row.baseline is None and wanted not in (row.label, row.method.label) and row.counted
        ]
        if alone and used:
            same = "scenario, model, rounds and evaluation"
            yield f"No difference for {_names(alone)}: no baseline has the same {same}."
        unlike = [row.label for row in rows if row.difference is not None and not row.alike]
        if unlike:
            yield f"No p for {_names(unlike)}: annotation or budget is not that of the baseline."
        return
    lacking: dict[str, list[str]] = {}
    for row in rows:
        if row.purchase and row.baseline is None and row.method.acquisition != "random" and row.counted:
            lacking.setdefault(row.purchase.text, []).append(row.label)
    if lacking:
        listing = "; ".join(f"{_names(labels)} ({text})" for text, labels in lacking.items())
        yield (
            f"No difference and no p: {listing}. No random method has the same annotation and budget under "
            "the same conditions; add one to the experiment."
        )


def _power(rows: Sequence[Row]) -> Iterator[str]:
    """Say what so few seeds can show at all."""
    equal = [row.label for row in rows if row.difference and row.difference.n > 1 and row.p_holm is None]
    if equal:
        yield f"No p for {_names(equal)}: the difference is the same with every seed, which shows no spread."
    measured = [row.difference for row in rows if row.difference is not None and row.p_holm is not None]
    if not measured:
        return
    family = len(measured)
    corrected = f", corrected by Holm for the {family} differences shown" if family > 1 else ""
    before = " before correction" if family > 1 else ""
    yield f"p: paired t-test{corrected}."
    pairs = sorted({difference.n for difference in measured})
    smallest = " or ".join(f"{smallest_sign_flip_p(n):.2g}" for n in pairs)
    yield (
        f"With {' or '.join(map(str, pairs))} pairs of seeds, no test without assumptions can give p below "
        f"{smallest}{before}; smaller ones rest on differences being normally distributed."
    )
    found = [detectable_difference(each.half_width, each.n) for each in measured if each.half_width]
    if found:
        low, high = f"{min(found):.1f}", f"{max(found):.1f}"
        points = low if low == high else f"{low} to {high}"
        yield (
            f"A true difference of {points} points would have been found with 80% probability "
            f"(p < 0.05{before})."
        )


def _over_images(rows: Sequence[Row], metric: Metric | None) -> Iterator[str]:
    images = sorted({row.image_interval.images for row in rows if row.image_interval is not None})
    if images:
        yield (
            "[a, b]: there is one seed, so this 95% interval is over the "
            f"{' or '.join(map(str, images))} evaluation images (paired bootstrap). It compares two trained "
            "networks; how much seeds differ it does not say."
        )
    single = [row for row in rows if row.difference is not None and row.difference.n == 1]
    if single and metric is not None and not metric.classes:
        yield f"There is no interval over images for {metric.title}, only for IoU and its means."
        return
    without = [row.label for row in single if row.image_interval is None]
    if without:
        yield (
            f"No interval over images for {_names(without)}: confusion counts are missing or damaged, or of "
            "other images than the baseline's."
        )


def _areas(rows: Sequence[Row], axis: CostAxis | None) -> Iterator[str]:
    if axis is None:
        return
    yield (
        "AUBC: area under the curve over the cost axis, divided by the length of that axis: the mean "
        "height from nothing bought to all that was bought. It compares methods with the same budget."
    )
    ends = {
        row.label: sum(axis.read(result) for _, result in row.counted) / len(row.counted)
        for row in rows
        if row.counted and not row.is_reference
    }
    # A budget is spent to the last question or image, which costs of methods differ by.
    if ends and max(ends.values()) > 1.1 * min(ends.values()):
        listing = "; ".join(f"{label} at {end:.3g}{axis.unit}" for label, end in ends.items())
        unit = axis.brief.lower()
        yield f"Areas of curves that end at different costs do not compare methods: {listing} ({unit})."


def _gap(rows: Sequence[Row]) -> Iterator[str]:
    if any(row.gap_closed is not None for row in rows):
        yield "Gap closed: 0% is source only, 100% fully supervised, by means over the seeds they share."


def _rounds(rows: Iterable[Row]) -> Iterator[str]:
    by_round: dict[tuple[int, ...], list[str]] = {}
    for row in rows:
        if not row.is_reference and row.rounds:
            by_round.setdefault(row.rounds, []).append(row.label)
    if len(by_round) > 1:
        listing = (f"{_names(map(str, rounds))} for {_names(labels)}" for rounds, labels in by_round.items())
        yield f"The last round differs: {'; '.join(listing)}."


def _absent(rows: Sequence[Row]) -> Iterator[str]:
    results = [result for row in rows for _, result in row.counted]
    absent = dict.fromkeys(name for result in results for name, iou in result.iou.items() if iou is None)
    if absent:
        yield f"Not in the ground truth, so left out of the mean: {_names(absent)}."


def _devices(rows: Iterable[Row]) -> Iterator[str]:
    runs_on: dict[str, int] = {}
    for row in rows:
        for run, _ in row.counted:
            device = " then ".join(run.devices) or "unknown"
            runs_on[device] = runs_on.get(device, 0) + 1
    if len(runs_on) > 1:
        listing = (f"{device} ({count} run{'s' if count > 1 else ''})" for device, count in runs_on.items())
        yield f"Hardware differs: {_names(listing)}."


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)
