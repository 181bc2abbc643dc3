"""datumaro, CVAT's own tool for formats: it takes what is exported, and what it exports is read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alseg.contracts.annotating import GivenAnswer, LabelledImage, LabelledImages, QuestionSheet
from alseg_annotators.cvat import Cvat
from question_sheets import SPACE, pixels, squares

VARIABLE = "ALSEG_DATUMARO_PYTHON"
"""Names the Python of an environment with datumaro, which wants other versions of much."""

pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(
        VARIABLE not in os.environ and find_spec("datumaro") is None,
        reason=f"datumaro is not installed, and {VARIABLE} names no Python that has it",
    ),
]


def through_datumaro(sheet: QuestionSheet, folder: Path) -> tuple[list[Any], list[GivenAnswer]]:
    """Return what datumaro finds in an export, and what is read of its own export."""
    (folder / "task").mkdir()
    Cvat().export(sheet, folder / "task")
    found = in_datumaro(folder)
    return found, list(Cvat().read(folder / "export", sheet))


def in_datumaro(folder: Path) -> list[Any]:
    """Return what datumaro finds in ``task``, and have it write ``export``."""
    python = os.environ.get(VARIABLE, sys.executable)
    script = Path(__file__).with_name("datumaro_cvat.py")
    finished = subprocess.run(
        [python, script, folder / "task", folder / "export"], capture_output=True, text=True, timeout=300
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    found: list[Any] = json.loads(finished.stdout)
    return found


def test_masks_go_through_datumaro(tmp_path: Path) -> None:
    sheet = squares()
    found, answers = through_datumaro(sheet, tmp_path)
    assert [(kind, label) for _, kind, label, _ in found] == [
        ("mask", "road"),
        ("mask", 'tree <&> "bush"'),
        ("mask", "road"),
    ]
    first, second = sheet.images
    prediction = first.prediction()
    assert prediction is not None
    np.testing.assert_array_equal(np.array(found[0][3], bool), (first.footprint() >= 0) & (prediction == 0))
    np.testing.assert_array_equal(np.array(found[2][3], bool), second.footprint() >= 0)

    assert [answer.position for answer in answers] == [(2, 3), (10, 20), (22, 38), (5, 5)]
    label = answers[0].label
    assert label is not None
    inside = first.footprint() >= 0
    np.testing.assert_array_equal(label[inside], prediction[inside])


def test_points_go_through_datumaro(tmp_path: Path) -> None:
    found, answers = through_datumaro(pixels(), tmp_path)
    assert [(label, points) for _, _, label, points in found] == [
        ("road", [0.5, 0.5]),
        ("road", [30.5, 12.5]),
        ("traffic light", [31.5, 12.5]),
    ]
    assert [None if answer.label is None else answer.label[answer.position] for answer in answers] == [
        0,
        0,
        1,
    ]


def test_tags_go_through_datumaro(tmp_path: Path) -> None:
    found, answers = through_datumaro(squares("classes"), tmp_path)
    assert sorted(label for _, kind, label, _ in found if kind == "label") == ["road"] * 4 + [
        'tree <&> "bush"'
    ]
    assert {answer.position: answer.classes for answer in answers} == {
        (2, 3): frozenset({0}),
        (10, 20): frozenset({0, 2}),
        (22, 38): frozenset({0}),
        (5, 5): frozenset({0}),
    }


def test_label_maps_go_through_datumaro(tmp_path: Path) -> None:
    label = np.full((6, 8), 255, np.uint8)
    label[1:4, 2:5], label[2, 3], label[5] = 0, 2, 1
    image = LabelledImage("a/b.png", label, lambda: np.zeros((6, 8, 3), np.uint8))
    (tmp_path / "task").mkdir()
    Cvat().export_labels(LabelledImages(SPACE, "Made by hand.", False, iter([image])), tmp_path / "task")
    found = in_datumaro(tmp_path)
    assert {(item, kind) for item, kind, _, _ in found} == {("a_b.png", "mask")}
    assert [label for _, _, label, _ in found] == list(SPACE.names)
    for index, (_, _, _, mask) in enumerate(found):
        np.testing.assert_array_equal(np.array(mask, bool), label == index)
