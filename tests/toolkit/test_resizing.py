from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image

from alseg.toolkit.imaging import (
    resize_image,
    resize_label_nearest,
    resize_label_points,
)

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)


@pytest.mark.parametrize("size", [(40, 53), (90, 170), (61, 200), (128, 31)])
def test_resizing_an_image_is_pillows_bicubic_but_for_rounding(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (61, 83, 3), np.uint8)
    expected = np.asarray(Image.fromarray(noise).resize(size[::-1], Image.Resampling.BICUBIC))
    difference = np.abs(resize_image(noise, size).astype(int) - expected.transpose(2, 0, 1))
    # Noise is the worst case. Torch's weights have 16 bits, Pillow's 32.
    assert difference.max() <= 2
    assert np.count_nonzero(difference) < 0.02 * difference.size


def test_an_image_of_the_wanted_size_is_only_taken_apart_into_planes() -> None:
    np.testing.assert_array_equal(resize_image(PIXELS, (5, 7)), PIXELS.transpose(2, 0, 1))


def test_an_image_that_must_not_be_written_to_is_resized_without_a_warning() -> None:
    constant = PIXELS.copy()
    constant.flags.writeable = False
    np.testing.assert_array_equal(resize_image(constant, (3, 4)), resize_image(PIXELS, (3, 4)))


def test_nearest_takes_the_pixel_under_the_centre() -> None:
    # Centres of two pixels over five: 0.5 * 2.5 = 1.25 and 1.5 * 2.5 = 3.75.
    label = np.arange(5, dtype=np.uint8)[None]
    assert resize_label_nearest(label, (1, 2)).tolist() == [[1, 3]]


def test_a_labelled_pixel_keeps_its_place_when_the_map_shrinks() -> None:
    # Row 3 of 8 goes to floor(3.5 * 4 / 8) = 1, column 9 of 16 to floor(9.5 * 5 / 16) = floor(2.97) = 2.
    label = np.full((8, 16), 255, np.uint8)
    label[3, 9] = 6
    shrunk = resize_label_points(label, (4, 5))
    assert shrunk.shape == (4, 5)
    assert shrunk[1, 2] == 6
    assert (shrunk != 255).sum() == 1


def test_of_two_labelled_pixels_on_one_place_the_first_in_row_major_order_wins() -> None:
    label = np.full((4, 4), 255, np.uint8)
    label[0, 1], label[1, 0], label[1, 1] = 3, 4, 5
    assert resize_label_points(label, (2, 2)).tolist() == [[3, 255], [255, 255]]


def test_points_survive_where_nearest_loses_them() -> None:
    # Nearest keeps one of 4 x 4 pixels; here one pixel is labelled in each such block, never that one.
    label = np.full((40, 40), 255, np.uint8)
    label[::4, ::4] = 1
    assert (resize_label_nearest(label, (10, 10)) != 255).sum() == 0
    assert (resize_label_points(label, (10, 10)) != 255).sum() == 100


def test_points_of_a_growing_map_are_resized_by_nearest() -> None:
    label = np.array([[255, 2], [3, 255]], np.uint8)
    np.testing.assert_array_equal(resize_label_points(label, (4, 6)), resize_label_nearest(label, (4, 6)))


def test_points_shrink_along_one_axis_and_grow_along_the_other() -> None:
    label = np.array([[255, 255, 7, 255]], np.uint8)
    assert resize_label_points(label, (2, 2)).tolist() == [[255, 7], [255, 7]]


def test_a_map_without_labels_stays_without() -> None:
    assert (resize_label_points(np.full((6, 6), 255, np.uint8), (4, 4)) == 255).all()


def test_label_maps_of_the_wanted_size_are_returned_as_they_are() -> None:
    label = np.zeros((5, 7), np.uint8)
    assert resize_label_points(label, (5, 7)) is label
    assert resize_label_nearest(label, (5, 7)) is label


@pytest.mark.parametrize("size", [(0, 4), (4, -1)])
def test_a_size_that_is_not_positive_is_a_bug_of_the_caller(size: tuple[int, int]) -> None:
    for resize in (resize_label_points, resize_label_nearest):
        with pytest.raises(ValueError, match=rf"^size must be positive, got {re.escape(str(size))}$"):
            resize(np.zeros((5, 7), np.uint8), size)
