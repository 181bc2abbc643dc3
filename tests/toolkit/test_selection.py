from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from alseg.toolkit.selection import _select_there, greedy_select


def plain_greedy(
    score: NDArray[np.floating], count: int, radius: int, available: NDArray[np.bool_]
) -> list[tuple[int, int]]:
    """The definition: a loop of full-map argmaxes."""
    left = np.where(available, score, -np.inf)
    picks: list[tuple[int, int]] = []
    while len(picks) < count and left.size and left.max() > -np.inf:
        # Of the transposed map, argmax returns the smallest x and then the smallest y.
        x, y = np.unravel_index(left.T.argmax(), left.T.shape)
        picks.append((int(y), int(x)))
        left[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1] = -np.inf
    return picks


def as_list(picks: torch.Tensor) -> list[tuple[int, int]]:
    return [(y, x) for y, x in picks.tolist()]


sides = st.integers(1, 14)
scores = st.tuples(sides, sides).flatmap(
    lambda shape: hnp.arrays(
        np.float32,
        shape,
        elements=st.one_of(
            st.sampled_from([0.0, -0.0, 1.0, 2.0, np.inf, -np.inf]), st.floats(-4, 4, width=32)
        ),
    )
)


@settings(deadline=None, max_examples=300)
@given(score=scores, count=st.integers(0, 40), radius=st.integers(0, 6), data=st.data())
def test_picks_are_those_of_a_loop_of_argmaxes(
    score: NDArray[np.float32], count: int, radius: int, data: st.DataObject
) -> None:
    available = data.draw(hnp.arrays(np.bool_, score.shape, elements=st.booleans()))
    picks = greedy_select(score, count, radius, available)
    assert as_list(picks) == plain_greedy(score, count, radius, available)


@settings(deadline=None, max_examples=200)
@given(
    score=scores, count=st.integers(0, 40), radius=st.integers(0, 6), wanted=st.integers(1, 9), data=st.data()
)
def test_the_way_of_a_gpu_gives_the_same_picks_or_leaves_them_to_the_cpu(
    score: NDArray[np.float32], count: int, radius: int, wanted: int, data: st.DataObject
) -> None:
    available = data.draw(hnp.arrays(np.bool_, score.shape, elements=st.booleans()))
    picks = _select_there(torch.from_numpy(score), count, radius, available, wanted)
    if picks is not None:
        assert as_list(picks) == plain_greedy(score, count, radius, available)


@pytest.mark.parametrize(("count", "radius"), [(1, 0), (30, 1), (7, 9), (4000, 0), (4000, 3)])
def test_a_gpu_picks_by_itself_where_scores_differ(count: int, radius: int) -> None:
    score = np.random.default_rng(count).permutation(50 * 70).reshape(50, 70).astype(np.float32)
    picks = _select_there(torch.from_numpy(score), count, radius, None, 4 * count)
    assert picks is not None
    assert as_list(picks) == plain_greedy(score, count, radius, np.ones_like(score, np.bool_))


def test_a_gpu_leaves_to_the_cpu_what_it_cannot_sort_or_must_refuse() -> None:
    even, broken = torch.zeros(9, 9), torch.zeros(9, 9)
    broken[4, 4] = torch.nan
    assert _select_there(even, 2, 1, None, 4) is None
    assert _select_there(broken, 2, 1, None, 81) is None
    assert _select_there(even, 2, 1, torch.ones(3, 3, dtype=torch.bool), 81) is None


@pytest.mark.gpu
@pytest.mark.parametrize("radius", [0, 1, 32])
def test_picks_on_a_gpu_are_those_of_the_cpu(radius: int) -> None:
    score = torch.rand(300, 400, generator=torch.Generator().manual_seed(radius))
    assert torch.equal(greedy_select(score.cuda(), 200, radius), greedy_select(score, 200, radius))


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    levels=st.sampled_from([1, 2, 5, 1000]),
    count=st.integers(1, 60),
    radius=st.integers(0, 40),
    masked=st.sampled_from([0.0, 0.3, 0.99]),
)
@example(seed=0, levels=1, count=60, radius=1, masked=0.0)
def test_picks_on_larger_maps_are_those_of_a_loop_of_argmaxes(
    seed: int, levels: int, count: int, radius: int, masked: float
) -> None:
    random = np.random.default_rng(seed)
    score = random.integers(0, levels, (90, 150)).astype(np.float32)
    available = random.random(score.shape) >= masked
    picks = greedy_select(torch.from_numpy(score), count, radius, torch.from_numpy(available))
    assert as_list(picks) == plain_greedy(score, count, radius, available)


def test_a_smooth_map_whose_best_scores_lie_together_needs_several_looks_and_is_still_exact() -> None:
    # All of the highest scores lie around one point, so most candidates are blocked by the first picks.
    y, x = np.mgrid[:120, :160]
    score = (-np.hypot(y - 60.0, x - 80.0)).astype(np.float32)
    everywhere = np.ones(score.shape, np.bool_)
    assert as_list(greedy_select(score, 12, 20, everywhere)) == plain_greedy(score, 12, 20, everywhere)


def test_picks_go_by_score_and_keep_their_distance() -> None:
    score = torch.tensor([[9.0, 8.0, 7.0, 6.0], [1.0, 2.0, 3.0, 4.0]])
    # 9 at (0, 0) blocks columns 0 and 1; 7 at (0, 2) is the best of the rest and blocks what is left.
    assert greedy_select(score, 5, 1).tolist() == [[0, 0], [0, 2]]


def test_equal_scores_are_picked_by_smaller_column_and_then_smaller_row() -> None:
    score = torch.tensor([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    assert greedy_select(score, 4, 0).tolist() == [[1, 0], [2, 0], [0, 1], [1, 1]]


def test_minus_infinity_is_never_picked_and_plus_infinity_first() -> None:
    score = torch.tensor([[-torch.inf, 1.0, torch.inf]])
    assert greedy_select(score, 3, 0).tolist() == [[0, 2], [0, 1]]


def test_what_is_not_available_is_neither_picked_nor_blocks() -> None:
    score = torch.tensor([[3.0, 2.0, 1.0]])
    available = torch.tensor([[False, True, True]])
    assert greedy_select(score, 1, 1, available).tolist() == [[0, 1]]


def test_the_result_is_an_int64_tensor_of_two_columns_even_if_empty() -> None:
    picks = greedy_select(torch.full((2, 3), -torch.inf), 2, 1)
    assert (picks.dtype, tuple(picks.shape), picks.device.type) == (torch.int64, (0, 2), "cpu")
    assert tuple(greedy_select(torch.zeros(0, 5), 2, 1).shape) == (0, 2)


def test_the_map_given_is_left_as_it_was() -> None:
    score = torch.zeros(5, 5)
    greedy_select(score, 25, 0)
    assert torch.equal(score, torch.zeros(5, 5))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_every_floating_dtype_is_accepted(dtype: torch.dtype) -> None:
    score = torch.tensor([[1.0, 2.0], [4.0, 3.0]], dtype=dtype)
    assert greedy_select(score, 2, 0).tolist() == [[1, 0], [1, 1]]


def test_differences_that_only_float64_holds_count() -> None:
    score = torch.tensor([[1.0, 1.0 + 1e-12]], dtype=torch.float64)
    assert greedy_select(score, 1, 0).tolist() == [[0, 1]]


def test_nan_is_refused_with_its_place() -> None:
    score = torch.zeros(2, 3)
    score[0, 2] = score[1, 1] = torch.nan
    with pytest.raises(ValueError) as refusal:
        greedy_select(score, 1, 1)
    assert str(refusal.value) == "score is NaN at 2 of 6 pixels, first at (y, x) = (0, 2)"


@pytest.mark.parametrize(
    ("score", "count", "radius", "available", "message"),
    [
        (torch.zeros(3), 1, 1, None, "score must be a float map (H, W), not float32 (3,)"),
        (np.zeros((2, 2), np.int64), 1, 1, None, "score must be a float map (H, W), not int64 (2, 2)"),
        (torch.zeros(2, 2), -1, 1, None, "count and radius must be at least 0, not -1 and 1"),
        (torch.zeros(2, 2), 1, -2, None, "count and radius must be at least 0, not 1 and -2"),
        (
            torch.zeros(2, 2),
            1,
            1,
            torch.ones(2, 3, dtype=torch.bool),
            "available must be bool (2, 2), not bool (2, 3)",
        ),
        (torch.zeros(2, 2), 1, 1, torch.ones(2, 2), "available must be bool (2, 2), not float32 (2, 2)"),
    ],
)
def test_what_does_not_fit_is_refused(
    score: torch.Tensor, count: int, radius: int, available: torch.Tensor | None, message: str
) -> None:
    with pytest.raises(ValueError) as refusal:
        greedy_select(score, count, radius, available)
    assert str(refusal.value) == message
