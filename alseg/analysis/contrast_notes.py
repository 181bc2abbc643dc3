"""What a reader must know about differences, their tests and their intervals, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from alseg.analysis.bootstrap import FEWEST_GROUPS, ImageInterval
from alseg.analysis.contrasts import Contrast
from alseg.analysis.cost_axes import CostAxis
from alseg.analysis.metric import Metric
from alseg.analysis.power import seeds_needed, spread_factors
from alseg.analysis.row import Row
from alseg.analysis.statistics import detectable_difference, smallest_sign_flip_p


def differences(rows: Sequence[Row]) -> Iterator[str]:
    """Say which rows differences are to, and which rows have none for want of shared seeds."""
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
    unpaired = [row.label for row in rows if row.unpaired and row.score]
    if unpaired:
        yield f"No difference for {_names(unpaired)}: no seed is shared with the baseline."


def without_baseline(rows: Sequence[Row], wanted: str | None) -> Iterator[str]:
    """Say which differences are missing or not tested, and why."""
    unlike = [row.label for row in rows if row.difference and not row.corrected and not row.alike]
    if unlike:
        yield f"No p for {_names(unlike)}: annotation or budget is not that of the baseline."
    if wanted is not None:
        used = {(row.scenario, row.baseline) for row in rows}
        alone = [
            row.label
            for row in rows
            if row.baseline is None
            and wanted not in (row.label, row.method.label)
            and row.counted
            and not row.unpaired
        ]
        if alone and used:
            same = "scenario, model, rounds and evaluation"
            yield f"No difference for {_names(alone)}: no baseline has the same {same}."
        return
    lacking: dict[str, list[str]] = {}
    declaring = {row.experiment for row in rows if row.contrast is not None and row.contrast.declared}
    for row in rows:
        if row.experiment in declaring or row.method.acquisition == "random":
            continue
        if row.purchase and row.baseline is None and row.counted and not row.unpaired:
            lacking.setdefault(row.purchase.text, []).append(row.label)
    if lacking:
        listing = "; ".join(f"{_names(labels)} ({text})" for text, labels in lacking.items())
        yield (
            f"No difference and no p: {listing}. No random method has the same annotation and budget under "
            "the same conditions; add one to the experiment."
        )


def power(contrasts: Sequence[Contrast]) -> Iterator[str]:
    """Say what is tested, and what so few seeds can show at all."""
    equal = [each.method for each in contrasts if each.corrected is not None and each.corrected.p is None]
    if equal:
        yield f"No p for {_names(equal)}: the difference is the same with every seed, which shows no spread."
    tested = [
        (each.difference, each.corrected)
        for each in contrasts
        if each.corrected is not None and each.corrected.p is not None
    ]
    if not tested:
        return
    yield from _families(contrasts)
    if any(each.equivalence is not None for each in contrasts):
        yield "p (margin): two one-sided tests (TOST) that the difference is within the declared margin."
    unlike = [f"{each.method} - {each.baseline}" for each in contrasts if not each.same_conditions]
    if unlike:
        yield f"Not under the same conditions, such as recipe or model: {_names(unlike)}."
    pairs = sorted({difference.n for difference, _ in tested})
    smallest = " or ".join(f"{smallest_sign_flip_p(n):.2g}" for n in pairs)
    most = max(family.family for _, family in tested)
    more = f", {seeds_needed(most)} for {most} comparisons" if most > 1 else ""
    yield (
        f"Seeds: with {' or '.join(map(str, pairs))} pairs, no test without assumptions gives p below "
        f"{smallest}; it takes {seeds_needed()} for p < 0.05{more}. Smaller ones rest on differences being "
        "normally distributed."
    )
    found = [
        detectable_difference(family.half_width, difference.n, 1 - 0.05 / family.family)
        for difference, family in tested
    ]
    low, high = f"{min(found):.1f}", f"{max(found):.1f}"
    points = low if low == high else f"{low} to {high}"
    factors = spread_factors(pairs[0])
    yield (
        f"Found with 80% probability: true differences of {points} points, as estimated from {pairs[0]} "
        f"pairs; the truth is {factors.low:.2g} to {factors.high:.2g} times that."
    )


def _families(contrasts: Sequence[Contrast]) -> Iterator[str]:
    """Say which comparisons are corrected together."""
    sizes = {
        (each.experiment, each.declared, each.family): each.corrected.family
        for each in contrasts
        if each.corrected
    }
    if set(sizes.values()) == {1}:
        yield "p: paired t-test."
        return
    several = len({(experiment, declared) for experiment, declared, _ in sizes}) > 1
    listing = "; ".join(
        f"{size} comparison{'s' if size > 1 else ''} {'declared in' if declared else 'in'} "
        f"{experiment if several else 'the experiment file' if declared else 'the table'}"
        + (f" as {family}" if family else "")
        for (experiment, declared, family), size in sizes.items()
    )
    undeclared = any(not declared for _, declared, _ in sizes)
    yield (
        f"p: paired t-test, corrected by Bonferroni ({listing}). ± of a difference is simultaneous: it holds "
        "0 where p is 0.05 or more." + (" 'comparisons:' declares them beforehand." if undeclared else "")
    )


def over_images(rows: Sequence[Row], metric: Metric | None, *, asked: bool) -> Iterator[str]:
    """Say what intervals over images are over, and why some are missing."""
    over = [row.image_interval for row in rows if row.image_interval is not None]
    if over:
        yield (
            f"[a, b]: there is one seed, so this 95% interval is over {_counted(over)} (paired bootstrap). "
            "It compares two trained networks; how much seeds differ it does not say."
        )
    crossed = [row.crossed for row in rows if row.crossed is not None]
    if crossed:
        groups = " or ".join(map(str, sorted({each.groups for each in crossed})))
        yield (
            f"± seeds, images: 95% interval in which seeds and the {groups} groups of evaluation images "
            "could have been others; not corrected for the number of comparisons."
        )
    wanting = [row for row in rows if row.difference is not None and (asked or row.difference.n == 1)]
    if wanting and metric is not None and not metric.classes:
        yield f"There is no interval over images for {metric.title}, only for IoU and its means."
        return
    without = [row.label for row in wanting if row.image_interval is None and row.crossed is None]
    if without:
        # Of a mean, a draw leaves out the class that it does not hold; of a single class nothing is left.
        single = metric is not None and len(metric.classes) == 1
        groups = f"of fewer than {FEWEST_GROUPS} groups of images"
        yield (
            f"No interval over images for {_names(without)}: confusion counts are missing or damaged, of "
            "other images than the baseline's, "
            + (f"{groups}, or of so few with the class that draws miss it." if single else f"or {groups}.")
        )


def _counted(intervals: Sequence[ImageInterval]) -> str:
    """Say over how many images, and groups of them, intervals are."""
    texts = dict.fromkeys(
        f"the {each.images} evaluation images"
        if each.groups == each.images
        else f"the {each.groups} groups of the {each.images} evaluation images"
        for each in intervals
    )
    return " or ".join(texts)


def reach_notes(rows: Sequence[Row], share: float | None, axis: CostAxis) -> Iterator[str]:
    """Say what the cost of a share of full supervision is, and how it is read off."""
    if share is None:
        return
    reached = [row.reach for row in rows if row.reach is not None]
    if not reached:
        yield f"No cost of {share:g}% of full supervision: no fully supervised row shares the conditions."
        return
    full = _names(dict.fromkeys(each.hundred for each in reached))
    interval = any(each.reach.n > 1 for each in reached)
    yield (
        f"{share:g}% at: cost ({axis.brief.lower()}) at which the mean curve, straight between rounds, first "
        f"is at {share:g}% of {full}."
        + (
            " [a, b]: 95% interval over seeds of the method and of full supervision; >: beyond the budget."
            if interval
            else ""
        )
    )


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)
