"""A comparison for other programs: CSV and JSON, in full precision and with the names unchanged."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import Any

from alseg.comparison import Comparison, Costs, Row
from alseg.results import Run

JSON_FORMAT = 1
"""Changes when a key of the JSON output goes or changes its meaning. docs/compare.md describes the keys."""

_ROW_KEYS = ("label", "experiment", "scenario", "target_labels", "acquisition", "annotation", "budget")
_COST_KEYS = (
    "pixels",
    "valid_pixels",
    "trained_pixels",
    "questions",
    "images",
    "pool_pixels",
    "pool_images",
    "pixels_percent",
    "valid_percent",
    "questions_per_image",
)


def as_json(comparison: Comparison) -> str:
    """Return one JSON object; docs/compare.md describes it."""
    content = {
        "format": JSON_FORMAT,
        "label_space": comparison.label_space,
        "classes": comparison.classes,
        "scorer": comparison.scorer,
        "metric": comparison.metric.key,
        "round": comparison.round,
        "baseline": comparison.baseline,
        "rows": [_row_record(row) for row in comparison.rows],
        "notes": comparison.notes,
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def as_csv(comparison: Comparison) -> str:
    """Return comma-separated values, one line per method; docs/compare.md describes the columns."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(
        [*_ROW_KEYS, "rounds", "seeds", "n", *_COST_KEYS]
        + [f"iou:{name}" for name in comparison.classes]
        + ["metric", "score", "score_half_width"]
        + ["baseline", "difference", "difference_half_width", "difference_p", "difference_n"]
    )
    for row in comparison.rows:
        record = _row_record(row)
        cost, score, difference = (record[key] or {} for key in ("cost", "score", "difference"))
        writer.writerow(
            [record[key] for key in _ROW_KEYS]
            + [" ".join(map(str, row.rounds)), " ".join(map(str, row.seeds)), len(row.seeds)]
            + [cost.get(key) for key in _COST_KEYS]
            + [row.iou[name] for name in comparison.classes]
            + [comparison.metric.key, score.get("mean"), score.get("half_width")]
            + [row.baseline, *(difference.get(key) for key in ("mean", "half_width", "p", "n"))]
        )
    return file.getvalue()


def _row_record(row: Row) -> dict[str, Any]:
    return {
        "label": row.label,
        "experiment": row.experiment,
        "scenario": row.scenario,
        "target_labels": row.method.target_labels,
        "acquisition": row.method.acquisition,
        "annotation": row.method.annotation,
        "budget": row.method.budget,
        "rounds": row.rounds,
        "seeds": row.seeds,
        "cost": _cost_record(row.costs) if row.costs else None,
        "iou": dict(row.iou),
        "best_classes": [name for name in row.iou if name in row.best],
        "score": row.score._asdict() if row.score else None,
        "best": row.best_score,
        "baseline": row.baseline,
        "difference": row.difference._asdict() if row.difference else None,
        "runs": [_run_record(run, row) for run in row.runs],
    }


def _cost_record(costs: Costs) -> dict[str, float | None]:
    return {
        **asdict(costs),
        "pixels_percent": costs.pixels_percent,
        "valid_percent": costs.valid_percent,
        "questions_per_image": costs.questions_per_image,
    }


def _run_record(run: Run, row: Row) -> dict[str, Any]:
    return {
        "run": run.name,
        "folder": str(run.folder),
        "seed": run.seed,
        "state": run.state,
        "explanation": run.explanation,
        "round": run.rounds[-1].round if run.rounds else None,
        "counted": run.seed in row.seeds,
    }
