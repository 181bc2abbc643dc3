"""What is known of rows without evaluation labels, for other programs; nothing of it is called ``miou``."""

from __future__ import annotations

from typing import Any

from alseg.analysis.learnt import Learnt
from alseg.analysis.statistics import Interval

LEARNT_KEYS = (
    "classes_bought",
    *("new_answers", "new_answers_accuracy", "new_answers_miou"),
    *("miou_estimate_from_held_out_answers", "miou_estimate_low", "miou_estimate_high"),
    *("accuracy_estimate_from_held_out_answers", "held_out_answers", "held_out_images"),
)
"""Columns where there are rows without evaluation labels."""


def learnt_cells(learnt: Learnt) -> dict[str, float | None]:
    """Return what is known of a row without evaluation labels, by `LEARNT_KEYS`."""
    new, estimate = learnt.new_answers, learnt.estimate
    values = (
        learnt.classes,
        *((new.answers, _mean(new.accuracy), _mean(new.miou)) if new else (None, None, None)),
        *((_mean(estimate.miou), estimate.low, estimate.high) if estimate else (None, None, None)),
        *((_mean(estimate.accuracy), estimate.answers, estimate.images) if estimate else (None, None, None)),
    )
    return dict(zip(LEARNT_KEYS, values, strict=True))


def _mean(interval: Interval | None) -> float | None:
    return None if interval is None else interval.mean


def learnt_record(learnt: Learnt) -> dict[str, Any]:
    """Return what is known without evaluation labels; no mean IoU of it is called ``miou``."""
    new, estimate = learnt.new_answers, learnt.estimate
    return {
        "bought": learnt.bought,
        "classes_bought": learnt.classes,
        "new_answers": new
        and {
            **{name: getattr(new, name) for name in ("answers", "images", "pixels", "accuracy")},
            "miou_of_answers": new.miou,
        },
        "estimate_from_held_out_answers": estimate
        and {
            **{name: getattr(estimate, name) for name in ("answers", "images", "pixels")},
            "miou_estimate": estimate.miou,
            "low": estimate.low,
            "high": estimate.high,
            "accuracy_estimate": estimate.accuracy,
        },
    }
