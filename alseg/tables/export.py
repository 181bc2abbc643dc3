"""A comparison for other programs: CSV and JSON, in full precision; JSON has all names unchanged."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any

from alseg.analysis.comparison import Comparison
from alseg.analysis.contrasts import Contrast
from alseg.analysis.ranks import Ranking
from alseg.analysis.row import Costs, PublishedRow, Row
from alseg.storage.records import Run
from alseg.tables.learnt_export import LEARNT_KEYS, learnt_cells, learnt_record
from alseg.text.printable import csv_cell

JSON_FORMAT = 4
"""Changes when a key of the JSON output goes or changes its meaning. docs/compare.md describes the keys."""

_ROW_KEYS = (
    *("label", "experiment", "scenario", "target_labels", "acquisition", "annotation", "budget"),
    *("purchase", "sees_labels"),
)
_IMAGE_KEYS = ("image_groups", "evaluation_images", "all_evaluation_images")

_COST_KEYS = (
    "pixels",
    "valid_pixels",
    "trained_pixels",
    "clicks",
    "images",
    "pool_pixels",
    "pool_images",
    "pixels_percent",
    "valid_percent",
    "clicks_per_image",
    "drawn_pixels",
    "drawn_percent",
    "of_budget",
)


def as_json(comparison: Comparison) -> str:
    """Return one JSON object; docs/compare.md describes it."""
    rows = comparison.rows
    content = {
        "format": JSON_FORMAT,
        "label_space": comparison.label_space,
        "classes": comparison.classes,
        "scorer": comparison.scorer,
        "metric": comparison.metric.key,
        "round": comparison.round,
        "image_groups": next((row.chosen_images.patterns for row in rows if row.chosen_images), None),
        "baseline": comparison.baseline,
        "aubc_cost": comparison.axis.key if comparison.axis else None,
        "share": comparison.share,
        "cost_of_share": None if comparison.share is None else comparison.cost.key,
        "rows": [_row_record(row) for row in rows],
        "contrasts": [_contrast_record(each) for each in comparison.contrasts],
        "published": [_published_record(row) for row in comparison.published],
        "ranks": [_ranking_record(each) for each in comparison.rankings or ()],
        "penalties": _plain(comparison.penalties or ()),
        "mixed": _plain(comparison.mixed or ()),
        "notes": comparison.notes,
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def as_csv(comparison: Comparison) -> str:
    """Return comma-separated values, one line per method; docs/compare.md describes the columns."""
    columns = [*_ROW_KEYS, "rounds", "seeds", "n", *_COST_KEYS]
    columns += [f"iou:{name}" for name in comparison.classes]
    columns += [f"miou:{name}" for name in comparison.subsets]
    columns += ["metric", "score", "score_half_width"]
    columns += ["baseline", *(f"difference{end}" for end in ("", "_half_width", "_p", "_n")), "published"]
    columns += ["difference_simultaneous_half_width", "difference_p_corrected"]
    columns += ["difference_images_low", "difference_images_high", "difference_crossed_half_width"]
    columns += ["gap_closed", "gap_closed_low", "gap_closed_high"]
    columns += ["reach_cost", "reach_low", "reach_high"]
    columns += ["aubc", "aubc_half_width", "aubc_cost"]
    columns += ["mean_rank", "mean_rank_half_width", "mean_rank_n", "penalty"]
    columns += [f"beats:{name}" for name in _matched(comparison)]
    if any(row.chosen_images is not None for row in comparison.rows):
        columns += _IMAGE_KEYS
    blind = any(row.learnt is not None for row in comparison.rows)
    columns += LEARNT_KEYS if blind else ()
    columns += [f"bought:{name}" for name in comparison.classes] if blind or comparison.bought else []
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    for row in comparison.rows:
        writer.writerow(_cells(_csv_line(row, comparison)))
    for other in comparison.published:
        writer.writerow(_cells(_published_csv_line(other, comparison)))
    return file.getvalue()


def _cells(line: Mapping[str, Any]) -> dict[str, Any]:
    return {key: csv_cell(value) for key, value in line.items()}


def _csv_line(row: Row, comparison: Comparison) -> dict[str, Any]:
    record = _row_record(row)
    keys = ("cost", "score", "difference", "gap_closed", "reach")
    cost, score, difference, gap, reach = (record[key] or {} for key in keys)
    return {
        **{key: record[key] for key in _ROW_KEYS},
        "rounds": " ".join(map(str, row.rounds)),
        "seeds": " ".join(map(str, row.seeds)),
        "n": len(row.seeds),
        **cost,
        **{f"iou:{name}": row.iou[name] for name in comparison.classes},
        **{f"miou:{name}": (record["subsets"][name] or {}).get("mean") for name in comparison.subsets},
        "metric": comparison.metric.key,
        "score": score.get("mean"),
        "score_half_width": score.get("half_width"),
        "baseline": row.baseline,
        "difference": difference.get("mean"),
        **{f"difference_{key}": difference.get(key) for key in ("half_width", "p", "n")},
        "difference_simultaneous_half_width": row.corrected and row.corrected.half_width,
        "difference_p_corrected": row.corrected and row.corrected.p,
        "difference_images_low": row.image_interval and row.image_interval.low,
        "difference_images_high": row.image_interval and row.image_interval.high,
        "difference_crossed_half_width": row.crossed and row.crossed.half_width,
        "gap_closed": gap.get("percent"),
        "gap_closed_low": gap.get("low"),
        "gap_closed_high": gap.get("high"),
        "reach_cost": reach.get("cost"),
        "reach_low": reach.get("low"),
        "reach_high": reach.get("high"),
        "aubc": row.area and row.area.mean,
        "aubc_half_width": row.area and row.area.half_width,
        "aubc_cost": comparison.axis and comparison.axis.key,
        **_standing(row, comparison),
        **_images_cells(row),
        **(learnt_cells(row.learnt) if row.learnt is not None else {}),
        **_bought_cells(row, comparison),
    }


def _bought_cells(row: Row, comparison: Comparison) -> dict[str, float | None]:
    """Return the pixels bought of each class, where they were asked for or are all there is."""
    if row.learnt is None and not comparison.bought:
        return {}
    bought = row.bought or {}
    return {f"bought:{name}": bought.get(name) for name in comparison.classes}


def _images_cells(row: Row) -> dict[str, Any]:
    """Return of which evaluation images the row is; nothing where it is of all."""
    chosen = row.chosen_images
    if chosen is None:
        return {}
    cells = ("; ".join(chosen.patterns), chosen.images, chosen.all_images)
    return dict(zip(_IMAGE_KEYS, cells, strict=True))


def _standing(row: Row, comparison: Comparison) -> dict[str, float | None]:
    """Return the mean rank and penalties of the row's method, the same in every scenario."""
    standing: dict[str, float | None] = {}
    # A method goes by the row's own label only where another one in its group has the method's.
    names = (row.label, row.method.label) if not (row.is_reference or row.is_upper_mark) else ()
    for ranked in (each for ranking in comparison.rankings or () for each in ranking.methods):
        if ranked.method in names:
            mean, half_width, n = ranked.rank
            standing |= {"mean_rank": mean, "mean_rank_half_width": half_width, "mean_rank_n": n}
    for matrix in comparison.penalties or ():
        for name, beaten, beats in zip(matrix.methods, matrix.averages, matrix.penalties, strict=True):
            if name in names:
                standing["penalty"] = beaten
                columns = [f"beats:{other}" for other in matrix.methods]
                standing |= dict(zip(columns, beats, strict=True))
    return standing


def _matched(comparison: Comparison) -> tuple[str, ...]:
    """Return the methods of all penalty matrices, each once."""
    return tuple(dict.fromkeys(name for matrix in comparison.penalties or () for name in matrix.methods))


def _published_csv_line(row: PublishedRow, comparison: Comparison) -> dict[str, Any]:
    return {
        "label": row.result.label,
        "scenario": row.scenario,
        **{f"iou:{name}": row.result.iou.get(name) for name in comparison.classes},
        **{f"miou:{name}": row.result.subsets.get(name) for name in comparison.subsets},
        "metric": comparison.metric.key,
        "score": row.score,
        "published": row.result.paper,
    }


def _row_record(row: Row) -> dict[str, Any]:
    gap, reached = row.gap_closed, row.reach
    values = {
        "label": row.label,
        "experiment": row.experiment,
        "scenario": row.scenario,
        "target_labels": row.method.target_labels,
        "acquisition": row.method.acquisition,
        "annotation": row.method.annotation,
        "budget": row.method.budget,
        "purchase": row.purchase and row.purchase.text,
        "sees_labels": row.is_upper_mark,
        "rounds": row.rounds,
        "seeds": row.seeds,
        "cost": _cost_record(row.costs) if row.costs else None,
        "iou": row.iou,
        "subsets": row.subsets,
        "best_classes": [name for name in row.iou if name in row.best],
        "score": row.score,
        "best": row.best_score,
        "baseline": row.baseline,
        "alike": row.alike,
        "difference": row.difference,
        "corrected": row.corrected,
        "image_interval": row.image_interval,
        "crossed": row.crossed,
        "gap_closed": gap and {**gap.gap._asdict(), "zero": gap.zero, "hundred": gap.hundred},
        "reach": reached and {**reached.reach._asdict(), "hundred": reached.hundred},
        "aubc": row.area,
        "evaluated": row.evaluated,
        "chosen_images": row.chosen_images,
        "bought": row.bought,
        "learnt": row.learnt and learnt_record(row.learnt),
        "runs": [_run_record(run, row) for run in row.runs],
    }
    return {key: _plain(value) for key, value in values.items()}


def _published_record(row: PublishedRow) -> dict[str, Any]:
    return {
        "label": row.result.label,
        "scenario": row.scenario,
        "paper": row.result.paper,
        "iou": dict(row.result.iou),
        "miou": row.result.miou,
        "subsets": dict(row.result.subsets),
        "score": row.score,
    }


def _contrast_record(contrast: Contrast) -> dict[str, Any]:
    record = _plain(contrast)
    label = record.pop("method")
    return {**record, "label": label, "verdict": contrast.verdict}


def _ranking_record(ranking: Ranking) -> dict[str, Any]:
    record = _plain(ranking)
    seeds = record.pop("seeds")
    return {**record, "scenarios": ranking.scenarios, "seeds_ranked": seeds}


def _cost_record(costs: Costs) -> dict[str, float | str | None]:
    return {
        **asdict(costs),
        "pixels_percent": costs.pixels_percent,
        "valid_percent": costs.valid_percent,
        "clicks_per_image": costs.clicks_per_image,
        "drawn_percent": costs.drawn_percent,
    }


def _run_record(run: Run, row: Row) -> dict[str, Any]:
    return {
        "run": run.name,
        "folder": str(run.place),
        "seed": run.seed,
        "state": run.state,
        "explanation": run.explanation,
        "round": run.rounds[-1].round if run.rounds else None,
        "counted": run.seed in row.seeds,
    }


def _plain(value: Any) -> Any:
    """Return dataclasses and named tuples as mappings of their fields, inside collections too.

    `dataclasses.asdict` leaves named tuples, which become lists in JSON.
    """
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if hasattr(value, "_asdict"):
        return {key: _plain(inner) for key, inner in value._asdict().items()}
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
