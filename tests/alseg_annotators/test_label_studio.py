from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from alseg.contracts.annotating import GivenAnswer, PeopleAnnotator, QuestionSheet
from alseg_annotators._place import Place
from alseg_annotators.label_studio import LabelStudio
from alseg_annotators.label_studio_rle import decode_mask, encode_mask
from question_sheets import HEIGHT, WIDTH, pixels, squares

FRAME = {"to_name": "image", "original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0}


def exported(sheet: QuestionSheet, folder: Path, **parameters: Any) -> list[dict[str, Any]]:
    """Return the tasks of a sheet."""
    folder.mkdir()
    files = LabelStudio(**parameters).export(sheet, folder)[1:]
    return [task for file in files for task in json.loads(file.read_text(encoding="utf-8"))]


def answered(
    tasks: list[dict[str, Any]], results: list[list[dict[str, Any]]], **fields: Any
) -> list[dict[str, Any]]:
    """Return tasks as Label Studio exports them, with one annotation each."""
    known = {
        "completed_by": 1,
        "lead_time": 10.0,
        "was_cancelled": False,
        "created_at": "2026-03-01T10:00:00.000000Z",
        "updated_at": "2026-03-01T10:05:00.000000Z",
    }
    return [
        {"id": number, "data": task["data"], "annotations": [known | {"result": result} | fields]}
        for number, (task, result) in enumerate(zip(tasks, results, strict=True), start=1)
    ]


def read(content: Any, sheet: QuestionSheet, folder: Path) -> list[GivenAnswer]:
    """Read an export from a file."""
    path = folder / "export.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return list(LabelStudio().read(path, sheet))


def labelled(value: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a result of ``Labels``."""
    return FRAME | {"id": "r", "from_name": "class", "type": "labels", "value": value | {"labels": [name]}}


def test_it_is_an_annotator() -> None:
    assert isinstance(LabelStudio(), PeopleAnnotator)


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_masks_come_back(mask: np.ndarray[Any, Any]) -> None:
    np.testing.assert_array_equal(decode_mask(encode_mask(mask), mask.shape, Place(Path("x"))), mask)


def test_masks_as_the_page_of_label_studio_writes_them_are_read() -> None:
    # Label Studio 1.23: a mask of 4 x 2 pixels that was loaded, and a stroke of a brush with soft edges.
    loaded = [0, 0, 15, 0, 57, 27, 255, 6, 151, 0, 159, 255, 75, 128, 79, 255, 165, 192, 39, 255, 210, 224]
    loaded += [19, 255, 240, 103, 240, 0]
    stroke = [0, 0, 15, 0, 57, 27, 255, 10, 167, 0, 141, 190, 53, 120, 192, 180, 152, 4, 96, 113, 165, 71, 33]
    stroke += [26, 188, 96, 154, 92, 2, 52, 184, 236, 180, 216, 4, 97, 252, 9, 140, 0]
    place = Place(Path("x"))
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[10:14, 22:24] = True
    np.testing.assert_array_equal(decode_mask(loaded, (HEIGHT, WIDTH), place), mask)
    assert np.argwhere(decode_mask(stroke, (HEIGHT, WIDTH), place)).tolist() == [[18, 4], [19, 6]]


def test_tasks_show_the_question_and_propose_what_the_network_says(tmp_path: Path) -> None:
    tasks = exported(squares(), tmp_path / "task")
    assert [task["data"]["alseg_image"] for task in tasks] == ["aachen/000 1.png", "zürich/ß.png"]
    head, content = tasks[0]["data"]["image"].split(",")
    assert head == "data:image/jpeg;base64"
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
    assert picture.shape == (HEIGHT, WIDTH, 3)
    # Magenta beside the first square, grey within.
    assert picture[4, 2, 0] > 180
    assert picture[4, 2, 1] < 90
    assert np.ptp(picture[4, 5].astype(int)) < 60
    proposed = [result for result in tasks[0]["predictions"][0]["result"] if result["type"] == "labels"]
    assert [result["value"]["labels"] for result in proposed] == [["road"], ['tree <&> "bush"']]


def test_the_interface_has_one_label_for_each_class_and_one_for_void(tmp_path: Path) -> None:
    exported(squares(), tmp_path / "task")
    view = ElementTree.parse(tmp_path / "task" / "labels.xml").getroot()
    assert [(label.get("value"), label.get("background")) for label in view.iter("Label")] == [
        ("road", "#804080"),
        ("traffic light", "#faaa1e"),
        ('tree <&> "bush"', "#6b8e23"),
        ("void", "#808080"),
    ]
    exported(squares("classes"), tmp_path / "other")
    view = ElementTree.parse(tmp_path / "other" / "labels.xml").getroot()
    choices = view.find("Choices")
    assert choices is not None
    assert choices.get("choice") == "multiple"


def test_proposals_taken_over_are_the_networks_classes(tmp_path: Path) -> None:
    sheet = squares()
    tasks = exported(sheet, tmp_path / "task")
    content = answered(tasks, [task["predictions"][0]["result"] for task in tasks])
    answers = read(content, sheet, tmp_path)
    assert [(answer.image_id, answer.position) for answer in answers] == [
        (asked.image_id, question.position) for asked in sheet.images for question in asked.questions
    ]
    for answer in answers:
        asked = next(asked for asked in sheet.images if asked.image_id == answer.image_id)
        assert answer.label is not None
        prediction = asked.prediction()
        assert prediction is not None
        inside = asked.footprint() >= 0
        np.testing.assert_array_equal(answer.label[inside], prediction[inside])
        assert answer.when == "2026-03-01T10:05:00+00:00"
    # 10 seconds for three questions, and for one.
    assert [answer.seconds for answer in answers] == pytest.approx([10 / 3, 10 / 3, 10 / 3, 10])


def test_single_pixels_are_points(tmp_path: Path) -> None:
    sheet = pixels()
    (task,) = exported(sheet, tmp_path / "task")
    results = task["predictions"][0]["result"]
    assert [result["type"] for result in results] == ["keypoint", "labels"] * 3
    answers = read(answered([task], [results]), sheet, tmp_path)
    said = [None if answer.label is None else answer.label[answer.position] for answer in answers]
    assert said == [0, 0, 1]


def test_polygons_and_turned_boxes_are_pixels(tmp_path: Path) -> None:
    sheet = squares()
    tasks = exported(sheet, tmp_path / "task")
    corners = [[3, 2], [7, 2], [7, 4], [3, 4]]
    polygon = {"points": [[100 * x / WIDTH, 100 * y / HEIGHT] for x, y in corners], "closed": True}
    # A box of 4 x 2 pixels at (24, 10) that is turned by 90 degrees covers x from 22 to 24, y from 10 to 14.
    box = {
        "x": 100 * 24 / WIDTH,
        "y": 100 * 10 / HEIGHT,
        "width": 100 * 4 / WIDTH,
        "height": 100 * 2 / HEIGHT,
        "rotation": 90,
    }
    results = [labelled(polygon, "traffic light"), labelled(box, "void")]
    answers = read(answered(tasks, [results, []]), sheet, tmp_path)
    assert [answer.position for answer in answers] == [(2, 3), (10, 20)]
    label = answers[0].label
    assert label is not None
    assert label[2:6, 3:7].tolist() == [[1] * 4] * 2 + [[255] * 4] * 2
    # Void that was drawn is an answer; the left half was not drawn and is void, too.
    assert (label[10:14, 20:24] == 255).all()


@pytest.mark.parametrize("kind", ["dominant", "correction"])
def test_a_choice_names_one_class(kind: Any, tmp_path: Path) -> None:
    sheet = squares(kind)
    tasks = exported(sheet, tmp_path / "task")
    # In the order of their ranks, whatever image they are about.
    assert [task["data"]["alseg_question"] for task in tasks] == [1, 2, 3, 4]
    chosen = [
        [{"id": "c", "from_name": "answer", "type": "choices", "value": {"choices": [name]}}]
        for name in ("road", "traffic light", "void")
    ]
    answers = read(answered(tasks, [*chosen, []]), sheet, tmp_path)
    assert [(answer.position, answer.classes) for answer in answers] == [
        ((2, 3), frozenset({0})),
        ((5, 5), frozenset({1})),
        ((10, 20), frozenset({255})),
    ]


def test_two_people_are_told_apart_and_skipped_tasks_are_no_answers(tmp_path: Path) -> None:
    sheet = squares("classes")
    tasks = exported(sheet, tmp_path / "task")
    content = answered(tasks, [task["predictions"][0]["result"] for task in tasks])
    other = content[0]["annotations"][0] | {"completed_by": {"id": 7, "email": "bo@example.com"}}
    content[0]["annotations"].append(other)
    content[1]["annotations"][0]["was_cancelled"] = True
    answers = read(content, sheet, tmp_path)
    assert [(answer.position, answer.who, answer.where) for answer in answers] == [
        ((2, 3), "user 1", "task 1, annotation 1"),
        ((2, 3), "bo@example.com", "task 1, annotation 2"),
        ((10, 20), "user 1", "task 3, annotation 1"),
        ((22, 38), "user 1", "task 4, annotation 1"),
    ]


def test_a_class_called_void_keeps_its_name(tmp_path: Path) -> None:
    from dataclasses import replace

    from alseg_annotators._labels import ClassLabels

    sheet = squares()
    classes = (*sheet.label_space.classes[:2], replace(sheet.label_space.classes[2], name="void"))
    labels = ClassLabels(replace(sheet.label_space, classes=classes))
    place = Place(tmp_path)
    assert (labels.index("void", place), labels.index("no class", place)) == (2, 255)


def test_served_pictures_are_files(tmp_path: Path) -> None:
    (first, second) = exported(squares(), tmp_path / "task", images="served")
    start = "/data/local-files/?d="
    for task in (first, second):
        assert (tmp_path / "task" / task["data"]["image"].removeprefix(start)).is_file()


def test_without_proposals_nothing_is_proposed(tmp_path: Path) -> None:
    assert all("predictions" not in task for task in exported(squares(), tmp_path / "a", proposals=False))
    assert all("predictions" not in task for task in exported(squares(predicted=False), tmp_path / "b"))


def test_many_tasks_are_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alseg_annotators.label_studio_tasks._FILE_BYTES", 1)
    tasks = exported(squares("dominant"), tmp_path / "task")
    assert [task["data"]["alseg_question"] for task in tasks] == [1, 2, 3, 4]
    assert sorted(path.name for path in (tmp_path / "task").iterdir()) == [
        "README.txt",
        "labels.xml",
        "tasks-001.json",
        "tasks-002.json",
        "tasks-003.json",
        "tasks-004.json",
    ]
