from __future__ import annotations

import pytest

from alseg.errors import AlsegError
from alseg.perf import executors
from alseg.perf.executors import seconds_at_work


def test_time_is_told_apart_by_units_at_work() -> None:
    # Began at 10, ended at 30. None: 10-12, 26-30; one: 12-14, 25-26; two: 14-25.
    units = [(12.0, 18.0), (14.0, 20.0), (20.0, 25.0), (18.0, 26.0)]
    assert seconds_at_work(units, 10.0, 30.0, 2) == (2.0 + 4.0, 2.0 + 1.0, 11.0)


def test_units_count_within_the_commands_time_only_and_more_than_most_as_most() -> None:
    # A unit's seconds are rounded, so that it may seem to begin before its command. Three work in 4-6.
    units = [(-1.0, 6.0), (2.0, 6.0), (4.0, 9.0)]
    assert seconds_at_work(units, 0.0, 8.0, 2) == (0.0, 2.0 + 2.0, 2.0 + 2.0)


def test_files_that_differ_are_an_error_that_names_one() -> None:
    same = {"a/ledger.npy": "1", "a/weights.pt": "2"}
    executors._compare(same, dict(same), 2)
    with pytest.raises(AlsegError, match=r"^local:1 and one process differ in a/weights\.pt and 1 others\.$"):
        executors._compare(same, {"a/ledger.npy": "1", "a/weights.pt": "3", "b/ledger.npy": "4"}, 1)


def test_a_facts_ratio_is_of_the_turns_and_its_shares_are_of_the_whole_time() -> None:
    measured = executors._Measured(
        ours=[10.0, 20.0, 10.0],
        plain=[17.0, 36.0, 16.0],  # 1.7, 1.8 and 1.6
        at_work=[(2.0, 1.0, 7.0)] * 3,
        more=[0.3],
    )
    assert measured.facts("8 runs") == {
        "8 runs: one process in units of local:2": "1.70",
        "8 runs by local:2: seconds with 0, 1 and 2 units at work": "2.0, 1.0, 7.0; fewer than 2 for 30% of "
        "the time",
        "8 runs by local:1: processor seconds more for each, imports aside": "0.3",
    }
