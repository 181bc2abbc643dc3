"""Errors of the annotator: how many, how far, and that nothing but image and place decide on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from alseg.annotation.oracle import Oracle
from alseg.annotation.revealed import RevealedLabels
from alseg.contracts import Picks
from alseg.toolkit.annotator_errors import AnnotatorErrors
from alseg_baselines.modes import WholeImage, Window

IDENTITY = np.arange(256, dtype=np.uint8)


class Halves:
    """Class 0 to the left of a straight border, class 1 to the right; the lowest row is void."""

    def __init__(self, size: tuple[int, int] = (96, 128), border: int = 64) -> None:
        self._label = np.repeat((np.arange(size[1]) >= border)[None].astype(np.uint8), size[0], axis=0)
        self._label[-1] = 255

    def __len__(self) -> int:
        return 2

    def image_id(self, index: int) -> str:
        return f"halves-{index}"

    def size(self, index: int) -> tuple[int, int]:
        return self._label.shape  # type: ignore[return-value]

    def image(self, index: int) -> NDArray[np.uint8]:
        return np.repeat(self._label[..., None], 3, axis=2)

    def label(self, index: int) -> NDArray[np.uint8]:
        return self._label


def labels_with(errors: AnnotatorErrors | None, mode: Any, num_classes: int = 4) -> RevealedLabels:
    return RevealedLabels(Halves(), IDENTITY, mode=mode, num_classes=num_classes, errors=errors)


def bought(labels: RevealedLabels, positions: Any, pixels: Any, image: str = "halves-0") -> None:
    places = np.array(positions, np.int32)
    picks = Picks(places, np.ones(len(places), np.float32), np.array(pixels))
    Oracle(labels).answer({image: picks})


def test_the_share_of_wrong_classes_is_the_one_asked_for_and_each_other_class_is_as_frequent() -> None:
    positions = np.stack(np.divmod(np.arange(20_000), 200), axis=1).astype(np.int32)
    said = AnnotatorErrors(confusion=0.05).spoken(positions, 4, "a")
    assert (said[:, -1] == 4).all()  # void is never mistaken
    wrong = said[:, :-1] != np.arange(4)
    # 80,000 draws: the standard error of the share is 0.0008.
    assert abs(wrong.mean() - 0.05) < 0.003
    # Each of the 12 confusions has a third of 0.05 of 20,000 questions, 333, with a standard error of 18.
    pairs = [np.count_nonzero(said[:, of] == to) for of in range(4) for to in range(4) if of != to]
    assert min(pairs) > 333 - 4 * 18 and max(pairs) < 333 + 4 * 18


def test_all_classes_are_wrong_at_a_share_of_one_and_none_at_none() -> None:
    positions = np.stack(np.divmod(np.arange(50), 10), axis=1).astype(np.int32)
    said = AnnotatorErrors(confusion=1.0).spoken(positions, 3, "a")
    assert not (said[:, :-1] == np.arange(3)).any()
    assert (AnnotatorErrors(boundary=1).spoken(positions, 3, "a") == np.arange(4)).all()
    # Where there is one class, there is no wrong one.
    assert (AnnotatorErrors(confusion=1.0).spoken(positions, 1, "a") == np.arange(2)).all()


def test_what_is_said_depends_on_image_and_place_alone() -> None:
    errors = AnnotatorErrors(confusion=0.5, boundary=3)
    positions = np.array([[1, 2], [2, 1], [40, 70], [2, 2]], np.int32)
    said = errors.spoken(positions, 19, "a")
    np.testing.assert_array_equal(errors.spoken(positions[::-1], 19, "a"), said[::-1])
    np.testing.assert_array_equal(errors.spoken(positions[2:3], 19, "a"), said[2:3])
    assert (errors.spoken(positions, 19, "b") != said).any()
    assert len({tuple(row) for row in said.tolist()}) == 4
    places = np.arange(12_288)
    moved = errors.looked_at(places, (96, 128), "a")
    np.testing.assert_array_equal(errors.looked_at(places[100:7000:7], (96, 128), "a"), moved[100:7000:7])
    assert (errors.looked_at(places, (96, 128), "b") != moved).any()


@pytest.mark.parametrize("reach", [1, 2, 5])
def test_borders_are_off_by_so_many_pixels_at_most_and_by_that_far_somewhere(reach: int) -> None:
    labels = labels_with(AnnotatorErrors(boundary=reach), WholeImage(tolerance=2.0))
    bought(labels, [(0, 0)], [96 * 128])
    inside = labels.revealed(0)[: 96 - 1 - reach]  # the void row may have moved up so far
    assert (inside[:, : 64 - reach] == 0).all() and (inside[:, 64 + reach :] == 1).all()
    border = (inside == 0).sum(axis=1)
    assert border.min() < 64 or border.max() > 64
    # It bends and does not tear: each row has one border, and the next row's is at most one pixel off.
    assert (np.diff(inside.astype(int), axis=1) != 0).sum(axis=1).max() == 1
    assert np.abs(np.diff(border)).max() <= 1


def test_pixels_of_a_mistaken_class_get_the_same_wrong_one_in_each_question() -> None:
    labels = labels_with(AnnotatorErrors(confusion=1.0), Window(radius=1, spacing=2))
    bought(labels, [(10, 63), (20, 63), (95, 10)], [9, 9, 6])
    revealed = labels.revealed(0)
    for row in (10, 20):
        window = revealed[row - 1 : row + 2, 62:65]
        left, right = set(window[:, :2].ravel().tolist()), set(window[:, 2].tolist())
        assert len(left) == len(right) == 1
        assert left <= {1, 2, 3} and right <= {0, 2, 3}
    assert (revealed[95, 9:12] == 255).all()  # void stays void


@pytest.mark.parametrize("answer", ["dominant", "classes", "correction"])
def test_one_class_said_wrongly_fills_the_question(answer: Any) -> None:
    labels = labels_with(AnnotatorErrors(confusion=1.0), Window(radius=1, spacing=2, answer=answer))
    bought(labels, [(10, 10)], [9])
    filled = set(labels.revealed(0)[9:12, 9:12].ravel().tolist())
    assert len(filled) == 1 and filled <= {1, 2, 3}


@pytest.mark.parametrize("answer", ["pixels", "dominant", "classes", "correction"])
def test_the_annotator_says_the_same_after_a_restart_in_other_rounds_and_orders(answer: Any) -> None:
    errors = AnnotatorErrors(confusion=0.5, boundary=2)
    mode = Window(radius=2, spacing=4, answer=answer)
    positions = [(10, 63), (20, 64), (30, 65), (40, 20)]
    one, two = labels_with(errors, mode), labels_with(errors, mode)
    bought(one, positions, [25] * 4)
    for position in reversed(positions):
        bought(two, [position], [25])
    np.testing.assert_array_equal(one.revealed(0), two.revealed(0))
    restored = labels_with(errors, mode)
    for purchase in two.history.purchases:
        restored.restore(purchase)
    np.testing.assert_array_equal(restored.revealed(0), one.revealed(0))
    assert restored.cost() == two.cost()
    told, again = (labels.training_answers(0, (96, 128)).classes for labels in (one, two))
    np.testing.assert_array_equal(told, again[::-1])
    assert (one.revealed(0) != labels_without(mode, positions).revealed(0)).any()


def labels_without(mode: Any, positions: Any) -> RevealedLabels:
    labels = labels_with(None, mode)
    bought(labels, positions, [25] * len(positions))
    return labels
