from __future__ import annotations

import pytest
import torch

from alseg.toolkit.sieving import knee, sieve_threshold


def test_the_knee_is_where_the_curve_is_farthest_above_the_diagonal() -> None:
    # Less the diagonal in steps of 1/5: 0, 0.4, 0.5, 0.35, 0.18, 0. After 0.5 it falls below 0.5 - 1/5.
    assert knee(torch.tensor([0.0, 0.6, 0.9, 0.95, 0.98, 1.0])) == 2


def test_scale_and_offset_of_a_curve_do_not_matter() -> None:
    curve = torch.tensor([0.0, 0.6, 0.9, 0.95, 0.98, 1.0])
    assert knee(0.3 + 0.01 * curve) == 2


def test_an_insensitive_search_finds_no_knee() -> None:
    # The lead never falls by more than 3/5.
    assert knee(torch.tensor([0.0, 0.6, 0.9, 0.95, 0.98, 1.0]), sensitivity=3) is None


@pytest.mark.parametrize("curve", [[], [1.0], [0.0, 1.0], [0.5, 0.5, 0.5, 0.5], [0.0, 0.1, 0.3, 0.6, 1.0]])
def test_a_curve_without_a_bend_has_no_knee(curve: list[float]) -> None:
    assert knee(torch.tensor(curve)) is None


def test_pixels_below_the_bend_of_confidence_are_sieved() -> None:
    # Of 1,000 pixels 200 rise from 0 to 0.9 and 800 go on to 1; every 50th is looked at, of which the bend
    # is the fifth: pixel 200.
    confidence = torch.cat([torch.linspace(0, 0.9, 200), torch.linspace(0.9, 1, 800)])
    shuffled = confidence[torch.randperm(1000, generator=torch.Generator().manual_seed(0))]
    assert sieve_threshold(shuffled.reshape(20, 50)) == pytest.approx(0.9)


def test_equal_confidence_sieves_nothing() -> None:
    assert sieve_threshold(torch.full((512,), 0.4)) is None
