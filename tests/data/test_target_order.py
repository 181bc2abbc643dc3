from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from alseg.contracts import DataPlan
from alseg.data.sampling import ShuffledOrder
from alseg.data.target_order import TargetOrder


def order_of(
    images: int = 100, batch_size: int = 4, share: float = 0.5, *, labelled: bool = True
) -> TargetOrder:
    sampling = "labelled" if labelled else "shuffle"
    plan = DataPlan(batch_size=batch_size, size=None, sampling=sampling, labelled_share=share)
    return TargetOrder(images, plan, 7)


def draws(order: TargetOrder, first: int, stop: int) -> list[int]:
    return [order.image(draw) for draw in range(first, stop)]


UNIFORM = ShuffledOrder(100, "target", 7)


def test_half_of_each_batch_is_of_labelled_images_once_there_are_any() -> None:
    order = order_of()
    order.buy(10, [3, 50, 51])
    assert draws(order, 0, 40) == [UNIFORM.image(draw) for draw in range(40)]
    for step in range(10, 60):
        batch = draws(order, 4 * step, 4 * step + 4)
        assert {batch[1], batch[3]} <= {3, 50, 51}
    # 50 steps of 2 draws for 3 images, each once per epoch: 33 or 34 each. The rest adds a few.
    counts = Counter(draws(order, 40, 240))
    assert all(33 <= counts[image] <= 33 + 1 + 2 for image in (3, 50, 51))


def test_the_rest_goes_on_through_the_epoch_of_all_images() -> None:
    order = order_of()
    order.buy(10, [3])
    rest = [order.image(draw) for draw in range(40, 160, 2)]
    # 40 draws before the purchase and these 60: every image once.
    assert sorted([UNIFORM.image(draw) for draw in range(40)] + rest) == list(range(100))


@pytest.mark.parametrize("share", [0.25, 1 / 3, 0.9, 1.0])
@pytest.mark.parametrize("batch_size", [1, 2, 3])
def test_any_share_holds_for_any_batch_size(share: float, batch_size: int) -> None:
    order = order_of(images=1000, batch_size=batch_size, share=share)
    order.buy(0, [5])
    labelled = sum(image == 5 for image in draws(order, 0, 600))
    # The rest of at most 450 draws of 1,000 images shows it once at most.
    assert 600 * share - 1 <= labelled <= 600 * share + 1


def test_a_new_purchase_is_drawn_within_one_pass_over_the_labelled_images() -> None:
    order = order_of()
    order.buy(10, [3, 50])
    order.buy(20, [3, 8, 9, 50])
    # 4 labelled images, 2 draws of each step.
    assert {order.image(draw) for draw in range(80, 88) if draw % 2} == {3, 8, 9, 50}


@pytest.mark.parametrize("labelled", [(), range(100)])
def test_without_labels_and_with_labels_everywhere_draws_are_uniform(labelled: range) -> None:
    order = order_of()
    order.buy(10, labelled)
    assert draws(order, 0, 300) == [UNIFORM.image(draw) for draw in range(300)]


def test_uniform_sampling_takes_no_notice_of_labels() -> None:
    order = order_of(labelled=False)
    order.buy(10, [3])
    assert draws(order, 0, 300) == [UNIFORM.image(draw) for draw in range(300)]


def test_draws_do_not_depend_on_what_was_asked_before() -> None:
    whole, resumed = order_of(), order_of()
    for order in (whole, resumed):
        order.buy(10, [3])
        order.buy(20, [3, 4])
    expected = draws(whole, 0, 200)
    assert [resumed.image(draw) for draw in reversed(range(200))] == expected[::-1]


def test_the_last_draw_of_each_image_counts_steps() -> None:
    order = order_of(images=6, batch_size=2, labelled=False)
    # Two epochs of three steps each.
    assert order.last_draws(0).tolist() == [-1] * 6
    assert sorted(order.last_draws(3).tolist()) == [0, 0, 1, 1, 2, 2]
    assert sorted(order.last_draws(6).tolist()) == [3, 3, 4, 4, 5, 5]


def test_purchases_come_in_order() -> None:
    order = order_of()
    order.buy(10, [3])
    with pytest.raises(ValueError, match="A purchase at iteration 9 comes after a later one"):
        order.buy(9, [3])


def test_draws_after_the_pool_has_grown_go_through_all_images_of_it_from_then_on() -> None:
    order = order_of(images=6, batch_size=2, labelled=False)
    before = draws(order, 0, 8)
    order.change_pool(np.array([0, 1, 2, -1, 3, 4]), 8)  # image 3 is gone, 3 are new
    order.buy(4, [0])
    assert sorted(draws(order, 8, 16)) == list(range(8))  # a whole epoch, though the last was not at its end
    # Earlier draws are named by what the image is called now.
    assert draws(order, 0, 8) == [[0, 1, 2, -1, 3, 4][image] for image in before]
    last = order.last_draws(4)
    assert [step >= 0 for step in last] == [True, True, True, True, True, False, False, False]


def test_a_pool_that_changes_twice_keeps_the_places_of_every_stage() -> None:
    order = order_of(images=3, batch_size=1, labelled=False)
    first = draws(order, 0, 3)
    order.change_pool(np.array([0, 1, 2]), 4)
    order.buy(3, [0])
    second = draws(order, 3, 7)
    order.change_pool(np.array([-1, 0, 1, 2]), 5)
    order.buy(7, [0])
    assert draws(order, 0, 3) == [image - 1 for image in first]
    assert draws(order, 3, 7) == [image - 1 for image in second]
    assert sorted(draws(order, 7, 12)) == [0, 1, 2, 3, 4]
    # A purchase from the same pool goes on through the same epochs.
    unchanged = draws(order, 12, 17)
    order.buy(12, [0, 1])
    assert draws(order, 12, 17) == unchanged


def test_labelled_sampling_splits_the_draws_of_a_pool_that_has_grown() -> None:
    order = order_of(images=4, batch_size=2)
    order.change_pool(np.arange(4), 10)
    order.buy(2, [1, 9])
    batches = [draws(order, 2 * step, 2 * step + 2) for step in range(2, 12)]
    assert {batch[1] for batch in batches} == {1, 9}
    assert sorted(batch[0] for batch in batches) == list(range(10))
