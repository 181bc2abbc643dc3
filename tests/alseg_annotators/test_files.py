"""Plain files as a format of questions and answers."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alseg import AnswerFileError
from alseg.contracts import ClassInfo, LabelSpace
from alseg_annotators.files import Files
from question_sheets import squares

WITH_VOID = LabelSpace("two", "", "", (ClassInfo("road", (9, 9, 9)), ClassInfo("Void", (1, 1, 1))))


def test_void_has_a_name_of_its_own_where_a_class_is_called_void(tmp_path: Path) -> None:
    sheet = replace(squares("dominant"), label_space=replace(WITH_VOID, classes=WITH_VOID.classes[::-1]))
    _, table = Files().export(sheet, tmp_path)
    listed = (tmp_path / "classes.csv").read_text().splitlines()
    assert listed == ["index,class,color", "0,Void,#010101", "1,road,#090909", "255,no class,#000000"]
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row, answer in zip(rows, ("void", "NO  class", "255", "road"), strict=True):
        row["answer"] = answer
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert [answer.classes for answer in Files().read(table, sheet)] == [{0}, {255}, {255}, {1}]


def test_masks_and_photographs_of_images_whose_names_look_alike_have_names_of_their_own(
    tmp_path: Path,
) -> None:
    sheet = squares()
    first, second = sheet.images
    alike = replace(sheet, images=(replace(first, image_id="A/b"), replace(second, image_id="a_b")))  # type: ignore[type-var]
    Files().export(alike, tmp_path)
    names = {"A_b.png", "a_b-2.png"}
    assert {path.name for path in (tmp_path / "masks").iterdir()} == names
    assert {path.name for path in (tmp_path / "images").iterdir()} == names


def test_a_table_that_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    sheet = squares("dominant")
    Files().export(sheet, tmp_path)
    with pytest.raises(AnswerFileError, match="no table of answers"):
        list(Files().read(Path("/dev/zero"), sheet))


def test_a_mask_in_colours_and_one_of_indices_say_the_same(tmp_path: Path) -> None:
    sheet = squares()
    _, masks = Files().export(sheet, tmp_path)
    colors = np.array([info.color for info in sheet.label_space.classes], np.uint8)
    for file in sorted(masks.iterdir()):
        classes = np.arange(24 * 40).reshape(24, 40) % 3
        Image.fromarray(classes.astype(np.uint8)).save(file)
        (tmp_path / "colours").mkdir(exist_ok=True)
        Image.fromarray(colors[classes]).save(tmp_path / "colours" / file.name)
    by_index = list(Files().read(masks, sheet))
    by_color = list(Files().read(tmp_path / "colours", sheet))
    assert [answer.position for answer in by_color] == [(2, 3), (10, 20), (22, 38), (5, 5)]
    for one, other in zip(by_index, by_color, strict=True):
        assert one.label is not None and other.label is not None
        np.testing.assert_array_equal(one.label, other.label)


def test_every_question_of_a_table_has_a_picture_of_its_own(tmp_path: Path) -> None:
    Files().export(squares("dominant"), tmp_path)
    pictures = sorted((tmp_path / "questions").iterdir())
    assert [path.name for path in pictures] == ["00001.jpg", "00002.jpg", "00003.jpg", "00004.jpg"]
    with Image.open(pictures[0]) as picture:
        assert picture.height == 512
