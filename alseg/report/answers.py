"""What the page shows where there are no evaluation labels: how answers were predicted, round by round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from alseg.analysis.cost_axes import COST_AXES
from alseg.analysis.metric import Metric
from alseg.analysis.row import Row
from alseg.analysis.statistics import Interval
from alseg.storage.records import AnswerScores, RoundResult

ESTIMATE = "estimate"


def _metric(key: str, title: str, read: Callable[[RoundResult], AnswerScores | None], name: str) -> Metric:
    def height(result: RoundResult) -> float | None:
        scores = read(result)
        return None if scores is None else getattr(scores, name)

    return Metric(key, title, lambda _, result: height(result), lambda _: None, height)


_METRICS = (
    _metric(
        ESTIMATE, "mIoU, estimate from N held-out answers", lambda result: result.estimate, "miou_of_answers"
    ),
    _metric(
        "new-answers",
        "Accuracy on new answers",
        lambda result: result.prequential,
        "accuracy_of_answers",
    ),
    _metric("new-answers-miou", "mIoU on new answers", lambda result: result.prequential, "miou_of_answers"),
)


def metrics_of_answers(rows: Sequence[Row]) -> list[Metric]:
    """Return the metrics of answers that any run of a scenario has; none where all are evaluated.

    Args:
        rows: All of the scenario.
    """
    rounds = [result for row in rows for run in row.runs for result in run.rounds]
    return [metric for metric in _METRICS if any(metric.height(result) is not None for result in rounds)]


def stats_of_answers(row: Row, metric: Metric) -> dict[str, Any]:
    """Return what the page says of a row by a metric of answers: no differences, no gap, nothing best.

    Args:
        row: The row.
        metric: One of `metrics_of_answers`.
    """
    learnt = row.learnt
    new, estimate = (learnt.new_answers, learnt.estimate) if learnt is not None else (None, None)
    score: Interval | None
    bounds, answers = None, None
    if metric.key == ESTIMATE:
        score, answers = (estimate.miou, estimate.answers) if estimate is not None else (None, None)
        if estimate is not None and estimate.low is not None:
            bounds = [estimate.low, estimate.high]
    else:
        name = "accuracy" if metric.key == "new-answers" else "miou"
        score = getattr(new, name) if new is not None else None
    return {
        "score": None if score is None else [score.mean, score.half_width],
        "overImages": bounds,
        "answers": answers,
        "best": False,
        **dict.fromkeys(("baseline", "difference", "images", "p", "gap", "gapInterval")),
        "areas": dict.fromkeys(COST_AXES),
    }
