from __future__ import annotations

import pytest

from alseg.text.printable import printable, printable_lines


def test_a_name_that_steers_a_terminal_shows_its_escapes_on_one_line() -> None:
    # U+202E turns the direction of writing, U+0085 is a line end.
    assert printable("RIPU\x1b[31m\r\n(RA)\u0085\x07\u202e\ud800") == r"RIPU\x1b[31m (RA) \x07\u202e\ud800"


@pytest.mark.parametrize("name", ["主动学习", "e\u0301", "👩\u200d🔬", "Städte → 5% ±", "a\\x1b"])
def test_letters_marks_and_emoji_stay_as_they_are(name: str) -> None:
    assert printable(name) == name


def test_a_message_keeps_its_lines_and_indentation() -> None:
    assert printable_lines("one\n  two\x1b[2J") == "one\n  two\\x1b[2J"
