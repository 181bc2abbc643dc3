from __future__ import annotations

import pytest
from scipy import integrate

from alseg.analysis.cost_axes import COST_AXES, area_over
from alseg.contracts import Cost
from alseg.storage.records import Pool, RoundResult

MIOU = (36.6, 55.0, 61.0, 64.0, 66.0)
PIXELS = (0, 440, 880, 1320, 2200)
QUESTIONS = (0, 50, 90, 150, 250)
IMAGES = (0, 2, 5, 9, 10)

ON_THE_AXIS = {
    "pixels": [0, 4.4, 8.8, 13.2, 22],  # percent of 10,000 pixels
    "valid-pixels": [0, 3.96, 7.92, 11.88, 19.8],  # nine tenths of them
    "clicks": [0, 5, 9, 15, 25],  # each of 10 images
    "images": [0, 2, 5, 9, 10],
}


def rounds() -> list[RoundResult]:
    spent = zip(PIXELS, QUESTIONS, IMAGES, strict=True)
    return [
        RoundResult(
            round=number,
            iteration=10 * number,
            cost=Cost(
                pixels=pixels,
                valid_pixels=pixels * 9 // 10,
                trained_pixels=pixels,
                clicks=clicks,
                images=images,
            ),
            pool=Pool(pixels=10_000, images=10),
            miou=MIOU[number],
            accuracy=None,
            iou={},
        )
        for number, (pixels, clicks, images) in enumerate(spent)
    ]


def test_every_cost_axis_has_its_numbers_here() -> None:
    assert list(COST_AXES) == list(ON_THE_AXIS)


@pytest.mark.parametrize("key", COST_AXES)
def test_the_area_on_every_cost_axis_is_that_of_scipy(key: str) -> None:
    costs = ON_THE_AXIS[key]
    assert [COST_AXES[key].read(each) for each in rounds()] == pytest.approx(costs)
    expected = integrate.trapezoid(MIOU, costs) / costs[-1]
    assert area_over(COST_AXES[key], rounds(), lambda each: each.miou) == pytest.approx(expected, rel=1e-12)


def test_an_undefined_metric_or_a_single_point_has_no_area() -> None:
    assert area_over(COST_AXES["pixels"], rounds(), lambda each: each.accuracy) is None
    assert area_over(COST_AXES["pixels"], rounds()[:1], lambda each: each.miou) is None
