"""What observers are told about a committed round."""

from __future__ import annotations

import math

from alseg.config.specs import RunSpec
from alseg.contracts import Cost, RoundReport
from alseg.storage.round_metrics import read_metrics
from alseg.storage.run_folder import RunFolder


def report_of(spec: RunSpec, folder: RunFolder, round_number: int) -> RoundReport:
    """Return what observers are told about a committed round, read from the run's folder.

    Raises:
        AlsegError: If the round's metrics are damaged.
    """
    content = read_metrics(folder.metrics_of(round_number))
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
        class_names=tuple(content["iou"]),
        iou=tuple(map(_number, content["iou"].values())),
        miou=_number(content["miou"]),
        accuracy=_number(content["accuracy"]),
    )


def _number(value: float | None) -> float:
    """Return a metric as `alseg.storage.round_metrics.percent` was given it."""
    return math.nan if value is None else value
