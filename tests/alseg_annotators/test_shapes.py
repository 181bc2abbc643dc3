from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alseg_annotators._shapes import Patch, Point, paint, polygon_patch


def test_a_polygon_holds_the_pixels_whose_centres_lie_in_it() -> None:
    # From 0.5 to 2.5 in x: the centres 0.5 (on the edge, which counts on the left) and 1.5.
    patch = polygon_patch(1, np.array([[0.5, 1.0], [2.5, 1.0], [2.5, 3.0], [0.5, 3.0]]), (4, 5))
    full = np.zeros((4, 5), bool)
    full[patch.top : patch.top + patch.mask.shape[0], patch.left : patch.left + patch.mask.shape[1]] = (
        patch.mask
    )
    expected = np.zeros((4, 5), bool)
    expected[1:3, 0:2] = True
    np.testing.assert_array_equal(full, expected)


def test_a_polygon_with_a_notch_is_not_its_hull() -> None:
    corners = np.array([[0, 0], [4, 0], [4, 4], [2, 4], [2, 2], [0, 2]], float)
    patch = polygon_patch(0, corners, (4, 4))
    assert patch.mask.astype(int).tolist() == [[1, 1, 1, 1], [1, 1, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]]


@given(
    st.lists(st.tuples(st.floats(-50, 60), st.floats(-50, 60)), min_size=3, max_size=8),
)
def test_a_polygon_is_what_counting_crossings_says(corners: list[tuple[float, float]]) -> None:
    points = np.array(corners)
    patch = polygon_patch(0, points, (10, 12))
    full = np.zeros((10, 12), bool)
    full[patch.top : patch.top + patch.mask.shape[0], patch.left : patch.left + patch.mask.shape[1]] = (
        patch.mask
    )
    for y in range(10):
        for x in range(12):
            crossings = 0
            for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
                if (y0 <= y + 0.5) != (y1 <= y + 0.5):
                    crossings += bool(x0 + (y + 0.5 - y0) * (x1 - x0) / (y1 - y0) <= x + 0.5)
            assert full[y, x] == (crossings % 2 == 1)


def test_the_later_shape_covers_the_earlier_and_the_rest_is_void() -> None:
    footprint = np.zeros((2, 3), np.int32)
    shapes = [Patch(1, 0, 0, np.ones((2, 2), bool)), Patch(2, 0, 1, np.ones((1, 1), bool))]
    label, drawn = paint(shapes, footprint)
    assert label.tolist() == [[1, 2, 255], [1, 1, 255]]
    assert drawn.tolist() == [[True, True, False], [True, True, False]]


def test_a_point_answers_its_question_or_a_small_one_near_by() -> None:
    footprint = np.full((20, 40), -1, np.int32)
    footprint[5, 5], footprint[5, 9], footprint[0:20, 30:40] = 0, 1, 2
    # 2 pixels left of the first question; 1 pixel right of the second; in the large third; 2 left of it.
    shapes = [Point(0, 5, 3), Point(1, 5, 10), Point(2, 19, 39), Point(7, 10, 28)]
    label, drawn = paint(shapes, footprint)
    assert (label[5, 5], label[5, 9]) == (0, 1)
    assert (label[:, 30:] == 2).all()
    assert drawn.sum() == 2 + 20 * 10
    # Out of reach of both.
    assert not paint([Point(0, 15, 5)], footprint)[1].any()
