from __future__ import annotations

import torch

from alseg.contracts import Derivation, DerivationView
from alseg_recipes.sieve import Sieve

CONFIDENCE = torch.cat([torch.linspace(0.01, 0.9, 200), torch.linspace(0.9, 0.99, 800)])[None]
"""Of class 1 at 1,000 pixels; it bends at pixel 200."""


def derived(asked: torch.Tensor, revealed: torch.Tensor, recipe: Sieve | None = None) -> torch.Tensor | None:
    view = DerivationView(
        image_id="0" * 16,
        logits=torch.stack([1 - CONFIDENCE, CONFIDENCE]).log(),
        generator=torch.Generator(),
        revealed=revealed.byte(),
        asked=asked.int(),
    )
    return (recipe or Sieve()).derive(view, {})


def test_pixels_below_the_bend_lose_their_label() -> None:
    labels = derived(torch.zeros(1, 1000), torch.ones(1, 1000))
    assert labels is not None
    assert (labels.dtype, labels.shape) == (torch.uint8, (1, 1000))
    # The first 200 pixels rise steeply; one of about 20 points of the curve is where it bends.
    assert labels[0, 200:].unique().tolist() == [1]
    assert labels[0, :150].unique().tolist() == [255]


def test_a_small_region_is_not_sieved() -> None:
    asked, revealed = torch.zeros(1, 1000), torch.ones(1, 1000)
    assert derived(asked, revealed, Sieve(least_pixels=1001)) is None
    assert derived(asked, revealed, Sieve(least_pixels=1000)) is not None


def test_void_pixels_do_not_make_a_region_large() -> None:
    revealed = torch.ones(1, 1000)
    revealed[0, 511:] = 255
    assert derived(torch.zeros(1, 1000), revealed) is None


def test_a_region_with_labels_of_several_classes_stays() -> None:
    revealed = torch.ones(1, 1000)
    revealed[0, 0] = 0
    assert derived(torch.zeros(1, 1000), revealed) is None


def test_regions_are_sieved_one_by_one() -> None:
    # The second question is about the flat end alone, a straight line, which has no bend.
    asked = (torch.arange(1000) >= 400).long()[None]
    labels = derived(asked, torch.ones(1, 1000), Sieve(least_pixels=100))
    assert labels is not None
    assert labels[0, 400:].unique().tolist() == [1]
    assert labels[0, 0] == 255


def test_nothing_asked_is_nothing_sieved() -> None:
    assert derived(torch.full((1, 1000), -1), torch.full((1, 1000), 255)) is None


def test_it_sieves_at_the_start_of_a_round() -> None:
    assert Sieve().derivation == Derivation(at=0.0, restart="continue", needs=("logits",))
