"""What the report shows, as plain data: everything is computed here, the page only lays it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alseg.analysis.compare import compare
from alseg.analysis.comparison import Comparison
from alseg.analysis.cost_axes import COST_AXES, CommonEnds
from alseg.analysis.metric import Metric, area_until
from alseg.analysis.options import CompareOptions
from alseg.analysis.row import Row
from alseg.analysis.statistics import Interval, mean_interval
from alseg.contracts import PublishedResult
from alseg.errors import AlsegError
from alseg.report.answers import metrics_of_answers, stats_of_answers
from alseg.report.frequencies import kept_frequencies
from alseg.report.provenance import (
    RUN_COLUMNS,
    class_colors,
    phase_seconds,
    provenance,
    run_records,
    settings_text,
)
from alseg.report.rankings import standing_tables
from alseg.storage.records import Results, RoundResult, Run


@dataclass(frozen=True)
class Extras:
    """What is shown beside numbers; see `alseg.report.extras`.

    Attributes:
        pictures: Scenario to what the page's ``drawPictures`` reads, see `alseg.report.pictures.PictureBook`.
        frequencies: Scenario to class frequencies that runs have not kept, as
            `alseg.report.frequencies.counted_frequencies` gives them.
    """

    pictures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    frequencies: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)


def counted_runs(results: Results, baseline: str | None = None) -> dict[str, dict[str, Run]]:
    """Return the first run that counts of every row: scenario to the row's label to run.

    Raises:
        AlsegError: As `alseg.analysis.compare.compare`.
    """
    comparison = compare(results, CompareOptions(baseline=baseline))
    return {
        scenario: {
            row.label: row.counted[0][0]
            for row in comparison.rows
            if row.scenario == scenario and row.counted
        }
        for scenario in comparison.scenarios
    }


def report_content(
    results: Results,
    *,
    baseline: str | None = None,
    published: Sequence[PublishedResult] | None = None,
    extras: Extras | None = None,
    command: str = "",
) -> dict[str, Any]:
    """Return all that the page shows.

    Args:
        results: The runs.
        baseline: Label of the method that differences are taken to; None for the usual one.
        published: Known results of others; None for none.
        extras: Pictures and frequencies that need the data set.
        command: The command that makes this report, for the section on provenance.

    Raises:
        AlsegError: As `alseg.analysis.compare.compare`.
    """
    comparisons = _comparisons(results, baseline, published)
    main = comparisons[0]
    notes = list(dict.fromkeys(note for each in comparisons for note in each.notes))
    return {
        "axes": [
            {"key": axis.key, "title": axis.title, "brief": axis.brief, "unit": axis.unit}
            for axis in COST_AXES.values()
        ],
        "notes": notes,
        "run_columns": list(RUN_COLUMNS),
        "standing": standing_tables(results, baseline),
        "provenance": provenance(results, main, command),
        "scenarios": [_scenario(name, comparisons, notes, extras or Extras()) for name in main.scenarios],
    }


def _comparisons(
    results: Results, baseline: str | None, published: Sequence[PublishedResult] | None
) -> list[Comparison]:
    """Return a comparison for every metric that some run has; the mean over all classes comes first."""
    space = results.runs[0].label_space
    if not any(run.evaluated for run in results.runs):
        return [compare(results, CompareOptions(baseline=baseline, published=published))]
    wanted: list[tuple[str, str | None]] = [("miou", None), *(("miou", name) for name in space.subsets)]
    wanted += [("accuracy", None), *((f"iou:{name}", None) for name in space.classes)]
    made = []
    for metric, subset in wanted:
        try:
            made.append(
                compare(
                    results,
                    CompareOptions(metric=metric, subset=subset, baseline=baseline, published=published),
                )
            )
        except AlsegError:
            # A class that no ground truth holds has nothing to show; every other mistake the mean has too.
            if metric == "miou" and subset is None:
                raise
    return made


def _scenario(
    name: str, comparisons: Sequence[Comparison], notes: list[str], extras: Extras
) -> dict[str, Any]:
    main = comparisons[0]
    rows = [row for row in main.rows if row.scenario == name]
    by_metric = {
        each.metric.key: {row.label: row for row in each.rows if row.scenario == name} for each in comparisons
    }
    runs = [run for row in rows for run in row.runs]
    ends = {key: CommonEnds(axis, runs) for key, axis in COST_AXES.items()}
    seeds = sorted({run.seed for run in runs})
    done = sum(run.state == "done" for run in runs)
    experiments = ", ".join(dict.fromkeys(row.experiment for row in rows))
    of_answers = metrics_of_answers(rows)
    evaluated = any(run.evaluated for run in runs)
    # Without evaluation labels there is no IoU to choose, unless there is nothing else either.
    measured = [each.metric for each in comparisons if evaluated or not of_answers]
    return {
        "name": name,
        "evaluated": evaluated,
        "summary": f"{experiments}: {name}, {main.label_space}.{_of_images(main, name)} {len(rows)} methods, "
        f"{len(seeds)} seed{'' if len(seeds) == 1 else 's'}, {done} of {len(runs)} runs done.",
        "classes": list(main.classes),
        "colors": class_colors(runs[0]),
        "baseline": next((row.baseline for row in rows if row.baseline), None),
        "metrics": [{"key": each.key, "title": each.title} for each in (*measured, *of_answers)],
        "notes": {
            **{each.key: [notes.index(note) for note in main.notes] for each in of_answers},
            **{each.metric.key: [notes.index(note) for note in each.notes] for each in comparisons},
        },
        "methods": [
            _method(
                row,
                comparisons,
                {key: found[row.label] for key, found in by_metric.items()},
                ends,
                of_answers,
            )
            for row in rows
        ],
        "published": [
            {
                "label": other.result.label,
                "reference": other.reference,
                "scores": {each.metric.key: each.metric.published(other.result) for each in comparisons},
            }
            for other in main.published
            if other.scenario == name
        ],
        "frequencies": kept_frequencies(rows) + extras.frequencies.get(name, []),
        "pictures": extras.pictures.get(name, {}),
        "runs": run_records(runs),
        "settings": [{"label": row.label, "text": settings_text(row.runs[0])} for row in rows],
    }


def _of_images(comparison: Comparison, scenario: str) -> str:
    """Say on which evaluation images numbers are, where they are not on all."""
    text = comparison.images_text(scenario)
    return f" Only {text}." if text else ""


def _method(
    row: Row,
    comparisons: Sequence[Comparison],
    by_metric: Mapping[str, Row],
    ends: Mapping[str, CommonEnds],
    of_answers: Sequence[Metric],
) -> dict[str, Any]:
    costs = row.costs
    results = [result for _, result in row.counted]
    return {
        "label": row.label,
        "kind": row.method.target_labels,
        "upper_mark": row.is_upper_mark,
        "n": len(row.seeds),
        "iou": [row.iou[name] for name in comparisons[0].classes],
        "curve": _curve(row, [*(each.metric for each in comparisons), *of_answers]),
        "stats": {
            **{
                each.metric.key: _stats(by_metric[each.metric.key], each.metric, ends) for each in comparisons
            },
            **{each.key: stats_of_answers(row, each) for each in of_answers},
        },
        "costs": {
            key: sum(axis.read(result) for result in results) / len(results)
            for key, axis in COST_AXES.items()
        }
        if results
        else None,
        "spent": {
            "pixels": costs.pixels,
            "valid": costs.valid_percent,
            "trained_pixels": costs.trained_pixels,
            "drawn": costs.drawn_percent,
            "clicks": costs.clicks,
            "clicks_per_image": costs.clicks_per_image,
        }
        if costs
        else None,
        "seconds": phase_seconds([run for run, _ in row.counted]),
    }


def _curve(row: Row, metrics: Sequence[Metric]) -> list[dict[str, Any]]:
    """Return the rounds that any run of the method has reached, each averaged over the runs that did."""
    numbers = sorted({result.round for run in row.runs for result in run.rounds})
    points = []
    for number in numbers:
        reached = [result for run in row.runs if (result := run.at(number)) is not None]
        points.append(
            {
                "round": number,
                "n": len(reached),
                "cost": {
                    key: sum(axis.read(result) for result in reached) / len(reached)
                    for key, axis in COST_AXES.items()
                },
                "scores": {metric.key: _pair(_over(reached, metric.height)) for metric in metrics},
            }
        )
    return points


def _stats(row: Row, metric: Metric, ends: Mapping[str, CommonEnds]) -> dict[str, Any]:
    difference, corrected, images = row.difference, row.corrected, row.image_interval
    width = corrected.half_width if corrected else difference and difference.half_width
    areas = {
        key: _over_runs(
            [area_until(metric.height, axis, ends[key], run, result) for run, result in row.counted]
        )
        for key, axis in COST_AXES.items()
    }
    return {
        "score": _pair(row.score),
        "best": row.best_score,
        "baseline": row.baseline,
        "difference": difference and [difference.mean, width],
        "images": images and [images.low, images.high],
        "p": corrected and corrected.p,
        "gap": row.gap_closed and row.gap_closed.gap.percent,
        "gapInterval": _gap_interval(row),
        "areas": {key: _pair(area) for key, area in areas.items()},
    }


def _gap_interval(row: Row) -> list[float] | None:
    """Return both ends of the interval of the gap that is closed; None where it has no bounds."""
    gap = row.gap_closed and row.gap_closed.gap
    return [gap.low, gap.high] if gap and gap.low is not None and gap.high is not None else None


def _over(results: Sequence[RoundResult], value: Callable[[RoundResult], float | None]) -> Interval | None:
    return _over_runs([value(result) for result in results])


def _over_runs(values: Sequence[float | None]) -> Interval | None:
    present = [value for value in values if value is not None]
    return mean_interval(present) if present else None


def _pair(interval: Interval | None) -> list[float | None] | None:
    return None if interval is None else [interval.mean, interval.half_width]
