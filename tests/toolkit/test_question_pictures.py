"""Pictures with questions drawn."""

from __future__ import annotations

import numpy as np

from alseg.asking.pictures import question_picture
from alseg.toolkit.question_pictures import enlarged, outlined
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
