"""Times in words."""

from __future__ import annotations

import pytest

from alseg.planning.seconds import Seconds, number_text, span_text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0, 0, "0 s"),
        (95.26, 95.26, "95.3 s"),
        (119, 119, "119 s"),
        (120, 120, "2 min"),
        (7199, 7199, "120 min"),
        (112_345, 112_345, "31.2 h"),
        (172_800, 172_800, "2 days"),
        (1_148_000, 1_148_000, "13.3 days"),
        (123_456_789, 123_456_789, "1,430 days"),
        # Bounds have two digits.
        (100_000, 126_000, "28 to 35 h"),
        (5_000, 8_000, "1.4 to 2.2 h"),
        (100, 101.4, "100 s"),
    ],
)
def test_times_have_no_more_digits_than_are_known(low: float, high: float, text: str) -> None:
    assert span_text(low, high) == text


def test_numbers_likewise() -> None:
    assert number_text(0.04321, 0.04321) == "0.0432"
    assert number_text(0.41, 0.52) == "0.41 to 0.52"
    assert number_text(1234.5, 1234.5) == "1,230"


def test_of_measured_times_the_fastest_and_the_slowest_are_the_bounds() -> None:
    assert Seconds.seen([3, 1, 2]) == Seconds(1, 2, 3)
    assert Seconds(1, 2, 3).times(2).plus(Seconds.exactly(1)) == Seconds(3, 5, 7)
