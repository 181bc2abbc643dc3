"""Curves of results, over iterations and costs, and how they are drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from alseg.analysis.chosen_images import on_chosen_images
from alseg.analysis.cost_axes import COST_AXES
from alseg.analysis.shown_rows import RowFilter
from alseg.cli.options import COSTS
from alseg.errors import AlsegError
from alseg.overview.curves import Curve, Curves, Point, read_curves
from alseg.overview.drawing import WIDTH
from alseg.overview.plotting import draw_curves
from alseg.overview.spread import spread
from alseg.storage.reader import load_results
from fakeruns import write_run, write_two_drives


def test_curves_hold_the_rounds_of_runs_that_are_not_done(tmp_path: Path) -> None:
    low, high = (10.0, 10.0, 10.0), (20.0, 20.0, 20.0)
    write_run(tmp_path / "part", "Random", iou=[low, high], seed=0)
    write_run(tmp_path / "part", "Random", iou=[high], seed=1, state="running")
    curves = read_curves(load_results([tmp_path / "part"]))
    # Round 0 has two seeds of 10 and 20: their 95% interval is 12.706 * 7.071 / sqrt(2) to each side.
    first, last = curves.curves[0].points
    assert (first.place, first.mean, round(first.half_width or 0, 2)) == (10, 15.0, 63.53)
    assert last == Point(20, 20.0, None)
    assert curves.caption == "render -> camera, toy-3, 2 seeds, 1 of 2 runs done; bands: 95% intervals"


def test_the_caption_says_how_many_seeds_each_method_has_not_how_many_there_are(tmp_path: Path) -> None:
    write_run(tmp_path / "part", "Random", seed=0)
    write_run(tmp_path / "part", "Other", seed=1)
    assert read_curves(load_results([tmp_path / "part"])).caption.startswith(
        "render -> camera, toy-3, a seed each"
    )
    write_run(tmp_path / "part", "Other", seed=2)
    write_run(tmp_path / "part", "Other", seed=3)
    assert read_curves(load_results([tmp_path / "part"])).caption.startswith(
        "render -> camera, toy-3, 1 to 3 seeds"
    )


def test_curves_on_the_images_of_one_drive_are_those_of_its_table_and_the_caption_says_so(
    tmp_path: Path,
) -> None:
    write_two_drives(tmp_path / "toy")
    curves = read_curves(on_chosen_images(load_results([tmp_path / "toy"]), ["dusk-*"]))
    # 4 hits in a union of 12, and 6 in one of 10.
    assert [curve.last.mean for curve in curves.curves] == pytest.approx([100 * 4 / 12, 100 * 6 / 10])
    assert curves.summary == "render -> camera, toy-3, 2 of 12 evaluation images (dusk-*), 2 seeds"


def test_where_no_run_is_done_the_last_round_is_drawn(tmp_path: Path) -> None:
    write_run(tmp_path / "toy", "Entropy", iou=[[10, 20, 30], [20, 30, 40]], state="interrupted")
    write_run(tmp_path / "toy", "Random", order=1, iou=[[10, 20, 30]], state="interrupted")
    found = read_curves(load_results([tmp_path / "toy"]))
    points = {curve.label: [point.mean for point in curve.points] for curve in found.curves}
    assert points == {"Entropy": [pytest.approx(20), pytest.approx(30)], "Random": [pytest.approx(20)]}


def test_without_a_round_there_is_nothing_to_draw(tmp_path: Path) -> None:
    write_run(tmp_path / "toy", "Entropy", iou=(), state="interrupted")
    with pytest.raises(AlsegError, match="There are no results yet"):
        read_curves(load_results([tmp_path / "toy"]))


def write_methods(results: Path, count: int) -> None:
    """Write two references and methods that buy one click per image and round more than the one before."""
    flat = [(50.0, 50.0, 50.0)] * 3
    write_run(results, "Source only", 0, target_labels="none", iou=[*flat[:2], (10.0, 20.0, 30.0)])
    write_run(results, "Source only", 1, target_labels="none", iou=[*flat[:2], (20.0, 30.0, 40.0)])
    write_run(results, "Fully supervised", target_labels="all", iou=flat, order=1)
    for number in range(count):
        for seed in (0, 1):
            write_run(
                results,
                f"Method {number}",
                seed,
                order=2 + number,
                iou=[(30.0 + number + seed,) * 3] * 3,
                pixels_per_round=10 * (number + 1 + seed),
            )


@pytest.mark.parametrize(
    ("key", "places"),
    [
        # Seeds buy 10 and 20 pixels a round at a click each, of 10,000 in 10 images; a tenth has no class.
        ("clicks", [0, 1.5, 3]),
        ("pixels", [0, 0.15, 0.3]),
        ("valid-pixels", [0, 0.135, 0.27]),
        ("images", [0, 10, 10]),
    ],
)
def test_curves_over_a_cost_begin_at_nothing_and_have_means_over_seeds(
    tmp_path: Path, key: str, places: list[float]
) -> None:
    write_methods(tmp_path / "toy", 1)
    curves = read_curves(load_results([tmp_path / "toy"]), axis=COST_AXES[key])
    method = curves.curves[2]
    assert [point.place for point in method.points] == pytest.approx(places)
    assert curves.purchases == ()
    # 30 and 31: half the interval is 12.706 * 0.7071 / sqrt(2).
    assert [(point.mean, round(point.half_width or 0, 3)) for point in method.points] == [(30.5, 6.353)] * 3


def drawn(curves: Curves) -> Axes:
    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    draw_curves(axes, curves, right=WIDTH)
    return axes


def test_over_a_cost_references_are_lines_across_at_the_height_they_end_at(tmp_path: Path) -> None:
    write_methods(tmp_path / "toy", 1)
    axes = drawn(read_curves(load_results([tmp_path / "toy"]), axis=COST_AXES["clicks"]))
    across = [line for line in axes.lines if line.get_transform() == axes.get_yaxis_transform("grid")]
    # The last rounds of two seeds have means of 20 and 30.
    assert [line.get_ydata()[0] for line in across] == [25.0, 50.0]
    assert axes.get_xlim() == pytest.approx((-0.06, 3.09))
    assert axes.get_xlabel() == "Clicks per image of the pool"


@pytest.mark.parametrize(
    ("methods", "key", "intervals"),
    [
        (5, None, "bands"),
        (5, "clicks", "bands"),
        (6, None, "whiskers"),
        (6, "clicks", "numbers"),
        # Twelve curves with two references, then thirteen.
        (10, None, "whiskers"),
        (11, None, "numbers"),
    ],
)
def test_intervals_are_bands_for_few_methods_whiskers_for_more_and_numbers_for_many(
    tmp_path: Path, methods: int, key: str | None, intervals: str
) -> None:
    write_methods(tmp_path / "toy", methods)
    curves = read_curves(load_results([tmp_path / "toy"]), axis=COST_AXES[key] if key else None)
    assert curves.intervals == intervals
    ends = {"bands": "; bands: ", "whiskers": "; whiskers: ", "numbers": "; \N{PLUS-MINUS SIGN}: "}
    assert curves.caption == f"render -> camera, toy-3, 1 to 2 seeds{ends[intervals]}95% intervals"
    axes = drawn(curves)
    # Fully supervised has one seed, and no band. A container is one curve with its whiskers.
    bands = len([each for each in [*axes.collections, *axes.patches] if each.get_alpha() is not None])
    whiskers = sum(len(container.lines[2]) for container in axes.containers)
    assert (bands, whiskers) == {
        "bands": (methods + 1, 0),
        "whiskers": (0, methods + 2),
        "numbers": (0, 0),
    }[intervals]


def test_thirty_methods_are_told_apart_by_colour_and_marker_together(tmp_path: Path) -> None:
    for number in range(30):
        write_run(tmp_path / "many", f"Method {number}", order=number)
    axes = drawn(read_curves(load_results([tmp_path / "many"])))
    looks = [(each.lines[0].get_color(), each.lines[0].get_marker()) for each in axes.containers]
    assert len(set(looks)) == 30
    # Neighbours differ in both, for whoever sees no colours.
    assert len({marker for _, marker in looks[:8]}) == 8


def test_some_methods_are_drawn_with_the_references(tmp_path: Path) -> None:
    write_methods(tmp_path / "toy", 3)
    results = load_results([tmp_path / "toy"])
    curves = read_curves(results, chosen=RowFilter(("method=Method 1",)))
    assert [curve.label for curve in curves.curves] == ["Source only", "Fully supervised", "Method 1"]
    curves = read_curves(results, chosen=RowFilter(("method=method-[02]",), references=False))
    assert [curve.label for curve in curves.curves] == ["Method 0", "Method 2"]


def test_the_scenario_drawn_is_one_of_the_methods_named(tmp_path: Path) -> None:
    write_methods(tmp_path / "toy", 3)
    write_run(tmp_path / "other", "Elsewhere", scenario="day -> night", iou=[(1.0, 2.0, 3.0)])
    results = load_results([tmp_path / "toy", tmp_path / "other"])
    curves = read_curves(results, chosen=RowFilter(("method=Elsewhere",)))
    assert [curve.label for curve in curves.curves] == ["Elsewhere"]


def test_references_alone_are_not_drawn_for_a_method_without_a_round(tmp_path: Path) -> None:
    write_methods(tmp_path / "toy", 1)
    write_run(tmp_path / "toy", "Late", order=9, iou=(), state="interrupted")
    with pytest.raises(AlsegError) as caught:
        read_curves(load_results([tmp_path / "toy"]), chosen=RowFilter(("method=Late",)))
    assert str(caught.value) == (
        "No run of render -> camera (Late) has committed a round: there is no curve to draw yet."
    )


def test_the_command_and_the_axes_of_costs_know_the_same_costs() -> None:
    assert list(COST_AXES) == list(COSTS)


def test_names_at_the_ends_of_curves_keep_apart_and_in_order() -> None:
    # The two at 0.5 move 0.05 to each side; the one at 0.9 stays.
    assert spread([0.5, 0.9, 0.5], 0.1) == pytest.approx([0.45, 0.9, 0.55])
    # What would leave the axes is moved back: 1.0 and 0.9.
    assert spread([1.0, 1.0], 0.1) == pytest.approx([0.9, 1.0])
    # Eleven names with a gap of 0.2 do not fit: the gap becomes a tenth.
    assert spread([0.0] * 11, 0.2) == pytest.approx([place / 10 for place in range(11)])
    assert spread([], 0.1) == []


def test_counts_of_classes_and_iterations_are_marked_at_whole_numbers() -> None:
    points = (Point(10, 0.0, None), Point(11, 0.0, None))
    curves = Curves("t", "s", "", (Curve("a", "acquired", points),), (), (), height="classes bought")
    axes = drawn(curves)
    for ticks in (axes.get_xticks(), axes.get_yticks()):
        assert len(ticks) and (ticks == np.round(ticks)).all()
