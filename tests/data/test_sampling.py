from __future__ import annotations

import random

import numpy as np
import pytest
from numpy.typing import NDArray

from alseg.data import sampling
from alseg.data.sampling import (
    CLASS_BALANCED_LIST,
    ClassBalancedOrder,
    ShuffledOrder,
    StepBatches,
    class_balanced_draws,
)


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


# ----------------------------------------------------------------------------------------------------
# The class-balanced rule of the RIPU authors' code

IMAGES = 24_966  # of GTAV
# Share of images that show each of 19 classes, from road to bicycle: near GTAV's, but made up.
SHARES = (
    *(0.99, 0.97, 0.99, 0.86, 0.62, 0.98, 0.80, 0.70, 0.99, 0.90),
    *(0.97, 0.92, 0.16, 0.93, 0.55, 0.20, 0.05, 0.18, 0.04),
)
DRAWN = 80_000


@pytest.fixture(scope="module")
def shows() -> NDArray[np.bool_]:
    return np.random.default_rng(0).random((IMAGES, len(SHARES))) < SHARES


@pytest.fixture
def short_list(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sampling, "CLASS_BALANCED_LIST", 6_000)
    return 6_000


def released_list(shows: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return images and the classes they were drawn for, as the released code lists them."""
    chance = random.Random(7)
    files = [np.flatnonzero(column).tolist() for column in shows.T]
    place = [0] * len(files)
    images, classes = [], []
    for draw in range(CLASS_BALANCED_LIST):
        if draw % 3000 == 0:
            count = np.zeros(len(files))
        share = count / count.sum() if count.sum() else count
        (drawn,) = chance.choices(range(len(files)), weights=(1 / np.log(1 + 0.01 + share)).tolist())
        if place[drawn] == len(files[drawn]):
            chance.shuffle(files[drawn])
            place[drawn] = 0
        file = files[drawn][place[drawn]]
        place[drawn] += 1
        count[shows[file]] += 1
        images.append(file)
        classes.append(drawn)
    return np.array(images), np.array(classes)


def test_class_balanced_draws_agree_with_the_released_rule(shows: NDArray[np.bool_]) -> None:
    theirs, their_classes = released_list(shows)
    ours, our_classes = class_balanced_draws(shows, CLASS_BALANCED_LIST, np.random.default_rng(8))
    their_share, our_share = (
        np.bincount(classes, minlength=19) / CLASS_BALANCED_LIST for classes in (their_classes, our_classes)
    )
    # Five standard deviations of a difference of two binomial shares: 0.0025 for 3.1%, 0.0046 for 12%.
    np.testing.assert_array_less(
        np.abs(our_share - their_share),
        5 * np.sqrt(2 * their_share * (1 - their_share) / CLASS_BALANCED_LIST),
    )
    # Counts of pixels would give road 0.3% here and train less than 10%.
    assert our_share[0] == pytest.approx(0.031, abs=0.003)
    assert our_share[16] == pytest.approx(0.118, abs=0.005)
    # The loader shuffles the list and a run takes 80,000 of it.
    taken = np.random.default_rng(9).permutation(CLASS_BALANCED_LIST)[:DRAWN]
    order = ClassBalancedOrder(shows.astype(np.int64), "source", 0)
    drawn = np.array([order.image(draw) for draw in range(DRAWN)])
    # About 16,400 of 24,966; lists of other seeds differ by 30.
    assert len(np.unique(drawn)) == pytest.approx(len(np.unique(theirs[taken])), rel=0.01)
    np.testing.assert_allclose(shows[drawn].mean(axis=0), shows[theirs[taken]].mean(axis=0), atol=0.012)
    assert len(np.unique(ours)) == pytest.approx(len(np.unique(theirs)), rel=0.01)


def test_the_images_of_a_class_come_in_their_order_and_reshuffled_after_each_pass() -> None:
    images, classes = class_balanced_draws(np.ones((50, 1), bool), 150, np.random.default_rng(0))
    first, second, third = images.reshape(3, 50).tolist()
    assert first == list(range(50))
    assert sorted(second) == sorted(third) == first
    assert second != first != third != second
    assert not classes.any()


def test_counts_start_anew_every_3000_draws() -> None:
    # One image of class 0, one of class 1. With a new start draw 3,000 is either, and the next nearly always
    # the other: 1 / log(1.01) = 100.5 against 1 / log(2.01) = 1.4. Without, both are about even.
    shows = np.eye(2, dtype=bool)
    changes = sum(
        first != second
        for seed in range(20)
        for first, second in [class_balanced_draws(shows, 3002, np.random.default_rng(seed)).classes[3000:]]
    )
    # 99% of 20 with a new start, half of them without.
    assert changes > 17


def test_a_class_that_no_image_shows_is_never_drawn() -> None:
    shows = np.array([[True, False, False], [False, False, True]])
    assert set(class_balanced_draws(shows, 1000, np.random.default_rng(0)).classes.tolist()) == {0, 2}


def test_an_image_shows_a_class_from_its_first_pixel_on(short_list: int) -> None:
    pixels = np.array([[1_000_000, 0], [999_999, 1]])
    order = ClassBalancedOrder(pixels, "source", 0)
    # Of two classes with equal weights one is always drawn from the second image, the other from both.
    share = np.mean([order.image(draw) for draw in range(short_list)])
    assert share > 0.6


def test_class_balanced_draws_can_be_found_from_anywhere(short_list: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 5, (20, 4))
    whole, later = (ClassBalancedOrder(pixels, "source", 1) for _ in range(2))
    draws = [whole.image(draw) for draw in range(30)]
    assert [later.image(draw) for draw in (29, 3, 17)] == [draws[29], draws[3], draws[17]]
    # The list is gone through again, in another order.
    again = [whole.image(short_list + draw) for draw in range(30)]
    assert again != draws


def test_the_list_is_made_once_for_all_runs_of_a_seed(
    short_list: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def counted(shows: NDArray[np.bool_], draws: int, random: np.random.Generator) -> sampling.BalancedDraws:
        made.append(draws)
        return class_balanced_draws(shows, draws, random)

    monkeypatch.setattr(sampling, "class_balanced_draws", counted)
    pixels = np.random.default_rng(5).integers(0, 5, (21, 4))  # of no other test
    first, second, other = (ClassBalancedOrder(pixels, "source", seed) for seed in (1, 1, 2))
    assert made == [short_list, short_list]
    drawn = [[order.image(draw) for draw in range(50)] for order in (first, second, other)]
    assert drawn[0] == drawn[1] != drawn[2]
    # An image with one class more or less is other data.
    pixels[0, 0] = 0 if pixels[0, 0] else 1
    ClassBalancedOrder(pixels, "source", 1)
    assert len(made) == 3


def test_the_list_is_as_long_as_the_released_one() -> None:
    # 62,500 steps of 2 images, rounded up to whole spans of 3,000: 42 of them.
    assert CLASS_BALANCED_LIST == 126_000


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="There must be an image to draw, not 0"):
        ShuffledOrder(0, "source")
    with pytest.raises(ValueError, match="No image shows any class"):
        ClassBalancedOrder(np.zeros((3, 2), np.int64), "source")
