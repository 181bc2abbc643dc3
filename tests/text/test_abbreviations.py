from __future__ import annotations

from alseg.text.abbreviations import short_names


def test_names_are_shortened_as_papers_do() -> None:
    assert short_names(["road", "sidewalk", "traffic light", "sign symbol", "vegetation"]) == [
        *("road", "sidew.", "light", "symbol", "veget."),
    ]


def test_names_with_the_same_short_form_stay_as_they_are() -> None:
    assert short_names(["motorcycle", "motorway", "light", "traffic light"]) == [
        *("motorcycle", "motorway", "light", "traffic light"),
    ]


def test_long_names_with_the_same_short_form_become_their_place() -> None:
    assert short_names(["road", "uninterruptible_a", "uninterruptible_b"]) == ["road", "#2", "#3"]


def test_wide_characters_count_twice() -> None:
    # Six columns hold three wide characters, five hold two.
    assert short_names(["主动学", "人行横道"]) == ["主动学", "人行."]
