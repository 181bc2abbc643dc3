from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from alseg import AlsegError
from alseg_baselines import build
from alseg_baselines.modes import WholeImage, Window

NOTHING = np.zeros((0, 2), np.int32)


def test_a_window_is_cut_at_the_border_and_costs_less_there() -> None:
    score = torch.zeros(8, 8)
    score[0, 0], score[4, 4] = 2.0, 1.0
    picks = Window(radius=1, spacing=2).propose(score, NOTHING, 13)
    # The corner window has 2 x 2 pixels, the inner one 3 x 3: 13 in all.
    assert picks.positions.tolist() == [[0, 0], [4, 4]]
    assert picks.pixels.tolist() == [4, 9]
    assert picks.scores.tolist() == [2.0, 1.0]


def test_picks_end_before_the_first_that_does_not_fit() -> None:
    score = torch.zeros(8, 8)
    score[4, 4], score[0, 0] = 2.0, 1.0
    picks = Window(radius=1, spacing=2).propose(score, NOTHING, 12)
    # 9 pixels, then 4 more would be 13; a cheaper pick further down is not taken out of turn.
    assert picks.positions.tolist() == [[4, 4]]


def test_earlier_rounds_keep_their_distance_too() -> None:
    score = torch.arange(64.0).reshape(8, 8)
    asked = np.array([[7, 7]], np.int32)
    picks = Window(radius=0, spacing=2).propose(score, asked, 1)
    # Everything within 2 of (7, 7) is taken; the next best is in the last row.
    assert picks.positions.tolist() == [[7, 4]]


def test_no_limit_no_picks() -> None:
    assert len(Window(radius=0, spacing=0).propose(torch.ones(4, 4), NOTHING, 0)) == 0


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2),
    st.integers(0, 3),
    st.integers(0, 120),
    st.integers(0, 2**32 - 1),
)
def test_a_proposal_bills_what_its_footprint_shows_and_stays_within_the_limit(
    radius: int, extra: int, limit: int, seed: int
) -> None:
    mode = Window(radius=radius, spacing=2 * radius + extra)
    score = torch.rand((9, 11), generator=torch.Generator().manual_seed(seed)).mul(4).round()
    first = mode.propose(score, NOTHING, limit)
    second = mode.propose(score, first.positions, limit)
    both = np.concatenate([first.positions, second.positions])
    footprint = mode.footprint(both, (9, 11))
    billed = np.concatenate([first.pixels, second.pixels])
    assert np.bincount(footprint[footprint >= 0], minlength=len(both)).tolist() == billed.tolist()
    assert first.pixels.sum() <= limit and second.pixels.sum() <= limit
    assert (np.diff(first.scores) <= 0).all()
    assert billed.sum() <= mode.most_pixels((9, 11))


def test_a_limit_is_used_up_as_far_as_windows_fit() -> None:
    picks = Window(radius=0, spacing=0).propose(torch.ones(6, 6), NOTHING, 20)
    assert picks.pixels.sum() == 20


def test_border_windows_leave_room_for_more_of_them() -> None:
    score = torch.zeros(3, 400)
    score[0] = 1.0
    picks = Window(radius=1, spacing=2).propose(score, NOTHING, 600)
    # Top-row windows cost 6 pixels, the two at the ends 4: all 134 fit, although 600 // 9 is 66.
    assert len(picks) > 90


def test_a_whole_image_is_bought_once() -> None:
    mode = WholeImage(tolerance=2)
    picks = mode.propose(torch.tensor([[1.0, 2.0], [3.0, -torch.inf]]), NOTHING, 4)
    # The mean leaves out what must never be asked.
    assert picks.scores.tolist() == [2.0]
    assert picks.pixels.tolist() == [4]
    assert len(mode.propose(torch.ones(2, 2), picks.positions, 4)) == 0
    assert len(mode.propose(torch.ones(2, 2), NOTHING, 3)) == 0
    assert (mode.footprint(picks.positions, (2, 2)) == 0).all()


def test_windows_that_would_overlap_are_refused() -> None:
    with pytest.raises(AlsegError) as raised:
        build.region(radius=2, spacing=3)
    assert str(raised.value) == (
        "Annotation mode 'region': spacing 3 would let windows of radius 2 overlap; use at least 4."
    )


def test_negative_numbers_are_refused() -> None:
    with pytest.raises(AlsegError, match="Annotation mode 'region': radius must be at least 0, not -1"):
        build.region(radius=-1)
    with pytest.raises(AlsegError, match="Annotation mode 'pixel': spacing must be at least 0, not -1"):
        build.pixel(spacing=-1)
    with pytest.raises(AlsegError, match="Annotation mode 'image': tolerance must be at least 0, not -1"):
        build.image(tolerance=-1)


@pytest.mark.parametrize("radius", [1, 2])
def test_footprints_of_few_and_of_many_windows_are_alike(radius: int) -> None:
    spacing = 2 * radius + 1
    grid = np.mgrid[0:48:spacing, 0:64:spacing].reshape(2, -1).T.astype(np.int32)
    many = Window(radius, spacing).footprint(grid, (48, 64))
    for number, position in enumerate(grid):
        alone = Window(radius, spacing).footprint(position[None], (48, 64))
        assert np.array_equal(alone == 0, many == number)


def test_the_largest_window_covers_all_of_an_image_at_once() -> None:
    # One by one, the 8193 x 8193 pixels of the window would take minutes.
    footprint = Window(radius=4096, spacing=8192).footprint(np.array([[5, 7]], np.int32), (48, 64))
    assert (footprint == 0).all()
