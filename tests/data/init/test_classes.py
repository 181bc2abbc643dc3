"""What is said of ids whose meaning files do not tell."""

from __future__ import annotations

from collections import Counter

import pytest

from alseg.data.init.classes import class_table
from alseg.data.init.known import KnownTable, Match
from alseg.data.init.values import Values

IDS = Values("ids", total=1, looked=1, pixels=Counter({0: 5, 1: 5}), showing=Counter({0: 1, 1: 1}))


def tables(count: int) -> Match:
    return Match(
        None, tuple(KnownTable(f"table {number}", {0: "sky", 1: "car"}, {}) for number in range(count))
    )


@pytest.mark.parametrize(
    ("count", "doubt"),
    [
        (1, "The ids would fit table 0: 0 sky, 1 car..."),
        (2, "The ids would fit 2 tables, so they tell nothing: table 0; table 1."),
        (
            9,
            "The ids would fit 9 tables, so they tell nothing: table 0; table 1; table 2; table 3; table 4; "
            "table 5; 3 more.",
        ),
    ],
)
def test_ids_that_fit_many_tables_are_told_in_a_line(count: int, doubt: str) -> None:
    assert class_table(IDS, tables(count)).doubts[-1:] == [doubt]


def test_ids_that_fit_no_table_have_no_such_doubt() -> None:
    assert not [each for each in class_table(IDS, tables(0)).doubts if "would fit" in each]
