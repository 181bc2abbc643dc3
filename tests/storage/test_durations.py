"""Times of attempts, and clocks that were set."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from alseg.files import read_json, write_record
from alseg.launch.status import experiment_state
from alseg.storage.durations import attempt_seconds
from fakeruns import write_run

NOON = "2026-01-01T12:00:00+00:00"
LATER = "2026-01-01T12:00:30+00:00"


@pytest.mark.parametrize(
    ("attempt", "seconds"),
    [
        ({"start": NOON, "end": LATER}, 30.0),
        ({"start": LATER, "end": NOON}, None),  # the clock was set back meanwhile
        ({"start": "1970-01-01T00:00:00+00:00", "end": NOON}, None),  # it was set right meanwhile
        ({"start": LATER, "end": NOON, "seconds": 12.5}, 12.5),
        ({"start": NOON, "end": LATER, "seconds": -1}, None),
        ({"start": NOON, "end": None}, None),
        ({"start": "noon", "end": LATER}, None),
        ({"start": "2026-01-01T12:00:00", "end": LATER}, None),  # no zone
        ({}, None),
    ],
)
def test_the_time_of_an_attempt_is_what_is_possible_or_unknown(
    attempt: dict[str, Any], seconds: float | None
) -> None:
    assert attempt_seconds(attempt) == seconds


def test_an_attempt_without_an_end_lasted_until_the_last_sign_of_life() -> None:
    assert attempt_seconds({"start": NOON, "end": None}, datetime.datetime.fromisoformat(LATER)) == 30.0


def test_status_says_that_a_time_is_unknown_where_the_clock_was_set_back(tmp_path: Path) -> None:
    run = write_run(tmp_path / "quickstart", "Random")
    path = run / "attempts" / "0.json"
    write_record(path, {**read_json(path), "start": LATER, "end": NOON})
    (state,) = experiment_state(tmp_path / "quickstart").runs
    assert state.seconds is None
