from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from numpy.typing import NDArray

from alseg.cli import main
from alseg.contracts import Answers
from alseg.inspection.saved_run import SavedRun
from alseg.storage.ledger import Purchase
from alseg.storage.reader import load_results
from alseg.toolkit import clicks as prices
from alseg.toolkit.clicks import clicks_per_class, clicks_per_outline
from alseg_baselines.modes import WholeImage, Window
from comparing import compared
from fakeruns import write_run
from toys import Stripes, run_folder, run_toy, toy_document, toy_registry


def answers_of(*windows: list[int]) -> Answers:
    """Return the answers to questions that reveal these classes."""
    classes = np.array([value for window in windows for value in window], np.uint8)
    questions = np.repeat(np.arange(len(windows)), [len(window) for window in windows])
    return Answers(len(windows), (1, len(classes)), np.arange(len(classes)), questions, classes)


# ----------------------------------------------------------------------------------------------------
# Windows and pixels


def test_a_window_costs_a_click_for_each_class_in_it() -> None:
    assert clicks_per_class(answers_of([3, 3, 3], [0, 1, 1, 0], [2, 0, 1])).tolist() == [1, 2, 3]


def test_void_is_a_class_to_the_annotator() -> None:
    assert clicks_per_class(answers_of([255], [255, 255, 7], [254, 255, 0])).tolist() == [1, 2, 3]


def test_no_answer_costs_nothing() -> None:
    assert clicks_per_class(answers_of()).tolist() == []


@pytest.mark.parametrize(("pixels", "classes", "most"), [(9, 19, 9), (9, 3, 4), (1, 19, 1), (361, 19, 20)])
def test_the_dearest_window_shows_every_class_and_void_or_another_one_in_each_pixel(
    pixels: int, classes: int, most: int
) -> None:
    assert Window(radius=1, spacing=2).most_clicks(pixels, classes) == most
    assert WholeImage(tolerance=2).most_clicks(pixels, classes) is None


# ----------------------------------------------------------------------------------------------------
# Outlines


def label_map(*rectangles: tuple[int, int, int, int, int], size: tuple[int, int] = (40, 60)) -> Any:
    """Return class 0 with rectangles ``(class, top, left, bottom, right)`` painted over it."""
    label = np.zeros(size, np.uint8)
    for value, top, left, bottom, right in rectangles:
        label[top:bottom, left:right] = value
    return label


@pytest.mark.parametrize(
    ("rectangles", "corners"),
    [
        ([], 4),
        ([(1, 0, 0, 40, 30)], 4 + 4),
        # The hole in the background costs nothing, what fills it is outlined.
        ([(1, 10, 10, 30, 30)], 4 + 4),
        ([(255, 10, 10, 30, 30)], 4 + 4),
        # Two islands of one class.
        ([(1, 5, 5, 15, 15), (1, 20, 20, 35, 50)], 4 + 4 + 4),
        # A ring of class 1 around background, and class 1 again inside that.
        ([(1, 2, 2, 38, 58), (0, 8, 8, 32, 52), (1, 16, 16, 24, 40)], 4 + 4 + 4 + 4),
        # A speck and lines of one pixel's width.
        ([(1, 10, 10, 11, 11)], 4 + 1),
        ([(1, 10, 10, 11, 30)], 4 + 2),
        # Where one covers another, the one behind has the corners of what is left of it.
        ([(1, 10, 10, 30, 30), (2, 20, 20, 30, 40)], 4 + 6 + 4),
    ],
)
def test_every_region_is_outlined_once(
    rectangles: list[tuple[int, int, int, int, int]], corners: int
) -> None:
    assert clicks_per_outline(label_map(*rectangles), 1.0) == corners


def test_a_slope_is_one_edge() -> None:
    label = np.tril(np.ones((40, 40), np.uint8))
    # Both triangles have three corners; a staircase has two for each row.
    assert clicks_per_outline(label, 1.0) == 3 + 3


def disc(radius: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[-60:61, -60:61]
    return (y**2 + x**2 <= radius**2).astype(np.uint8)


def test_a_larger_tolerance_makes_fewer_corners() -> None:
    # A polygon with n corners on a circle misses it by r (1 - cos(pi / n)): 50 px and 2 px want 11 corners,
    # 0.5 px wants 22, and more where steps of pixels are seen. Four corners are those of the background.
    counts = {tolerance: clicks_per_outline(disc(50), tolerance) - 4 for tolerance in (0.5, 2.0, 8.0)}
    assert 11 <= counts[2.0] <= 22 <= counts[0.5] <= 66
    assert 4 <= counts[8.0] < counts[2.0]


def test_no_pixel_of_a_border_is_farther_from_the_outline_than_the_tolerance() -> None:
    import cv2

    for radius in (3, 17, 50):
        borders, _ = cv2.findContours(disc(radius), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        polygon = cv2.approxPolyDP(borders[0], 2.0, closed=True)
        for (point,) in borders[0]:
            assert abs(cv2.pointPolygonTest(polygon, [float(value) for value in point], True)) <= 2.0 + 1e-6


def test_label_maps_of_the_same_content_are_outlined_once_in_a_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted: list[float] = []

    def counting(label: NDArray[np.uint8], tolerance: float) -> int:
        counted.append(tolerance)
        return 5

    monkeypatch.setattr(prices, "_count_corners", counting)
    label = label_map((1, 3, 4, 20, 21), size=(31, 47))
    for tolerance in (1.0, 1.0, 2.0):
        assert clicks_per_outline(label.copy(), tolerance) == 5
    assert clicks_per_outline(label.reshape(47, 31), 1.0) == 5
    assert counted == [1.0, 2.0, 1.0]


# ----------------------------------------------------------------------------------------------------
# In runs and tables


def test_a_run_is_billed_what_its_answers_hold(tmp_path: Path) -> None:
    run_toy(tmp_path)
    folder = run_folder(tmp_path, "entropy")
    purchase = Purchase.read(folder / "rounds" / "01")
    dataset = Stripes("train", 6, (12, 24))
    for index in range(6):
        label = dataset.label(index)
        rows = purchase.of_image(f"train-{index}")
        for y, x, price in zip(rows["y"].tolist(), rows["x"].tolist(), rows["clicks"].tolist(), strict=True):
            window = label[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
            assert price == len(np.unique(window))
    (run,) = load_results([folder]).runs
    assert run.rounds[1].cost.clicks == purchase.clicks == int(purchase.rows["clicks"].sum())


def test_outlines_are_priced_alike_whoever_wants_them(tmp_path: Path) -> None:
    methods = [
        {
            "label": "Buys",
            "acquisition": "random",
            "annotation": {"name": "image", "tolerance": 1},
            "budget": "6 images",
        },
        {"label": "Full", "target_labels": {"labels": "all", "tolerance": 1}},
        {"label": "Coarse", "target_labels": {"labels": "all", "tolerance": 20}},
    ]
    run_toy(tmp_path, toy_document(methods=methods))
    costs = [load_results([run_folder(tmp_path, name)]).runs[0].rounds[2].cost for name in ("buys", "full")]
    dataset = Stripes("train", 6, (12, 24))
    expected = sum(clicks_per_outline(dataset.label(index), 1.0) for index in range(6))
    assert [cost.clicks for cost in costs] == [expected, expected]
    coarse = load_results([run_folder(tmp_path, "coarse")]).runs[0].rounds[2].cost.clicks
    assert coarse < expected


def test_a_run_of_an_earlier_version_is_revisited_without_its_constant_price(tmp_path: Path) -> None:
    method = {"label": "Whole", "acquisition": "random", "annotation": "image", "budget": "2 images"}
    run_toy(tmp_path, toy_document(methods=[method]))
    folder = run_folder(tmp_path, "whole")
    record = json.loads((folder / "run.json").read_text())
    del record["seal"]
    record["format"] = 1
    record["spec"]["method"]["annotation"]["params"] = {"clicks": 37}
    (folder / "run.json").write_text(json.dumps(record))
    revisit = SavedRun(folder, toy_registry())
    (image_id,) = revisit.purchases[1].spans
    assert (revisit.bought_in(image_id, (12, 24)) == 1).all()


def test_clicks_of_an_earlier_version_are_said_not_to_compare(tmp_path: Path) -> None:
    results = tmp_path / "demo"
    write_run(results, "Random", order=0, acquisition="random", extra={"format": 1}, iou=[[50] * 3] * 2)
    write_run(results, "Entropy", order=1, iou=[[50] * 3] * 2)
    write_run(results, "Source only", order=2, target_labels="none", extra={"format": 1})
    assert (
        "Clicks of Random are from an earlier version of alseg: one for each question, a constant for a "
        "whole image. They do not compare with clicks that are counted from answers."
    ) in compared(results).notes


def test_a_dry_run_says_what_is_known_of_clicks_beforehand(tmp_path: Path) -> None:
    scenes = {"name": "streets", "height": 64, "width": 96, "count": 2}
    document = {
        "name": "dry",
        "scenario": {"source": scenes, "target": {**scenes, "domain": "camera", "val_count": 1}},
        "model": {"name": "smp", "architecture": "FPN", "encoder": "resnet18", "weights": "none"},
        "recipe": {"name": "plain", "iterations": 2, "source_size": [64, 96], "target_size": [64, 96]},
        "rounds": [1],
        "methods": [
            {"label": "None", "target_labels": "none"},
            {"label": "Pixels", "acquisition": "random", "annotation": "pixel", "budget": "4 px/image"},
            {"label": "Regions", "acquisition": "random", "annotation": "region", "budget": "36 px/image"},
            {"label": "Images", "acquisition": "random", "annotation": "image", "budget": "1 images"},
            {"label": "All", "target_labels": "all"},
        ],
        "settings": {"device": "cpu"},
    }
    file = tmp_path / "dry.yaml"
    file.write_text(yaml.safe_dump(document))
    outcome = CliRunner().invoke(main, ["run", str(file), "--dry-run", "--results", str(tmp_path)])
    assert outcome.exit_code == 0, outcome.output
    lines = {line.split()[0]: line for line in outcome.stdout.splitlines() if line.strip()}
    assert " 0 " in lines["None"]
    # 4 pixels or 4 windows of 9 in each of 2 images; 9 pixels can have 9 classes.
    assert lines["Pixels"].split()[-3:] == ["8", "to", "do"]
    assert "8 to 72" in lines["Regions"]
    assert "known with the answers" in lines["Images"]
    assert "known with the answers" in lines["All"]
