from __future__ import annotations

from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alseg import AlsegError
from alseg.config.budget import Budget, allowance
from alseg.config.budget_text import parse_budget

FORMS = "2.2%, 40 px/image, 5000 px, 13 images, 400 clicks, 20 clicks/image, 60 regions or 6 regions/image"


def error_of(value: object, unit: Literal["part", "region", "image"] = "part") -> str:
    with pytest.raises(AlsegError) as caught:
        parse_budget(value, unit)
    return str(caught.value)


def test_a_share_is_exact() -> None:
    # 2.2% = 22 / 1000 = 11 / 500
    assert parse_budget("2.2%", "part") == Budget("2.2%", "share", Fraction(11, 500), "image")


def test_pixels_per_image_are_read() -> None:
    assert parse_budget("40 px/image", "part") == Budget(
        "40 px/image", "pixels-per-image", Fraction(40), "image"
    )


def test_images_are_read_and_always_chosen_over_the_pool() -> None:
    assert parse_budget("13 images", "image") == Budget("13 images", "images", Fraction(13), "pool")
    assert parse_budget("1 image", "image") == Budget("1 image", "images", Fraction(1), "pool")
    assert parse_budget("5%", "image").scope == "pool"


def test_the_long_form_sets_the_scope() -> None:
    budget = parse_budget({"amount": "5%", "scope": "pool"}, "part")
    assert budget == Budget("5%", "share", Fraction(1, 20), "pool")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("2,2%", f"expected a budget such as {FORMS}, got '2,2%'"),
        ("-1%", f"expected a budget such as {FORMS}, got '-1%'"),
        (0.05, f"expected a budget such as {FORMS}, got 0.05"),
        ("101%", "a budget of 101% is more than the whole pool; the most is 100%"),
        ("0%", "a budget of 0% buys nothing; leave the acquisition out and say target_labels: none"),
        (
            "0 px/image",
            "a budget of 0 px/image buys nothing; leave the acquisition out and say target_labels: none",
        ),
        ("2.5 px/image", "a budget of 2.5 px/image is not a whole number of pixels"),
        (
            "13 images",
            "a budget of 13 images needs an annotation mode that labels whole images; "
            "this one asks about parts: say 2.2%, 40 px/image, 5000 px, 400 clicks or 20 clicks/image",
        ),
        ({"scope": "pool"}, f"a budget needs an amount: {FORMS}"),
        (
            "6 regions/image",
            "a budget of 6 regions/image needs an annotation mode that asks about regions of a partition; "
            "this one asks about parts: say 2.2%, 40 px/image, 5000 px, 400 clicks or 20 clicks/image",
        ),
        (
            {"amount": "400 clicks", "scope": "image"},
            "a budget of 400 clicks is that of the whole pool, so scope 'image' makes no sense; leave scope "
            "out, or say how many clicks/image",
        ),
        (
            {"amount": "5000 px", "scope": "image"},
            "a budget of 5000 px is that of the whole pool, so scope 'image' makes no sense; leave scope "
            "out, or say how many px/image",
        ),
        ("2.5 clicks", "a budget of 2.5 clicks is not a whole number of clicks"),
        (
            "0 clicks/image",
            "a budget of 0 clicks/image buys nothing; leave the acquisition out and say target_labels: none",
        ),
        ({"amount": "5%", "scope": "all"}, "expected scope image or pool, got 'all'"),
        ({"amuont": "5%"}, "unknown key 'amuont' of a budget, did you mean 'amount'?"),
    ],
)
def test_what_is_no_budget_for_parts_of_images_is_refused(value: object, message: str) -> None:
    assert error_of(value) == message


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "40 px/image",
            "a budget of 40 px/image needs an annotation mode that asks about parts; "
            "this one labels whole images: say 2.2%, 5000 px, 13 images, 400 clicks or 20 clicks/image",
        ),
        (
            {"amount": "5%", "scope": "image"},
            "scope 'image' makes no sense where whole images are labelled; leave scope out",
        ),
        (
            "60 regions",
            "a budget of 60 regions needs an annotation mode that asks about regions of a partition; "
            "this one labels whole images: say 2.2%, 5000 px, 13 images, 400 clicks or 20 clicks/image",
        ),
        ("1.5 images", "a budget of 1.5 images is not a whole number of images"),
    ],
)
def test_what_is_no_budget_for_whole_images_is_refused(value: object, message: str) -> None:
    assert error_of(value, "image") == message


@pytest.mark.parametrize(
    ("text", "mode", "unit", "currency", "amount", "scope"),
    [
        ("400 clicks", "part", "clicks", "clicks", 400, "pool"),
        ("1 click", "region", "clicks", "clicks", 1, "pool"),
        ("400clicks", "image", "clicks", "clicks", 400, "pool"),
        ("20 clicks/image", "part", "clicks-per-image", "clicks", 20, "image"),
        ("20 clicks / image", "region", "clicks-per-image", "clicks", 20, "pool"),
        ("20 clicks/image", "image", "clicks-per-image", "clicks", 20, "pool"),
        ("60 regions", "region", "regions", "regions", 60, "pool"),
        ("1 region/image", "region", "regions-per-image", "regions", 1, "pool"),
        ("5000 px", "part", "pixels", "pixels", 5000, "pool"),
        ("5000 px", "image", "pixels", "pixels", 5000, "pool"),
    ],
)
def test_clicks_regions_and_pixels_of_the_whole_pool_or_of_each_image_are_read(
    text: str,
    mode: Literal["part", "region", "image"],
    unit: Literal["clicks", "regions"],
    currency: str,
    amount: int,
    scope: Literal["image", "pool"],
) -> None:
    budget = parse_budget(text, mode)
    assert budget == Budget(text, unit, Fraction(amount), scope)
    assert budget.currency == currency


def test_regions_per_image_can_be_those_of_every_image() -> None:
    budget = parse_budget({"amount": "6 regions/image", "scope": "image"}, "region")
    # 6 in 4 rounds are 1.5, 3, 4.5, 6, however many pixels an image has.
    assert [allowance(budget, done, 4, [100, 2]) for done in range(1, 5)] == [[1, 1], [3, 3], [4, 4], [6, 6]]


def test_clicks_and_pixels_of_the_whole_pool_are_one_number() -> None:
    # 25 in 2 rounds: 12.5, 25.
    assert [allowance(parse_budget("25 clicks", "part"), done, 2, [9, 9]) for done in (1, 2)] == [12, 25]
    # 7 for each of 2 images are 14; 7 in the first of 2 rounds.
    per_image = parse_budget({"amount": "7 clicks/image", "scope": "pool"}, "part")
    assert [allowance(per_image, done, 2, [9, 9]) for done in (1, 2)] == [7, 14]
    # There are no more than 18 pixels; how many clicks they cost is not known.
    assert allowance(parse_budget("25 px", "part"), 2, 2, [9, 9]) == 18


def test_what_rounding_leaves_in_one_round_is_there_in_the_next() -> None:
    # 10% of 101 pixels is 10.1; in 3 rounds 3.366, 6.733, 10.1: 3, then 3, then 4 pixels more.
    budget = parse_budget("10%", "part")
    assert [allowance(budget, done, 3, [101]) for done in range(4)] == [[0], [3], [6], [10]]


def test_every_image_has_a_share_of_its_own_size() -> None:
    # Half of the way through 10%: 5% of 100 and of 250, which is 12.5.
    assert allowance(parse_budget("10%", "part"), 1, 2, [100, 250]) == [5, 12]


def test_pixels_per_image_are_never_more_than_an_image_has() -> None:
    # 40 pixels in 5 rounds are 8 a round.
    assert allowance(parse_budget("40 px/image", "part"), 2, 5, [100, 9]) == [16, 9]


def test_over_the_pool_one_number_covers_all_images() -> None:
    share = parse_budget({"amount": "10%", "scope": "pool"}, "part")
    # 10% of 101 + 104 = 20.5.
    assert allowance(share, 1, 1, [101, 104]) == 20
    pixels = parse_budget({"amount": "7 px/image", "scope": "pool"}, "part")
    # 7 pixels for each of 2 images, half of them in the first of two rounds.
    assert allowance(pixels, 1, 2, [101, 104]) == 7


def test_images_are_counted_in_images() -> None:
    budget = parse_budget("13 images", "image")
    # 13 / 5 = 2.6, 5.2, 7.8, 10.4, 13.
    assert [allowance(budget, done, 5, [100] * 20) for done in range(1, 6)] == [2, 5, 7, 10, 13]
    assert allowance(budget, 5, 5, [100] * 4) == 4


def test_a_round_outside_the_run_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="round 4 of 3"):
        allowance(parse_budget("5%", "part"), 4, 3, [100])


@given(
    hundredths=st.integers(1, 10_000),
    rounds=st.integers(1, 12),
    pixels=st.lists(st.integers(1, 3_000_000), min_size=1, max_size=5),
    scope=st.sampled_from(["image", "pool"]),
)
def test_a_share_is_never_exceeded_and_never_shrinks(
    hundredths: int, rounds: int, pixels: list[int], scope: str
) -> None:
    budget = parse_budget({"amount": f"{hundredths / 100:.2f}%", "scope": scope}, "part")
    totals = []
    for round_number in range(rounds + 1):
        allowed = allowance(budget, round_number, rounds, pixels)
        totals.append(allowed if isinstance(allowed, int) else sum(allowed))
    assert totals == sorted(totals)
    assert totals[0] == 0
    assert totals[-1] <= sum(pixels) * Fraction(hundredths, 10_000)
    # Rounding costs less than one pixel per image, whatever the number of rounds.
    assert totals[-1] > sum(pixels) * Fraction(hundredths, 10_000) - len(pixels)
