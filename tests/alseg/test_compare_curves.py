from __future__ import annotations

from pathlib import Path

import pytest

from alseg.errors import AlsegError
from comparing import compared, labels
from fakeruns import write_run


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "toy"


def write_curves(results: Path) -> None:
    """At 0, 1 and 2% of the pool: Random 20, 30, 40; Entropy 20, 40, 44. Source only 20, everything 60."""
    curves = {
        "Source only": ("none", None, (20, 20, 20)),
        "Random": ("acquired", "random", (20, 30, 40)),
        "Entropy": ("acquired", "entropy", (20, 40, 44)),
        "Fully supervised": ("all", None, (20, 50, 60)),
    }
    for seed in (0, 1):
        for order, (label, (target_labels, acquisition, heights)) in enumerate(curves.items()):
            write_run(
                results,
                label,
                seed,
                order=order,
                target_labels=target_labels,
                acquisition=acquisition,
                iou=[[height] * 3 for height in heights],
            )


def test_the_gap_closed_is_a_share_of_the_way_to_fully_supervised(results: Path) -> None:
    write_curves(results)
    comparison = compared(results)
    # (40 - 20) / (60 - 20) and (44 - 20) / (60 - 20).
    assert [row.gap_closed for row in comparison.rows] == [None, 50.0, 60.0, None]
    assert (
        "Gap closed: 0% is source only, 100% fully supervised, by means over the seeds they share."
        in comparison.notes
    )


def test_the_area_under_the_curve_stands_beside_the_metric(results: Path) -> None:
    write_curves(results)
    comparison = compared(results, x="pixels")
    # (20 + 2 * 30 + 40) / 4 = 30 and (20 + 2 * 40 + 44) / 4 = 36.
    assert [row.area and row.area.mean for row in comparison.rows] == [None, 30.0, 36.0, None]
    assert comparison.metric.key == "miou"


def test_methods_can_be_compared_by_the_area_under_the_curve(results: Path) -> None:
    write_curves(results)
    comparison = compared(results, metric="aubc", x="questions")
    assert comparison.metric.key == "aubc:questions"
    assert comparison.metric.title == "AUBC mIoU, questions"
    assert comparison.axis is None
    assert [row.score and row.score.mean for row in comparison.rows] == [None, 30.0, 36.0, None]
    assert comparison.rows[2].difference is not None
    assert comparison.rows[2].difference.mean == 6.0


def test_images_that_are_touched_at_once_leave_no_curve_over_images_but_one_step(results: Path) -> None:
    write_curves(results)
    # All 10 images are touched in round 1: 20 at 0 images, then 40 and 44 at 10, of which the last counts.
    rows = compared(results, x="images").rows
    assert [row.area and row.area.mean for row in rows] == [None, 30.0, 32.0, None]


def test_rows_can_be_sorted(results: Path) -> None:
    write_curves(results)
    assert labels(compared(results, sort="score")) == [
        *("Fully supervised", "Entropy", "Random", "Source only")
    ]
    assert labels(compared(results, sort="pixels")) == [
        *("Source only", "Random", "Entropy", "Fully supervised")
    ]
    # The baseline has no difference and goes last.
    assert labels(compared(results, sort="difference"))[-1] == "Random"


def test_an_unknown_cost_or_order_is_answered_with_the_known_ones(results: Path) -> None:
    write_curves(results)
    with pytest.raises(AlsegError) as caught:
        compared(results, x="clicks")
    assert str(caught.value) == "Unknown cost 'clicks'. Available: images, pixels, questions, valid-pixels."
    with pytest.raises(AlsegError) as caught:
        compared(results, sort="scores")
    assert str(caught.value) == (
        "Unknown sort key 'scores'. Did you mean 'score'? "
        "Available: area, difference, pixels, questions, score."
    )
