"""Budgets in clicks: answers end where the money does."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from alseg.annotation.allowance import BudgetSchedule, Limits
from alseg.annotation.label_count import LabelCount
from alseg.annotation.oracle import Answer, Oracle
from alseg.annotation.price_limit import answers_within
from alseg.annotation.revealed import RevealedLabels
from alseg.config.budget_text import parse_budget
from alseg.contracts import Picks
from alseg_baselines.modes import Window
from toys import Stripes

POOL = ("first", "second", "third")


def picks_of(*scores: float, places: list[tuple[int, int]] | None = None) -> Picks:
    positions = places or [(number, 0) for number in range(len(scores))]
    return Picks(
        np.array(positions, np.int32), np.array(scores, np.float32), np.full(len(scores), 9, np.int64)
    )


# Second comes before first: the order of the pool counts.
PICKS = {"third": picks_of(1), "second": picks_of(9, 7), "first": picks_of(9, 5, 5)}
PRICES = {"first": [2, 3, 1], "second": [4, 1], "third": [1]}
# In rank order: first 2 (the tie goes to the earlier image), second 4, second 1, first 3, first 1, third 1.
# Together: 2, 6, 7, 10, 11, 12.


class Annotator:
    """Knows what each answer costs, and remembers whom it was asked about."""

    def __init__(self, prices: Mapping[str, list[int]]) -> None:
        self.prices, self.asked = prices, list[tuple[str, int]]()

    def look_up(self, image_id: str, picks: Picks) -> Answer:
        self.asked.append((image_id, len(picks)))
        clicks = np.array(self.prices[image_id][: len(picks)], np.int64)
        return Answer(
            picks, np.zeros_like(clicks), clicks, LabelCount(9 * len(picks), np.zeros(255, np.int64))
        )


def bought(limits: Limits) -> dict[str, int]:
    found = answers_within(PICKS, POOL, limits, Annotator(PRICES).look_up)
    assert all(len(answer.clicks) == len(answer.picks) for answer in found.values())
    assert all(answer.count.trained == 9 * len(answer.picks) for answer in found.values())
    return {image_id: len(answer.picks) for image_id, answer in found.items()}


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (0, {}),
        (1, {}),
        (2, {"first": 1}),
        # The answer of 4 clicks does not fit; the cheap ones after it are not asked for.
        (5, {"first": 1}),
        (6, {"first": 1, "second": 1}),
        (7, {"first": 1, "second": 2}),
        # 3 more do not fit; the last ones, of 1, would.
        (9, {"first": 1, "second": 2}),
        (10, {"first": 2, "second": 2}),
        (12, {"first": 3, "second": 2, "third": 1}),
        (1000, {"first": 3, "second": 2, "third": 1}),
    ],
)
def test_answers_of_the_pool_end_before_the_first_that_does_not_fit(
    limit: int, expected: dict[str, int]
) -> None:
    assert bought(Limits("clicks", pool=limit)) == expected


def test_every_image_has_clicks_of_its_own() -> None:
    # First: 2, 5, 6 clicks; second: 4, 5; third: 1.
    assert bought(Limits("clicks", per_image=[4, 5, 0])) == {"first": 1, "second": 2}
    assert bought(Limits("clicks", per_image=[6, 3, 9])) == {"first": 3, "third": 1}


def test_an_image_that_comes_after_the_end_is_not_looked_up() -> None:
    annotator = Annotator(PRICES)
    answers_within(PICKS, POOL, Limits("clicks", pool=7), annotator.look_up)
    # Of the first image all questions, then those that are paid.
    assert annotator.asked == [("first", 3), ("second", 2), ("first", 1)]


def test_a_price_that_depends_on_later_questions_is_refused() -> None:
    class Haggling(Annotator):
        def look_up(self, image_id: str, picks: Picks) -> Answer:
            self.prices = {image_id: [6 // len(picks)] * len(picks)}
            return super().look_up(image_id, picks)

    with pytest.raises(ValueError, match=r"cost \[2\] clicks, and \[6\] without later questions"):
        answers_within({"first": picks_of(9, 5, 5)}, POOL, Limits("clicks", pool=3), Haggling({}).look_up)


def test_what_one_round_leaves_is_there_in_the_next() -> None:
    # Label maps of 6 x 12 pixels: stripes of 2 columns, the last column void. Windows of 3 columns show two
    # stripes, for 2 clicks; around column 10 void too, for 3; around column 0 one stripe, for 1.
    labels = RevealedLabels(
        Stripes("train", 2, (6, 12)), np.arange(256, dtype=np.uint8), mode=Window(radius=1, spacing=2)
    )
    oracle, pool = Oracle(labels), labels.history.image_ids
    schedule = BudgetSchedule(parse_budget("9 clicks", "part"), 2, (72, 72))

    def buy(round_number: int, scores: list[float], places: list[tuple[int, int]]) -> int:
        limits = schedule.limits(round_number, labels)
        picks = {"train-0": picks_of(*scores, places=places)}
        return oracle.buy(answers_within(picks, pool, limits, oracle.look_up)).clicks

    # Half of 9 clicks are 4: the first answer costs 3, the second one 2.
    assert schedule.limits(1, labels) == Limits("clicks", pool=4)
    assert buy(1, [5, 3], [(1, 10), (1, 4)]) == 3
    assert labels.cost().pixels == 9
    # 9 - 3 are left: three answers of 2 clicks, not a fourth.
    assert schedule.limits(2, labels) == Limits("clicks", pool=6)
    assert buy(2, [5, 4, 3, 2], [(1, 4), (1, 7), (4, 4), (4, 7)]) == 6
    assert schedule.limits(2, labels) == Limits("clicks", pool=0)
    spending = schedule.spending(2, labels)
    assert spending is not None
    assert (spending.currency, spending.spent, spending.allowed) == ("clicks", 9, 9)


def test_clicks_and_regions_that_every_image_has_left_are_its_own() -> None:
    labels = RevealedLabels(
        Stripes("train", 2, (6, 12)), np.arange(256, dtype=np.uint8), mode=Window(radius=1, spacing=2)
    )
    Oracle(labels).answer({"train-1": picks_of(2, 1, places=[(1, 4), (1, 7)])})
    clicks = BudgetSchedule(parse_budget("9 clicks/image", "part"), 1, (72, 72))
    # Two windows of two stripes.
    assert clicks.limits(1, labels) == Limits("clicks", per_image=[9, 5])
    budget = parse_budget({"amount": "3 regions/image", "scope": "image"}, "region")
    assert BudgetSchedule(budget, 1, (72, 72)).limits(1, labels) == Limits("regions", per_image=[3, 1])
    over_pool = BudgetSchedule(parse_budget("3 regions/image", "region"), 1, (72, 72))
    assert over_pool.limits(1, labels) == Limits("regions", pool=4)
    assert over_pool.allowance_pixels(1) is None
