from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from alseg.data.rare_classes import RareClassOrder, class_probabilities
from alseg.errors import AlsegError
from stopping import StopAfter
from toys import round_bytes, run_folder, run_toy, toy_document

PIXELS = np.array([[900, 100, 0, 0], [950, 0, 50, 0], [0, 0, 1, 0]], np.int64)
"""Class 0 is common, 1 and 2 are rare, 2 has one pixel in the third image, 3 has none."""

SIZES = np.array([1000, 1000, 1000], np.int64)


def order(temperature: float = 0.5, least_share: float = 0.01, seed: int = 0) -> RareClassOrder:
    return RareClassOrder(PIXELS, SIZES, temperature, least_share, "source", seed)


def test_a_class_is_drawn_by_the_softmax_of_its_rarity() -> None:
    found = class_probabilities(np.array([3, 1, 0], np.int64), np.array([True, True, False]), 0.5)
    # (1 - 3/4) / 0.5 = 0.5 and (1 - 1/4) / 0.5 = 1.5
    first = math.exp(0.5) / (math.exp(0.5) + math.exp(1.5))
    assert found.tolist() == pytest.approx([first, 1 - first, 0])


def test_a_low_temperature_draws_the_rarest_class_alone() -> None:
    found = class_probabilities(np.array([10**9, 10**8, 7], np.int64), np.ones(3, bool), 0.01)
    assert found.argmax() == 2 and found[0] < 1e-30 and found.sum() == pytest.approx(1)


def test_draws_have_the_probabilities_and_show_their_class() -> None:
    ours = order()
    draws = [ours.drawn(number) for number in range(4000)]
    shares = Counter(draw.label for draw in draws)
    for label in range(4):
        # Standard deviation below 0.008.
        assert shares[label] / 4000 == pytest.approx(ours.probabilities[label], abs=0.03)
    assert shares[3] == 0
    assert all(PIXELS[draw.image, draw.label] > 10 for draw in draws)
    assert {draw.image for draw in draws if draw.label == 0} == {0, 1}


def test_one_pixel_is_not_enough_unless_the_share_is_nought() -> None:
    assert all(order().image(number) != 2 for number in range(300))
    anything = order(least_share=0.0)
    assert any(anything.image(number) == 2 for number in range(300))


def test_a_draw_is_found_without_those_before_it() -> None:
    through = [order().drawn(number) for number in range(20)]
    assert order().drawn(13) == through[13]
    assert [order(seed=1).drawn(number) for number in range(20)] != through


def test_images_that_show_nothing_are_refused_with_a_remedy() -> None:
    with pytest.raises(AlsegError) as refusal:
        order(least_share=0.96)
    assert str(refusal.value) == (
        "No source image shows a class on more than 96.00% of its pixels, so that rare-class sampling has "
        "nothing to draw. Lower the recipe's rare_share."
    )


def _document(**changes: object) -> dict[str, object]:
    recipe = {
        "name": "plain",
        "iterations": 6,
        "learning_rate": 0.05,
        "source_size": None,
        "target_size": None,
        "sampling": "rare-class",
        "crop": [8, 12],
        **changes,
    }
    return toy_document(methods=[toy_document()["methods"][1]], recipe=recipe)  # type: ignore[index]


def test_a_run_with_rare_classes_and_cuts_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    run_toy(tmp_path / "through", _document())
    assert run_toy(tmp_path / "stopped", _document(), reporter=StopAfter("train", 2, 1)).signal is not None
    assert run_toy(tmp_path / "stopped", _document()).done == 1
    first, second = (round_bytes(run_folder(tmp_path / name, "entropy")) for name in ("through", "stopped"))
    assert first == second and first


def test_a_share_that_no_image_has_ends_the_run_with_its_remedy(tmp_path: Path) -> None:
    ((_, problem),) = run_toy(tmp_path, _document(rare_share=1.0)).failed
    assert problem.endswith("Lower the recipe's rare_share.")
