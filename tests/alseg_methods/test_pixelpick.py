from __future__ import annotations

from dataclasses import replace

import torch

from alseg.testing import view_of
from alseg_methods.acquisitions.pixelpick import PixelPick, most_of

TOP = torch.linspace(0.5, 0.99, 40).reshape(5, 8)
VIEW = view_of(torch.stack([TOP, 1 - TOP]))
"""The first pixels are the least certain."""


def test_only_the_most_uncertain_pixels_are_candidates() -> None:
    score = PixelPick(share=0.1).score(view_of(VIEW.probs))
    # int(0.1 * 40) of them.
    assert score.flatten().isfinite().nonzero().flatten().tolist() == [0, 1, 2, 3]


def test_candidates_come_in_a_random_order() -> None:
    orders = {
        tuple(PixelPick(share=0.1).score(view_of(VIEW.probs, seed=seed)).flatten()[:4].argsort().tolist())
        for seed in range(20)
    }
    assert len(orders) > 5


def test_in_reverse_the_most_uncertain_of_random_pixels_come_first() -> None:
    score = PixelPick(share=0.5, reverse=True).score(view_of(VIEW.probs)).flatten()
    drawn = score.isfinite().nonzero().flatten()
    assert len(drawn) == 20
    assert drawn.tolist() != list(range(20))
    # The margin of a pixel is 2p - 1, and its uncertainty 1 less that.
    torch.testing.assert_close(score[drawn], 2 - 2 * TOP.flatten()[drawn], atol=1e-6, rtol=0)


def test_bought_pixels_are_no_candidates_while_there_are_others() -> None:
    bought = torch.zeros((5, 8), dtype=torch.bool)
    bought[0, :3] = True
    score = PixelPick(share=0.1).score(replace(view_of(VIEW.probs), bought=bought))
    assert score.flatten().isfinite().nonzero().flatten().tolist() == [3, 4, 5, 6]


def test_of_equals_the_first_are_taken_and_one_at_least() -> None:
    assert most_of(torch.zeros((2, 3)), 0.5).tolist() == [[True, True, True], [False, False, False]]
    assert most_of(torch.tensor([[1.0, 2.0]]), 0.01).tolist() == [[False, True]]
