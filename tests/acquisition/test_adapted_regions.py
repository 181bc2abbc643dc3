"""Regions of a round: what was asked about earlier stays a region of its own."""

from __future__ import annotations

import numpy as np

from alseg.acquisition.adapted_regions import apart


def test_pixels_of_earlier_questions_leave_the_regions() -> None:
    regions = np.array([[0, 0, 1, 1], [2, 2, 1, 1]], np.int32)
    asked = np.array([[-1, 1, 1, -1], [0, 0, -1, -1]], np.int32)
    # Region 2 is gone; 0 and 1 keep what is left; question 0 and 1 follow.
    found = apart(regions, asked)
    assert found.dtype == np.int32
    assert found.tolist() == [[0, 3, 3, 1], [2, 2, 1, 1]]


def test_without_questions_regions_stay_as_they_are() -> None:
    regions = np.array([[1, 0], [2, 1]], np.int32)
    assert apart(regions, np.full((2, 2), -1, np.int32)).tolist() == regions.tolist()


def test_where_all_was_asked_only_questions_are_left() -> None:
    regions = np.array([[0, 1, 2]], np.int32)
    assert apart(regions, np.array([[1, 0, 1]], np.int32)).tolist() == [[1, 0, 1]]
