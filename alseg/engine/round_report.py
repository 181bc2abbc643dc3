"""What observers are told about a committed round."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from alseg.config.specs import RunSpec
from alseg.contracts import Cost, RoundReport
from alseg.storage.round_metrics import read_metrics
from alseg.storage.run_folder import RunFolder

ESTIMATE = "estimate_from_held_out_answers"

_OF_ANSWERS = {
    "answers": "answers",
    "miou_of_answers": "miou_of_answers",
    "accuracy_of_answers": "accuracy_of_answers",
}
"""Names in reports to keys of ``metrics.json``."""


def report_of(spec: RunSpec, folder: RunFolder, round_number: int) -> RoundReport:
    """Return what observers are told about a committed round, read from the run's folder.

    Raises:
        AlsegError: If the round's metrics are damaged.
    """
    content = read_metrics(folder.metrics_of(round_number))
    iou = content["iou"] if "iou" in content else dict.fromkeys(content["bought"])
    return RoundReport(
        experiment=spec.experiment,
        scenario=spec.scenario.text,
        run=folder.path.name,
        folder=str(folder.path.absolute()),
        method=spec.method.label,
        seed=spec.seed,
        spec=spec.as_json(),
        round=round_number,
        iteration=content["iteration"],
        cost=Cost(**content["cost"]),
        class_names=tuple(iou),
        iou=tuple(map(_number, iou.values())),
        miou=_number(content.get("miou")),
        accuracy=_number(content.get("accuracy")),
        evaluated="iou" in content,
        of_answers=_of_answers(content),
    )


def _of_answers(content: Mapping[str, Any]) -> dict[str, float]:
    """Return what is known without evaluation labels, by the names in `RoundReport.of_answers`."""
    numbers = {
        f"{prefix}/{name}": _number(content[key].get(kept))
        for key, prefix in (("prequential", "prequential"), ("estimate", ESTIMATE))
        if content.get(key) is not None
        for name, kept in _OF_ANSWERS.items()
    }
    return {name: value for name, value in numbers.items() if not math.isnan(value)}


def _number(value: float | None) -> float:
    """Return a metric as `alseg.storage.round_metrics.percent` was given it."""
    return math.nan if value is None else value
