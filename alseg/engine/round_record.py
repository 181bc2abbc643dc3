"""What a round leaves: its metrics and costs, written at once, then told to observers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Cost, RoundReport
from alseg.engine.answers_predicted import estimate, prequential
from alseg.engine.parts import RunParts
from alseg.engine.round_report import report_of
from alseg.storage.records import AnswerScores, Spending
from alseg.storage.round_metrics import percent
from alseg.toolkit.metrics import metrics_of


@dataclass(frozen=True, kw_only=True)
class RoundMetrics:
    """The content of ``metrics.json``, as docs/internals.md has it; IoU and accuracy in percent.

    Without evaluation labels ``miou``, ``accuracy``, ``iou`` and ``subsets`` are None and not written.
    """

    round: int
    iteration: int
    cost: Cost
    allowance_pixels: int | None
    pool: Mapping[str, int | str]
    miou: float | None
    accuracy: float | None
    iou: Mapping[str, float | None] | None
    subsets: Mapping[str, float | None] | None
    bought: Mapping[str, int]
    spending: Spending | None
    prequential: AnswerScores | None
    estimate: AnswerScores | None

    def as_json(self) -> dict[str, Any]:
        """Return it without what does not apply to the budget and the scenario."""
        absent = {key for key in ("spending", "prequential", "estimate") if getattr(self, key) is None} | set(
            () if self.iou is not None else ("miou", "accuracy", "iou", "subsets")
        )
        return {key: value for key, value in asdict(self).items() if key not in absent}


def commit_round(
    parts: RunParts, round_number: int, counts: NDArray[np.int32] | None, seconds: Mapping[str, float]
) -> None:
    """Write a round, unless it is there, and tell observers of it.

    Args:
        parts: The run.
        round_number: 0 before the first purchase.
        counts: int32 ``(N, C, C)``, confusion counts of each evaluation image; None without evaluation.
        seconds: How long its phases took.
    """
    folder = parts.folder
    if not folder.round_is_committed(round_number):
        metrics = _metrics(parts, round_number, counts)
        folder.commit_round(round_number, metrics.as_json(), counts, *parts.evaluation_names(), seconds)
        folder.write_status("running", round_number=round_number)
        folder.append_event("round", round=round_number, **_told(metrics), cost=asdict(metrics.cost))
        parts.context.observers.round_committed(_report(parts, round_number), len(parts.spec.rounds))
    else:
        replay_round(parts, round_number)


def replay_round(parts: RunParts, round_number: int) -> None:
    """Tell the experiment's observers of a round that an earlier attempt committed."""
    parts.context.observers.round_replayed(_report(parts, round_number))


def _report(parts: RunParts, round_number: int) -> RoundReport:
    return report_of(parts.spec, parts.folder, round_number)


def _told(metrics: RoundMetrics) -> dict[str, float | None]:
    """Return what ``events.jsonl`` says of how good the network is."""
    if metrics.iou is not None:
        return {"miou": metrics.miou}
    found = {"prequential_accuracy": metrics.prequential, "estimate_accuracy": metrics.estimate}
    return {name: scores.accuracy_of_answers for name, scores in found.items() if scores is not None}


def _metrics(parts: RunParts, round_number: int, counts: NDArray[np.int32] | None) -> RoundMetrics:
    names, planner = parts.data.label_space.names, parts.planner
    return RoundMetrics(
        round=round_number,
        iteration=parts.stages[round_number],
        cost=_cost(parts, round_number),
        allowance_pixels=None if planner is None else planner.spending.allowance_pixels(round_number),
        pool=_pool(parts),
        **_of_evaluation(parts, counts),
        bought=dict(zip(names, parts.labels.pixels_by_class()[: len(names)].tolist(), strict=True)),
        spending=None if planner is None else planner.spending.spending(round_number, parts.labels),
        prequential=prequential(parts, round_number),
        estimate=estimate(parts, round_number),
    )


def _pool(parts: RunParts) -> dict[str, int | str]:
    """Return the size of the round's pool, and which images it has where it may grow."""
    pixels, listing = parts.pool.image_pixels, parts.pool.text
    listed = {} if listing is None else {"listing": listing}
    return {"pixels": sum(pixels), "images": len(pixels), **listed}


def _of_evaluation(parts: RunParts, counts: NDArray[np.int32] | None) -> dict[str, Any]:
    """Return metrics of the evaluation images by their names in `RoundMetrics`; None without evaluation."""
    if counts is None:
        return dict.fromkeys(("miou", "accuracy", "iou", "subsets"))
    space = parts.data.label_space
    metrics = metrics_of(counts.sum(axis=0, dtype=np.int64), space)
    return {
        "miou": percent(metrics.miou),
        "accuracy": percent(metrics.accuracy),
        "iou": {name: percent(value) for name, value in zip(space.names, metrics.iou, strict=True)},
        "subsets": {name: percent(value) for name, value in metrics.subsets.items()},
    }


def _cost(parts: RunParts, round_number: int) -> Cost:
    """Return what labels have cost, and how many of them training has drawn."""
    method = parts.spec.method
    known_at_once = method.target_labels == "all" and method.labels_since == "start"
    made = (0,) if known_at_once else parts.stages[:round_number]
    # Knowing everything is one purchase, however many rounds follow.
    purchases = zip(made, parts.labels.pixels_by_purchase(), strict=False)
    pixels, images = parts.target_order.drawn(parts.stages[round_number], purchases)
    return replace(parts.labels.cost(), drawn_pixels=pixels, drawn_images=images)
