from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from alseg.annotation.oracle import Oracle
from alseg.annotation.revealed import RevealedLabels
from alseg.contracts import AnnotationMode, Answers, Cost, Picks
from alseg_baselines.modes import WholeImage, Window
from toys import Stripes

IDENTITY = np.arange(256, dtype=np.uint8)
REGION = Window(radius=1, spacing=2)


def _labels(mode: AnnotationMode | None = REGION, **options: Any) -> RevealedLabels:
    # Labels of 6 x 12 pixels whose last column is void.
    return RevealedLabels(Stripes("train", 2, (6, 12)), IDENTITY, mode=mode, **options)


def _oracle(mode: AnnotationMode = REGION) -> Oracle:
    return Oracle(_labels(mode))


def _picks(*positions: tuple[int, int], pixels: list[int]) -> Picks:
    return Picks(np.array(positions, np.int32), np.ones(len(positions), np.float32), np.array(pixels))


def test_nothing_is_revealed_before_it_is_bought() -> None:
    assert (_labels().revealed(0) == 255).all()
    assert _labels().cost() == Cost()


def test_an_answer_reveals_the_window_and_nothing_else() -> None:
    oracle = _oracle()
    oracle.answer({"train-0": _picks((2, 2), pixels=[9])})
    truth = Stripes("train", 2, (6, 12)).label(0)
    revealed = oracle.labels.revealed(0)
    assert (revealed[1:4, 1:4] == truth[1:4, 1:4]).all()
    assert int((revealed != 255).sum()) == 9
    assert (oracle.labels.revealed(1) == 255).all()


def test_void_pixels_cost_and_their_share_is_kept() -> None:
    oracle = _oracle()
    # A corner window has 2 x 2 pixels; its right column is void. The other one shows two stripes.
    oracle.answer({"train-0": _picks((0, 11), (3, 3), pixels=[4, 9])})
    assert oracle.labels.cost() == Cost(pixels=13, valid_pixels=11, trained_pixels=11, clicks=4, images=1)


def test_a_mode_that_bills_other_pixels_than_it_reveals_is_caught() -> None:
    with pytest.raises(ValueError, match=r"billed \[8\] pixels but revealed \[9\]"):
        _oracle().answer({"train-0": _picks((2, 2), pixels=[8])})


@pytest.mark.parametrize("price", [[0, 1], [1], [1.0, 1.0], [[1], [1]]])
def test_a_price_that_is_none_is_caught(price: list[Any]) -> None:
    class Mispriced(Window):
        def clicks(self, answers: Answers) -> NDArray[np.int64]:
            return np.array(price)

    with pytest.raises(ValueError, match="must return at least 1 click for each of 2 answers, as integers"):
        _oracle(Mispriced(radius=1, spacing=2)).answer({"train-0": _picks((2, 2), (2, 6), pixels=[9, 9])})


def test_costs_add_up_over_rounds_and_images() -> None:
    oracle = _oracle()
    oracle.answer({"train-0": _picks((2, 2), pixels=[9])})
    oracle.answer({"train-0": _picks((2, 6), pixels=[9]), "train-1": _picks((2, 2), pixels=[9])})
    # A window of 3 columns always shows two stripes of 2 columns: two clicks.
    assert oracle.labels.cost() == Cost(pixels=27, valid_pixels=27, trained_pixels=27, clicks=6, images=2)
    assert oracle.labels.history.pixels_bought("train-0") == 18


def test_a_restored_purchase_is_as_good_as_a_new_one() -> None:
    bought = _oracle()
    purchase = bought.answer({"train-1": _picks((2, 2), pixels=[9])})
    resumed = _labels()
    resumed.restore(purchase)
    assert resumed.cost() == bought.labels.cost()
    np.testing.assert_array_equal(resumed.revealed(1), bought.labels.revealed(1))


def test_whole_images_cost_the_corners_of_their_outlines() -> None:
    oracle = _oracle(WholeImage(tolerance=0))
    oracle.answer({"train-0": _picks((0, 0), pixels=[72])})
    # Six stripes of 2 columns, the last one cut to 1 by the void column: 5 rectangles and 2 lines.
    # 6 of the 72 pixels are void.
    clicks = 5 * 4 + 2 * 2
    assert oracle.labels.cost() == Cost(
        pixels=72, valid_pixels=66, trained_pixels=66, clicks=clicks, images=1
    )


def test_the_fully_supervised_reference_pays_for_everything() -> None:
    known = _labels(None, everything=True, outline_tolerance=0)
    whole = _oracle(WholeImage(tolerance=0))
    whole.answer({f"train-{index}": _picks((0, 0), pixels=[72]) for index in range(2)})
    cost = known.cost()
    assert cost == whole.labels.cost()
    assert (cost.pixels, cost.valid_pixels, cost.images) == (144, 132, 2)
    np.testing.assert_array_equal(known.revealed(1), Stripes("train", 2, (6, 12)).label(1))


def test_single_pixels_survive_a_point_preserving_resize_and_not_a_nearest_one() -> None:
    positions = [(y, x) for y in range(0, 6, 2) for x in range(0, 10, 2)]
    costs = {}
    for point in (True, False):
        oracle = Oracle(_labels(Window(radius=0, spacing=1), training_size=(3, 6), point_resize=point))
        oracle.answer({"train-0": _picks(*positions, pixels=[1] * len(positions))})
        costs[point] = oracle.labels.cost().trained_pixels
    # Halving samples odd coordinates (floor((i + 0.5) * 2)), where nothing was bought.
    assert costs == {True: 15, False: 0}


def test_labels_that_are_all_known_take_no_questions() -> None:
    with pytest.raises(ValueError, match="nothing is left to ask"):
        _labels(REGION, everything=True)
    with pytest.raises(ValueError, match="nothing can be asked"):
        Oracle(_labels(None))
    with pytest.raises(ValueError, match="not revealed all at once"):
        _labels().reveal_everything()


class Watched(Stripes):
    """Counts how often label maps are read."""

    reads = 0

    def label(self, index: int) -> NDArray[np.uint8]:
        self.reads += 1
        return super().label(index)


def test_each_label_map_is_read_once_to_answer_and_to_bill() -> None:
    dataset = Watched("train", 2, (6, 12))
    oracle = Oracle(RevealedLabels(dataset, IDENTITY, mode=REGION))
    oracle.answer({"train-0": _picks((2, 2), pixels=[9]), "train-1": _picks((2, 2), pixels=[9])})
    assert oracle.labels.cost().trained_pixels == 18
    assert dataset.reads == 2


def test_answers_that_were_looked_up_ahead_are_the_same_and_read_no_label_map_again() -> None:
    picks = {"train-0": _picks((0, 11), (3, 3), pixels=[4, 9]), "train-1": _picks((2, 2), pixels=[9])}
    dataset = Watched("train", 2, (6, 12))
    ahead, plain = Oracle(RevealedLabels(dataset, IDENTITY, mode=REGION)), _oracle()
    answers = {image_id: ahead.look_up(image_id, asked) for image_id, asked in picks.items()}
    labels = ahead.labels
    assert (labels.revealed(0) == 255).all() and labels.cost() == Cost()  # nothing is bought by it
    purchase, expected = ahead.buy(answers), plain.answer(picks)
    np.testing.assert_array_equal(purchase.rows, expected.rows)
    assert purchase.spans == expected.spans
    assert dataset.reads == 2
    assert labels.cost() == plain.labels.cost()
    np.testing.assert_array_equal(labels.pixels_by_class(), plain.labels.pixels_by_class())


def test_asking_for_costs_reads_label_maps_of_the_fully_supervised_reference_once() -> None:
    dataset = Watched("train", 2, (6, 12))
    labels = RevealedLabels(dataset, IDENTITY, everything=True)
    # Six stripes of 6 x 2 pixels an image, the last one cut to 6 x 1 by the void column.
    assert labels.pixels_by_class().sum() == labels.cost().valid_pixels == 2 * 66
    assert dataset.reads == 2


def test_restored_purchases_are_counted_once_however_many_they_are() -> None:
    bought = _oracle()
    purchases = [bought.answer({"train-0": _picks((2, x), pixels=[9])}) for x in (2, 6, 10)]
    dataset = Watched("train", 2, (6, 12))
    resumed = RevealedLabels(dataset, IDENTITY, mode=REGION)
    for purchase in purchases:
        resumed.restore(purchase)
    assert dataset.reads == 0
    assert resumed.cost() == bought.labels.cost()
    assert resumed.cost() == bought.labels.cost()
    assert dataset.reads == 1
