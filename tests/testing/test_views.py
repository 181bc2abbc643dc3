from __future__ import annotations

import re
from typing import Any

import pytest
import torch

from alseg.testing import view_of
from alseg.toolkit.passes import moments_of

PROBS = torch.full((2, 2, 2), 0.5)


def test_the_softmax_of_a_view_gives_the_probabilities_back_even_where_they_are_zero() -> None:
    probs = torch.tensor([0.0, 0.25, 0.75])[:, None, None].expand(3, 2, 4)
    view = view_of(probs)
    torch.testing.assert_close(view.probs, probs)
    assert torch.isfinite(view.logits).all()
    assert view.size == (2, 4)


def test_views_of_one_seed_draw_the_same_numbers() -> None:
    probs = torch.full((2, 1, 1), 0.5)
    first, second, other = (view_of(probs, seed=seed).generator for seed in (1, 1, 2))
    drawn = torch.rand(4, generator=first)
    assert torch.equal(drawn, torch.rand(4, generator=second))
    assert not torch.equal(drawn, torch.rand(4, generator=other))


def test_a_view_refuses_what_are_no_probabilities() -> None:
    message = (
        "probs must be at least 0 and sum to 1 at every pixel; the least is 0.5, sums go from 1.5 to 1.5"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        view_of(torch.full((3, 2, 2), 0.5))


def test_a_view_has_what_it_is_given_and_nothing_else() -> None:
    plain = view_of(PROBS)
    absent = ("image", "features", "moments", "regions", "bought", "revealed", "previous", "true_labels")
    for name in (*absent, "statistics"):
        assert getattr(plain, name) is None
    assert (plain.unit, plain.round, plain.rounds, dict(plain.outputs)) == ("part", 1, 1, {})
    given: dict[str, Any] = {
        "image": torch.zeros((3, 2, 2), dtype=torch.uint8),
        "features": torch.zeros((4, 1, 1)),
        "outputs": {"embedding": torch.zeros((3, 1, 1))},
        "moments": moments_of(PROBS.log()[None]),
        "regions": torch.tensor([[0, 0], [1, 1]], dtype=torch.int32),
        "unit": "region",
        "round": 2,
        "rounds": 5,
        "statistics": [1],
        "bought": torch.zeros((2, 2), dtype=torch.bool),
        "revealed": torch.full((2, 2), 255, dtype=torch.uint8),
        "previous": torch.zeros((2, 2, 2)),
        "true_labels": torch.zeros((2, 2), dtype=torch.uint8),
    }
    view = view_of(PROBS, **given)
    assert all(getattr(view, name) is value for name, value in given.items())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"image": torch.zeros((3, 2, 5), dtype=torch.uint8)},
            "image must be uint8 (3, 2, 2), got torch.uint8 (3, 2, 5)",
        ),
        ({"features": torch.zeros((2, 2))}, "features must be (D, h, w), got (2, 2)"),
        ({"outputs": {"depth": torch.zeros(2)}}, "depth must be (D, h, w), got (2,)"),
        ({"regions": torch.zeros((2, 2))}, "regions must be int32 (2, 2), got torch.float32 (2, 2)"),
        (
            {"bought": torch.zeros((2, 3), dtype=torch.bool)},
            "bought must be bool (2, 2), got torch.bool (2, 3)",
        ),
        ({"revealed": torch.zeros((2, 2)).int()}, "revealed must be uint8 (2, 2), got torch.int32 (2, 2)"),
        (
            {"true_labels": torch.zeros((2, 2)).long()},
            "true_labels must be uint8 (2, 2), got torch.int64 (2, 2)",
        ),
        ({"previous": torch.zeros((2, 2))}, "previous must be float32 (2, 2, 2), got torch.float32 (2, 2)"),
        (
            {"moments": moments_of(torch.zeros((2, 3, 2, 2)))},
            "moments.mean must be float32 (2, 2, 2), got torch.float32 (3, 2, 2)",
        ),
    ],
)
def test_a_view_refuses_tensors_of_another_form(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        view_of(PROBS, **given)
