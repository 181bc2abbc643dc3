from __future__ import annotations

import torch

from alseg.testing import view_of
from alseg_baselines.acquisitions import Entropy, LeastConfidence, Margin, Random

PROBS = torch.tensor([[[0.7, 0.25]], [[0.2, 0.25]], [[0.1, 0.5]]])


def test_entropy_is_in_nats() -> None:
    # -(0.7 ln 0.7 + 0.2 ln 0.2 + 0.1 ln 0.1), and -(2 * 0.25 ln 0.25 + 0.5 ln 0.5).
    torch.testing.assert_close(
        Entropy().score(view_of(PROBS)), torch.tensor([[0.80182, 1.03972]]), atol=1e-4, rtol=0
    )


def test_least_confidence_is_one_minus_the_largest_probability() -> None:
    torch.testing.assert_close(LeastConfidence().score(view_of(PROBS)), torch.tensor([[0.3, 0.5]]))


def test_margin_asks_first_where_two_classes_are_close() -> None:
    # Gaps 0.7 - 0.2 and 0.5 - 0.25; the smaller gap scores higher.
    torch.testing.assert_close(Margin().score(view_of(PROBS)), torch.tensor([[-0.5, -0.25]]))


def test_random_depends_on_the_generator_alone() -> None:
    scores = [
        Random().score(view_of(probs, seed=seed))
        for probs, seed in [(PROBS, 1), (PROBS.flip(0), 1), (PROBS, 2)]
    ]
    assert torch.equal(scores[0], scores[1])
    assert not torch.equal(scores[0], scores[2])
