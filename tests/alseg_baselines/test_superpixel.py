"""The annotation mode ``superpixel``."""

from __future__ import annotations

import math

import numpy as np
import torch

from alseg_baselines.superpixel import Superpixel

REGIONS = np.array([[2, 2, 0, 0], [2, 1, 1, 0], [3, 3, 3, 3]], np.int32)
NOTHING = np.zeros((0, 2), np.int32)


def scores(*of_regions: float) -> torch.Tensor:
    return torch.tensor(of_regions)[torch.from_numpy(REGIONS).long()]


def test_regions_come_by_their_mean_score_named_by_their_first_pixel() -> None:
    score = scores(0.2, 0.9, 0.5, 0.1)
    score[0, 0] += 0.6  # region 2: (1.1 + 0.5 + 0.5) / 3 = 0.7
    picks = Superpixel().propose(score, NOTHING, 100, regions=REGIONS)
    assert picks.positions.tolist() == [[1, 1], [0, 0], [0, 2], [2, 0]]
    np.testing.assert_allclose(picks.scores, [0.9, 0.7, 0.2, 0.1], rtol=1e-6)
    assert picks.pixels.tolist() == [2, 3, 3, 4]


def test_picks_end_before_the_first_that_does_not_fit() -> None:
    # 2 + 3 pixels fit in 7, the next 3 do not.
    picks = Superpixel().propose(scores(0.2, 0.9, 0.5, 0.1), NOTHING, 7, regions=REGIONS)
    assert picks.positions.tolist() == [[1, 1], [0, 0]]
    assert len(Superpixel().propose(scores(0.2, 0.9, 0.5, 0.1), NOTHING, 1, regions=REGIONS)) == 0


def test_equal_scores_are_asked_in_the_order_of_first_pixels() -> None:
    picks = Superpixel().propose(scores(1, 1, 1, 1), NOTHING, 100, regions=REGIONS)
    assert picks.positions.tolist() == [[0, 0], [0, 2], [1, 1], [2, 0]]


def test_what_was_asked_and_what_is_never_wanted_is_left_out() -> None:
    score = scores(0.2, 0.9, 0.5, -math.inf)
    score[0, 2] = -math.inf  # the mean of region 0 is that of its other pixels
    picks = Superpixel().propose(score, np.array([[1, 2]], np.int32), 100, regions=REGIONS)
    assert picks.positions.tolist() == [[0, 0], [0, 2]]
    np.testing.assert_allclose(picks.scores, [0.5, 0.2], rtol=1e-6)


def test_a_footprint_is_the_region_and_belongs_to_the_earlier_of_two_questions() -> None:
    positions = np.array([[0, 0], [2, 3], [1, 0]], np.int32)  # the last is in region 2 again
    assert Superpixel().footprint(positions, (3, 4), regions=REGIONS).tolist() == [
        [0, 0, -1, -1],
        [0, -1, -1, -1],
        [1, 1, 1, 1],
    ]
    assert (Superpixel().footprint(NOTHING, (3, 4), regions=REGIONS) == -1).all()
