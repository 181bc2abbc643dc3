from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alseg.contracts.annotating import GivenAnswer, PeopleAnnotator, QuestionSheet
from alseg_annotators._place import Place
from alseg_annotators.cvat import Cvat
from alseg_annotators.cvat_rle import decode_runs, encode_runs
from question_sheets import HEIGHT, WIDTH, pixels, squares


def exported(sheet: QuestionSheet, folder: Path, **parameters: Any) -> ElementTree.Element:
    """Return the annotations of a sheet."""
    folder.mkdir()
    annotations = Cvat(**parameters).export(sheet, folder)[-1]
    return ElementTree.parse(annotations).getroot()


def read(root: ElementTree.Element, sheet: QuestionSheet, folder: Path) -> list[GivenAnswer]:
    """Read annotations from a file."""
    path = folder / "export.xml"
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return list(Cvat().read(path, sheet))


def touched(root: ElementTree.Element) -> ElementTree.Element:
    """Return annotations as if a person had changed each."""
    for element in root.iter():
        if element.get("source") == "auto":
            element.set("source", "manual")
    return root


def test_it_is_an_annotator() -> None:
    assert isinstance(Cvat(), PeopleAnnotator)


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_masks_come_back(mask: np.ndarray[Any, Any]) -> None:
    height, width = mask.shape
    np.testing.assert_array_equal(decode_runs(encode_runs(mask), height, width, Place(Path("x"))), mask)


def test_runs_begin_with_pixels_outside() -> None:
    assert encode_runs(np.array([[True, True], [False, True]])) == "0, 2, 1, 1"


def test_a_task_is_pictures_labels_and_annotations(tmp_path: Path) -> None:
    root = exported(squares(), tmp_path / "task")
    images = root.findall("image")
    assert [(image.get("width"), image.get("height")) for image in images] == [("40", "24")] * 2
    for image in images:
        assert (tmp_path / "task" / "images" / str(image.get("name"))).is_file()
    masks = [(mask.get("label"), mask.get("source")) for mask in images[0].findall("mask")]
    assert masks == [("road", "auto"), ('tree <&> "bush"', "auto")]
    labels = json.loads((tmp_path / "task" / "labels.json").read_text(encoding="utf-8"))
    assert [(label["name"], label["type"]) for label in labels] == [
        ("road", "any"),
        ("traffic light", "any"),
        ('tree <&> "bush"', "any"),
        ("void", "any"),
        ("checked", "tag"),
    ]


def test_proposals_count_once_a_person_has_touched_one_or_checked_all(tmp_path: Path) -> None:
    sheet = squares()
    root = exported(sheet, tmp_path / "task")
    first, second = root.findall("image")
    assert read(root, sheet, tmp_path) == []
    first.findall("mask")[1].set("source", "semi-auto")
    assert [answer.position for answer in read(root, sheet, tmp_path)] == [(2, 3), (10, 20), (22, 38)]
    ElementTree.SubElement(second, "tag", label="checked", source="manual")
    answers = read(root, sheet, tmp_path)
    assert [answer.position for answer in answers] == [(2, 3), (10, 20), (22, 38), (5, 5)]
    for answer in answers:
        asked = next(asked for asked in sheet.images if asked.image_id == answer.image_id)
        prediction = asked.prediction()
        assert prediction is not None
        assert answer.label is not None
        inside = asked.footprint() >= 0
        np.testing.assert_array_equal(answer.label[inside], prediction[inside])


def test_shapes_are_painted_by_their_order(tmp_path: Path) -> None:
    sheet = squares()
    root = exported(sheet, tmp_path / "task", proposals=False)
    image = root.findall("image")[0]
    # Above, though it comes first: two columns of the first square; below, the whole square.
    ElementTree.SubElement(
        image, "polygon", label="traffic light", points="3,2;5,2;5,6;3,6", z_order="2", source="manual"
    )
    ElementTree.SubElement(image, "box", label="road", xtl="3", ytl="2", xbr="7", ybr="6", z_order="1")
    # A box of 4 x 2 that is turned by 90 degrees about its middle (22, 12): x from 21 to 23, y from 10 to 14.
    ElementTree.SubElement(
        image, "box", label='tree <&> "bush"', xtl="20", ytl="11", xbr="24", ybr="13", rotation="90"
    )
    ElementTree.SubElement(image, "points", label="void", points="39.5,23.5")
    answers = read(root, sheet, tmp_path)
    assert [answer.position for answer in answers] == [(2, 3), (10, 20), (22, 38)]
    label = answers[0].label
    assert label is not None
    assert label[2:6, 3:7].tolist() == [[1, 1, 0, 0]] * 4
    assert label[10:14, 20:24].tolist() == [[255, 2, 2, 255]] * 4
    assert (label[22:24, 38:40] == 255).all()


def test_single_pixels_are_points(tmp_path: Path) -> None:
    sheet = pixels()
    root = touched(exported(sheet, tmp_path / "task"))
    answers = read(root, sheet, tmp_path)
    said = [None if answer.label is None else answer.label[answer.position] for answer in answers]
    assert said == [0, 0, 1]


def test_tags_name_classes(tmp_path: Path) -> None:
    sheet = squares("classes")
    root = exported(sheet, tmp_path / "task")
    assert len(root.findall("image")) == 4
    ElementTree.SubElement(root.findall("image")[0], "tag", label="traffic light", source="manual")
    touched(root.findall("image")[1])
    answers = read(root, sheet, tmp_path)
    assert [(answer.position, answer.classes) for answer in answers] == [
        ((2, 3), frozenset({0, 1})),
        ((10, 20), frozenset({0, 2})),
    ]


@pytest.mark.parametrize("kind", ["dominant", "correction"])
def test_a_tag_names_one_class(kind: Any, tmp_path: Path) -> None:
    sheet = squares(kind)
    root = touched(exported(sheet, tmp_path / "task"))
    root.findall("image")[2].find("tag").set("label", "void")  # type: ignore[union-attr]
    answers = read(root, sheet, tmp_path)
    assert [(answer.position, answer.classes) for answer in answers] == [
        ((2, 3), frozenset({0})),
        ((10, 20), frozenset({0})),
        ((22, 38), frozenset({255})),
        ((5, 5), frozenset({0})),
    ]


def test_zips_and_folders_are_read_with_who_and_when(tmp_path: Path) -> None:
    sheet = squares()
    root = touched(exported(sheet, tmp_path / "task"))
    task = root.find("meta/task")
    assert task is not None
    assignee = ElementTree.SubElement(task, "assignee")
    ElementTree.SubElement(assignee, "username").text = "bo"
    ElementTree.SubElement(task, "updated").text = "2026-03-01 10:05:00.123456+00:00"
    (tmp_path / "exports").mkdir()
    with zipfile.ZipFile(tmp_path / "exports" / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("annotations.xml", ElementTree.tostring(root, encoding="utf-8"))
        archive.writestr("images/a.jpg", b"")
    answers = list(Cvat().read(tmp_path / "exports", sheet))
    assert [answer.position for answer in answers] == [(2, 3), (10, 20), (22, 38), (5, 5)]
    assert {(answer.who, answer.when) for answer in answers} == {("bo", "2026-03-01T10:05:00.123456+00:00")}
    assert answers[0].where.startswith("line ")


def test_pictures_keep_their_names_in_folders_of_cvat(tmp_path: Path) -> None:
    sheet = squares()
    root = touched(exported(sheet, tmp_path / "task"))
    for image in root.findall("image"):
        image.set("name", f"upload/{image.get('name')}")
    assert len(read(root, sheet, tmp_path)) == 4


def test_a_question_is_shown_enlarged_beside_the_image(tmp_path: Path) -> None:
    from PIL import Image

    exported(squares("dominant"), tmp_path / "task")
    pictures = sorted((tmp_path / "task" / "images").iterdir())
    assert [picture.name[:5] for picture in pictures] == ["00001", "00002", "00003", "00004"]
    with Image.open(io.BytesIO(pictures[0].read_bytes())) as picture:
        assert picture.height == 512
        # The crop has 24 x 31 pixels, the image 24 x 40, with a gap of 8 between.
        assert picture.width == round(31 * 512 / 24) + 8 + round(WIDTH * 512 / HEIGHT)
