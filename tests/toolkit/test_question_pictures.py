"""Pictures with questions drawn."""

from __future__ import annotations

import numpy as np

from alseg.asking.pictures import question_picture
from alseg.toolkit.question_pictures import enlarged, outlined
from alseg.toolkit.question_pictures import question_picture as one_question
from question_sheets import squares


def test_the_pixels_asked_about_keep_their_colours_and_the_outline_runs_around_them() -> None:
    image = np.full((20, 20, 3), 90, np.uint8)
    footprint = np.full((20, 20), -1, np.int32)
    footprint[4:12, 4:12] = 0
    picture = outlined(image, footprint)
    assert (picture[4:12, 4:12] == 90).all()
    changed = (picture != 90).any(axis=2)
    # A square of 8 x 8 has a frame of 10 x 10 - 8 x 8 pixels.
    assert changed.sum() == 36
    assert changed[3, 3:13].all()


def test_a_small_photograph_is_enlarged_by_a_whole_factor() -> None:
    asked = squares().images[0]
    photograph, footprint = enlarged(asked.image(), asked.footprint())
    # 24 rows: 27 times is the first whole factor with 640 rows or more.
    assert (photograph.shape, footprint.shape) == ((648, 1080, 3), (648, 1080))
    np.testing.assert_array_equal(footprint[::27, ::27], asked.footprint())


def test_a_picture_of_questions_has_their_numbers_and_covers_nothing_that_is_asked() -> None:
    asked = squares().images[0]
    picture = question_picture(asked)
    photograph, footprint = enlarged(asked.image(), asked.footprint())
    np.testing.assert_array_equal(picture[footprint >= 0], photograph[footprint >= 0])
    above = picture[2 * 27 - 20 : 2 * 27 - 2, 3 * 27 : 3 * 27 + 20]
    assert (above == 255).all(axis=2).any()  # the number 1, in white


def test_the_enlarged_part_of_a_dark_photograph_is_lightened_and_the_whole_is_not() -> None:
    footprint = np.full((128, 128), -1, np.int32)
    footprint[60:68, 60:68] = 0
    for brightness, seen in ((24, 96), (4, 20), (0, 0), (96, 96), (200, 200)):
        picture = one_question(np.full((128, 128, 3), brightness, np.uint8), footprint, 0)
        # A crop of 56 x 56 is as wide as high: 512 columns, then the gap, then the whole photograph.
        assert (picture[256, 256] == seen).all()
        assert (picture[256, -10] == brightness).all()


def test_bright_colours_in_a_dark_part_stay_within_their_range() -> None:
    image = np.full((128, 128, 3), 10, np.uint8)
    image[62:66, 62:66] = 250, 60, 20
    footprint = np.full((128, 128), -1, np.int32)
    footprint[60:68, 60:68] = 0
    picture = one_question(image, footprint, 0)
    assert picture[256, 256].tolist() == [255, 255, 100]
