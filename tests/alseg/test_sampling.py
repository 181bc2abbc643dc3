from __future__ import annotations

import numpy as np
import pytest

from alseg.sampling import ClassBalancedOrder, ShuffledOrder, StepBatches


def test_every_epoch_draws_every_image_once() -> None:
    order = ShuffledOrder(5, "source", 0)
    first, second = ([order.image(draw) for draw in range(start, start + 5)] for start in (0, 5))
    assert sorted(first) == sorted(second) == [0, 1, 2, 3, 4]
    assert first != second


def test_the_order_depends_on_the_seed_and_the_domain_alone() -> None:
    draws = [
        ShuffledOrder(50, domain, seed).image(3) for domain, seed in [("source", 0)] * 2 + [("target", 0)]
    ]
    assert draws[0] == draws[1] != draws[2]


def test_batches_that_start_later_are_those_of_the_whole_run() -> None:
    order = ShuffledOrder(7, "source", 0)
    whole = list(StepBatches(order, 3, 0, 6))
    assert list(StepBatches(ShuffledOrder(7, "source", 0), 3, 4, 6)) == whole[4:]
    assert [number for number, _ in whole[4]] == [12, 13, 14]


def test_a_batch_larger_than_the_data_set_goes_on_into_the_next_epoch() -> None:
    (batch,) = StepBatches(ShuffledOrder(2, "source", 0), 4, 0, 1)
    assert sorted(image for _, image in batch) == [0, 0, 1, 1]


def test_class_balanced_draws_show_rare_classes_more_often() -> None:
    # 99 images of class 0, one of class 1.
    pixels = np.array([[100, 0]] * 99 + [[0, 100]])
    order = ClassBalancedOrder(pixels, "source", 0)
    rare = sum(order.image(draw) == 99 for draw in range(1000))
    # Equal weights would give 10; balanced classes give about half.
    assert rare > 300


def test_class_balanced_draws_can_be_replayed_from_anywhere() -> None:
    pixels = np.random.default_rng(0).integers(0, 5, (20, 4))
    whole = ClassBalancedOrder(pixels, "source", 1)
    draws = [whole.image(draw) for draw in range(30)]
    assert ClassBalancedOrder(pixels, "source", 1).image(29) == draws[29]


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="There must be an image to draw, not 0"):
        ShuffledOrder(0, "source")
    with pytest.raises(ValueError, match="No image shows any class"):
        ClassBalancedOrder(np.zeros((3, 2), np.int64), "source")
