from __future__ import annotations

import math

import numpy as np
import pytest

from alseg.contracts import ClassInfo, LabelSpace
from alseg.toolkit.metrics import confusion_counts, metrics_of

SPACE = LabelSpace(
    "three", "", "", tuple(ClassInfo(name, (0, 0, 0)) for name in "abc"), subsets={"few": ("a", "b")}
)


def test_counts_have_rows_of_truth_and_columns_of_predictions() -> None:
    label = np.array([[0, 0, 1, 255]], np.uint8)
    guess = np.array([[0, 1, 1, 2]], np.uint8)
    # The void pixel is not counted, whatever was predicted there.
    assert confusion_counts(guess, label, 3).tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]


def test_iou_is_hits_over_union_in_percent() -> None:
    metrics = metrics_of(np.array([[3, 1, 0], [0, 2, 2], [0, 0, 2]]), SPACE)
    # a: 3 / (4 + 3 - 3); b: 2 / (4 + 3 - 2); c: 2 / (2 + 4 - 2).
    assert metrics.iou == (75.0, 40.0, 50.0)
    assert metrics.miou == 55.0
    # 7 of 10 pixels are right.
    assert metrics.accuracy == 70.0
    assert metrics.subsets == {"few": 57.5}


def test_a_class_absent_from_the_ground_truth_is_left_out_of_the_mean() -> None:
    metrics = metrics_of(np.array([[3, 0, 1], [0, 4, 0], [0, 0, 0]]), SPACE)
    assert math.isnan(metrics.iou[2])
    # a: 3 / 4, b: 4 / 4; c was predicted once but is not there.
    assert metrics.miou == 87.5
    assert metrics.absent == ("c",)


def test_a_present_class_never_predicted_counts_as_zero() -> None:
    metrics = metrics_of(np.array([[4, 0, 0], [0, 4, 0], [2, 2, 0]]), SPACE)
    assert metrics.iou[2] == 0.0
    assert metrics.absent == ()


def test_no_valid_pixel_gives_no_number() -> None:
    metrics = metrics_of(np.zeros((3, 3), np.int64), SPACE)
    assert math.isnan(metrics.miou) and math.isnan(metrics.accuracy)


def test_a_class_outside_the_label_space_is_refused() -> None:
    with pytest.raises(ValueError, match="Classes up to 7 do not fit 3 classes"):
        confusion_counts(np.array([[7]], np.uint8), np.array([[0]], np.uint8), 3)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match=r"Prediction \(1, 2\) and label \(2, 1\) differ in shape"):
        confusion_counts(np.zeros((1, 2), np.uint8), np.zeros((2, 1), np.uint8), 3)
