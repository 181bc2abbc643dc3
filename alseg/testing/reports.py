"""Made-up reports of rounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from alseg.contracts import Cost, RoundReport

_FIRST_PURCHASE = RoundReport(
    experiment="made-up",
    scenario="one -> other",
    run="random__s0__00000000",
    folder="/results/made-up/runs/random__s0__00000000",
    method="Random",
    seed=0,
    spec={"experiment": "made-up", "rounds": [100], "seed": 0},
    round=1,
    iteration=200,
    cost=Cost(
        pixels=90,
        valid_pixels=80,
        trained_pixels=70,
        clicks=10,
        images=2,
        drawn_pixels=50,
        drawn_images=1,
    ),
    class_names=("road", "train"),
    iou=(50.0, float("nan")),
    miou=50.0,
    accuracy=75.0,
)


def round_report(**changes: Any) -> RoundReport:
    """Return a report as an observer would get it after the first purchase; nothing of it is on the disk.

    Args:
        changes: Fields of `RoundReport` that should be otherwise. By default there are two classes, of which
            the ground truth lacks the second, so that its IoU is NaN.
    """
    return replace(_FIRST_PURCHASE, **changes)
