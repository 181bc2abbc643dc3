from __future__ import annotations

from pathlib import Path

import pytest

from alseg.errors import AlsegError
from alseg.tables.markup import as_markdown
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
    closed = [row.gap_closed for row in comparison.rows]
    assert [each and each.gap.percent for each in closed] == [None, 50.0, 60.0, None]
    # Both seeds agree, so that the interval has no width.
    assert (
        "Gap closed: 0% is Source only, 100% Fully supervised, by means over shared seeds. [a, b]: 95% "
        "interval over seeds (Fieller)."
    ) in comparison.notes


def test_the_zero_of_the_gap_has_the_recipe_of_the_method_if_there_is_such_a_row(results: Path) -> None:
    rows = {
        "Source only": ("none", "plain", 10),
        "No labels": ("none", "ripu", 20),
        "RIPU": ("acquired", "ripu", 40),
    }
    rows["Fully supervised"] = ("all", "ripu", 60)
    for order, (label, (kind, recipe, score)) in enumerate(rows.items()):
        write_run(results, label, order=order, target_labels=kind, iou=[[score] * 3], recipe={"name": recipe})
    closed = compared(results).rows[2].gap_closed
    assert closed is not None
    # (40 - 20) / (60 - 20): what the recipe gains without labels is not gained by labels.
    assert (closed.gap.percent, closed.zero, closed.hundred) == (50.0, "No labels", "Fully supervised")


def test_the_area_under_the_curve_stands_beside_the_metric(results: Path) -> None:
    write_curves(results)
    comparison = compared(results, x="pixels")
    # (20 + 2 * 30 + 40) / 4 = 30 and (20 + 2 * 40 + 44) / 4 = 36.
    assert [row.area and row.area.mean for row in comparison.rows] == [None, 30.0, 36.0, None]
    assert comparison.metric.key == "miou"


def test_methods_can_be_compared_by_the_area_under_the_curve(results: Path) -> None:
    write_curves(results)
    comparison = compared(results, metric="aubc", x="clicks")
    assert comparison.metric.key == "aubc:clicks"
    assert comparison.metric.title == "AUBC mIoU, clicks"
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
    # The baseline has no difference and goes last of those that buy labels.
    assert labels(compared(results, sort="difference"))[:2] == ["Entropy", "Random"]


def test_an_unknown_cost_or_order_is_answered_with_the_known_ones(results: Path) -> None:
    write_curves(results)
    with pytest.raises(AlsegError) as caught:
        compared(results, x="money")
    assert str(caught.value) == "Unknown cost 'money'. Available: clicks, images, pixels, valid-pixels."
    with pytest.raises(AlsegError) as caught:
        compared(results, sort="scores")
    assert str(caught.value) == (
        "Unknown sort key 'scores'. Did you mean 'score'? Available: area, clicks, difference, pixels, score."
    )


def test_curves_of_methods_that_buy_alike_are_cut_at_the_cost_that_all_have_reached(results: Path) -> None:
    write_curves(results)
    # 90 pixels a round: ends at 1.8%. Its own area is (20 + 2 * 30 + 40) / 4 = 30.
    write_run(results, "Thrifty", order=9, iou=[[20] * 3, [30] * 3, [40] * 3], pixels_per_round=90)
    rows = {each.label: each.area for each in compared(results, x="pixels").rows}
    # Random is 38 high at 1.8%: (25 * 1 + 34 * 0.8) / 1.8 = 29; Entropy 43.2: (30 + 41.6 * 0.8) / 1.8.
    assert rows["Thrifty"] is not None
    assert rows["Thrifty"].mean == pytest.approx(30.0)
    assert rows["Random"] is not None
    assert rows["Random"].mean == pytest.approx(29.0)
    assert rows["Entropy"] is not None
    assert rows["Entropy"].mean == pytest.approx(63.28 / 1.8)


def test_ranges_of_areas_are_named_where_methods_buy_differently(results: Path) -> None:
    write_curves(results)
    # One pixel a round, after two rounds 2 of 10,000, and 2 clicks over 10 images.
    write_run(
        results,
        "Points",
        order=9,
        iou=[[20] * 3, [30] * 3, [40] * 3],
        pixels_per_round=1,
        annotation={"name": "pixel", "params": {}},
    )
    for unit, ends in (("pixels", ("2%", "0.02%")), ("clicks", ("20", "0.2"))):
        word = {"pixels": "pixels", "clicks": "clicks/image"}[unit]
        assert (
            "AUBC: area under the curve over the cost axis, divided by the length of that axis: the mean "
            f"height from nothing bought to what every run has reached that buys alike ({word}: {ends[0]} "
            f"for unknown annotation, 5%; {ends[1]} for pixel, 5%). Areas over different ranges do not "
            "compare."
        ) in compared(results, x=unit).notes


def test_a_gap_that_is_not_closed_at_all_is_no_minus_zero(results: Path) -> None:
    for order, (label, kind, height) in enumerate(
        (("Source only", "none", 40.0), ("Entropy", "acquired", 39.9), ("Fully supervised", "all", 90.0))
    ):
        write_run(results, label, order=order, target_labels=kind, iou=[[height] * 3])
    # -0.1 of 50 points are -0.2%.
    assert "| 0% |" in " ".join(as_markdown(compared(results)).split())


def test_nobody_is_best_where_nobody_gets_above_zero(results: Path) -> None:
    for order, label in enumerate(("Random", "Entropy")):
        write_run(results, label, order=order, iou=[[0.01, 50, 50]])
    assert [each.best_score for each in compared(results, metric="iou:road").rows] == [False, False]


def test_the_cost_of_a_share_of_full_supervision_is_read_off_the_curve(results: Path) -> None:
    write_curves(results)
    comparison = compared(results, reach=60)
    # 60% of 60 is 36: Random 30 at 1% and 40 at 2%, Entropy 20 at 0% and 40 at 1%.
    costs = [row.reach and row.reach.reach.cost for row in comparison.rows]
    assert costs == [None, pytest.approx(1.6), pytest.approx(0.8), None]
    assert (
        "60% at: cost (pixels) at which the mean curve, straight between rounds, first is at 60% of Fully "
        "supervised. [a, b]: 95% interval over seeds of the method and of full supervision; >: beyond the "
        "budget."
    ) in comparison.notes
    assert "not reached" in as_markdown(compared(results, reach=95))


def test_without_full_supervision_no_share_of_it_is_reached_and_it_says_why(results: Path) -> None:
    write_run(results, "Random", acquisition="random")
    assert (
        "No cost of 95% of full supervision: no fully supervised row shares the conditions."
        in compared(results, reach=95).notes
    )
