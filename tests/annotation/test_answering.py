"""What an annotator says of a question, worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from alseg.annotation.answering import Said, answered, seen_in
from alseg.annotation.oracle import Answer, Oracle
from alseg.annotation.revealed import RevealedLabels
from alseg.contracts import AnswerKind, Cost, Picks
from alseg.guard.answers import AnswerError
from alseg.toolkit.annotator_errors import spoken_without_errors
from alseg_baselines.modes import WholeImage, Window
from toys import Stripes

CLASSES = 3
VOID = 255
IDENTITY = np.arange(256, dtype=np.uint8)


def said_of(kind: AnswerKind, truth: Any, footprint: Any, **options: bool) -> Said:
    label, of_question = np.array(truth, np.uint8), np.array(footprint, np.int32)
    seen = seen_in(of_question, label[of_question >= 0], CLASSES)
    spoken = spoken_without_errors(int(of_question.max()) + 1, CLASSES)
    return answered(kind, of_question, seen, spoken, **options)


def names(said: Said) -> list[list[int]]:
    """The set of each answer, void as 3."""
    assert said.sets is not None
    return [np.flatnonzero(row).tolist() for row in said.sets]


def test_the_class_of_most_pixels_fills_a_question() -> None:
    # Question 0: class 2 three times, 1 once. Question 1: 0 and 1 twice each, a tie. Column 4 is not asked.
    said = said_of("dominant", [[2, 2, 1, 0, 0], [2, 1, 0, 1, 0]], [[0, 0, 1, 1, -1], [0, 0, 1, 1, -1]])
    assert said.label.tolist() == [[2, 2, 0, 0, VOID], [2, 2, 0, 0, VOID]]
    assert names(said) == [[2], [0]]


def test_void_is_the_class_of_most_pixels_where_no_other_has_as_many() -> None:
    # Question 0: void three times, class 2 twice. Question 1: both twice; of a tie the class is said.
    truth = [[VOID, VOID, VOID, 2, 2], [VOID, VOID, 2, 2, 1]]
    said = said_of("dominant", truth, [[0] * 5, [1] * 5])
    assert said.label.tolist() == [[VOID] * 5, [2] * 5]
    assert names(said) == [[3], [2]]


def test_a_correction_leaves_what_the_class_of_most_pixels_leaves() -> None:
    truth, footprint = [[2, 2, 1, VOID]], [[0, 0, 0, 1]]
    corrected, dominant = (said_of(kind, truth, footprint) for kind in ("correction", "dominant"))
    assert corrected.label.tolist() == dominant.label.tolist() == [[2, 2, 2, VOID]]
    assert names(corrected) == names(dominant) == [[2], [3]]


def test_a_set_has_every_class_of_a_small_question_and_void() -> None:
    # Everything is within 2 pixels of the border, so everything counts.
    said = said_of("classes", [[0, 2, VOID, 1, 1, 0]], [[-1, 0, 0, 0, 1, -1]])
    assert names(said) == [[1, 2, 3], [1]]
    # Three classes are possible in the first three pixels asked about, one in the last.
    assert said.label.tolist() == [[VOID, VOID, VOID, VOID, 1, VOID]]


def test_classes_at_the_border_of_a_question_are_trimmed_and_those_at_the_border_of_the_image_are_not() -> (
    None
):
    # 7 x 12 pixels; columns 0 to 6 are question 0, the others question 1: columns 5 to 8 are within 2 of a
    # border.
    footprint = np.repeat([[0] * 7 + [1] * 5], 7, axis=0)
    truth = np.zeros((7, 12), np.uint8)
    truth[:, 5:7] = 1  # at the border of question 0 only
    truth[0, 0] = 2  # at the border of the image
    truth[3, 7] = VOID  # at the border of question 1
    said = said_of("classes", truth, footprint)
    assert names(said) == [[0, 2], [0]]
    assert (said.label[:, :7] == VOID).all() and (said.label[:, 7:] == 0).all()


def test_pixels_two_from_the_border_do_not_count_and_pixels_three_from_it_do() -> None:
    footprint = np.full((9, 9), -1)
    footprint[1:8, 1:8] = 0  # rows and columns 3 to 5 remain
    truth = np.zeros((9, 9), np.uint8)
    truth[2, 4] = 1
    assert names(said_of("classes", truth, footprint)) == [[0]]
    truth[3, 5] = 2
    assert names(said_of("classes", truth, footprint)) == [[0, 2]]


def test_single_pixels_keep_their_classes_and_give_sets_where_these_are_wanted() -> None:
    truth, footprint = [[2, 0, VOID, 1]], [[0, 0, 1, -1]]
    plain, told = said_of("pixels", truth, footprint), said_of("pixels", truth, footprint, wants_sets=True)
    assert plain.sets is None
    assert plain.label.tolist() == told.label.tolist() == [[2, 0, VOID, VOID]]
    assert names(told) == [[0, 2], [3]]


def oracle_of(answer: str, **options: Any) -> Oracle:
    # Six stripes of 2 columns: 0 1 2 0 1 2; the last of 12 columns is void.
    mode = Window(radius=1, spacing=2, answer=answer)  # type: ignore[arg-type]
    return Oracle(RevealedLabels(Stripes("train", 2, (6, 12)), IDENTITY, mode=mode, num_classes=3, **options))


def asked(*positions: tuple[int, int], pixels: list[int], proposed: list[int] | None = None) -> Picks:
    return Picks(
        np.array(positions, np.int32),
        np.ones(len(positions), np.float32),
        np.array(pixels),
        None if proposed is None else np.array(proposed, np.uint8),
    )


# Columns 1 to 3 hold 0 once and 1 twice in each row; a corner of 2 x 2 holds 2 and void twice each.
TWO = asked((2, 2), (0, 11), pixels=[9, 4])


@pytest.mark.parametrize(
    ("answer", "clicks", "cost"),
    [
        ("pixels", [2, 2], Cost(pixels=13, valid_pixels=11, trained_pixels=11, clicks=4, images=1)),
        ("dominant", [1, 1], Cost(pixels=13, valid_pixels=13, trained_pixels=13, clicks=2, images=1)),
        ("classes", [2, 2], Cost(pixels=13, valid_pixels=0, trained_pixels=0, clicks=4, images=1)),
        ("correction", [1, 1], Cost(pixels=13, valid_pixels=13, trained_pixels=13, clicks=2, images=1)),
    ],
)
def test_answers_cost_clicks_by_what_is_said_and_pixels_whatever_is_said(
    answer: str, clicks: list[int], cost: Cost
) -> None:
    oracle = oracle_of(answer)
    found = oracle.look_up("train-0", TWO)
    assert isinstance(found, Answer) and found.clicks.tolist() == clicks
    oracle.answer({"train-0": TWO})
    assert oracle.labels.cost() == cost


@pytest.mark.parametrize("answer", ["pixels", "dominant", "classes", "correction"])
def test_answers_are_the_same_after_a_restart_and_in_rounds(answer: str) -> None:
    first, resumed = oracle_of(answer), oracle_of(answer)
    together = oracle_of(answer)
    for picks in (asked((2, 2), pixels=[9]), asked((0, 11), pixels=[4])):
        resumed.labels.restore(first.answer({"train-0": picks}))
    together.answer({"train-0": TWO})
    for other in (resumed.labels, together.labels):
        assert other.cost() == first.labels.cost()
        np.testing.assert_array_equal(other.revealed(0), first.labels.revealed(0))
        np.testing.assert_array_equal(
            other.training_answers(0, (6, 12)).classes, first.labels.training_answers(0, (6, 12)).classes
        )
        np.testing.assert_array_equal(other.pixels_by_class(), first.labels.pixels_by_class())


def test_training_sees_which_question_revealed_a_pixel_and_the_set_of_its_answer() -> None:
    oracle = oracle_of("classes")
    labels = oracle.labels
    nothing = labels.training_answers(0, (6, 12))
    assert (nothing.regions == -1).all() and nothing.classes.shape == (0, 4)
    oracle.answer({"train-0": TWO})
    found = labels.training_answers(0, (3, 6))
    # Nearest sampling takes rows 1, 3, 5 and columns 1, 3, 5, 7, 9, 11.
    assert found.regions.dtype == np.int32
    assert found.regions.tolist() == [[0, 0, -1, -1, -1, 1], [0, 0, -1, -1, -1, -1], [-1] * 6]
    assert found.classes.tolist() == [[True, True, False, False], [False, False, True, True]]
    assert (found.label == VOID).all()


def test_an_image_of_which_the_classes_are_said_costs_a_click_each() -> None:
    mode = WholeImage(tolerance=2.0, answer="classes")
    oracle = Oracle(RevealedLabels(Stripes("train", 1, (6, 12)), IDENTITY, mode=mode, num_classes=3))
    oracle.answer({"train-0": asked((0, 0), pixels=[72])})
    # Three classes and void.
    assert oracle.labels.cost() == Cost(pixels=72, valid_pixels=0, trained_pixels=0, clicks=4, images=1)


class Pricing(Window):
    seen: Any = None

    def clicks(self, answers: Any) -> NDArray[np.int64]:
        type(self).seen = answers
        return super().clicks(answers)


@pytest.mark.parametrize("answer", ["pixels", "dominant", "classes", "correction"])
def test_a_mode_prices_the_kind_with_its_sets_or_proposals(answer: Any) -> None:
    mode = Pricing(radius=1, spacing=2, answer=answer)
    oracle = Oracle(RevealedLabels(Stripes("train", 2, (6, 12)), IDENTITY, mode=mode, num_classes=3))
    oracle.answer({"train-0": asked((2, 2), pixels=[9])})
    proposed = [1] if answer == "correction" else None
    oracle.look_up("train-0", asked((0, 11), pixels=[4], proposed=proposed))
    seen = Pricing.seen
    assert seen.kind == answer and seen.count == 1
    assert (seen.sets is None) == (answer != "classes")
    assert answer != "classes" or seen.sets.tolist() == [[False, False, True, True]]
    assert (seen.proposed is None) == (answer != "correction")
    of_corner = {"pixels": [2, VOID, 2, VOID], "classes": [VOID] * 4}.get(answer, [2] * 4)
    assert seen.classes.tolist() == of_corner


def test_an_unknown_kind_of_answer_is_refused() -> None:
    with pytest.raises(AnswerError, match="answer is 'guess', which is no kind of answer"):
        oracle_of("guess").look_up("train-0", TWO)
