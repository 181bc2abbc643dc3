"""``alseg work`` with units in turn."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import alseg.cli.work
from alseg.cli import main
from alseg.cli.unit_lines import UnitLines
from alseg.launch.kept_preparation import KeptPreparation
from alseg.launch.outcome import RunResult, UnitOutcome
from alseg.system.signals import StopRequest


@pytest.fixture
def standard_input() -> Iterator[int]:
    """Return a descriptor whose bytes are this process's standard input; closing it ends the input."""
    before, (reading, writing) = os.dup(0), os.pipe()
    os.dup2(reading, 0)
    yield writing
    os.dup2(before, 0)
    for descriptor in (before, reading):
        os.close(descriptor)


def test_units_in_turn_come_from_standard_input(tmp_path: Path) -> None:
    ended = CliRunner().invoke(main, ["work", str(tmp_path / "unit.json"), "--in-turn", "3"])
    assert ended.exit_code == 2
    assert "--in-turn reads units from standard input: give '-' and --until-eof, too." in ended.output


def test_lines_come_one_by_one_and_none_at_the_end(standard_input: int) -> None:
    os.write(standard_input, b"one\ntwo\n")
    lines = UnitLines()
    assert [lines.next(), lines.next()] == [b"one", b"two"]
    os.close(standard_input)
    assert lines.next() == b""


def test_input_that_ends_stops_the_unit_in_hand(standard_input: int) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        os.write(standard_input, b"one\n")
        lines = UnitLines()
        lines.next()
        lines.begin()
        os.close(standard_input)
        end = time.monotonic() + 60
        while not heard and time.monotonic() < end:
            time.sleep(0.01)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


def test_a_signal_that_comes_when_a_unit_is_done_lets_no_other_begin(
    monkeypatch: pytest.MonkeyPatch, standard_input: int
) -> None:
    monkeypatch.setattr(alseg.cli.work, "_do", lambda *given: pytest.fail("another unit began"))
    os.write(standard_input, b"{}\n")
    done = UnitOutcome(result=RunResult.DONE)
    lines = UnitLines()
    stop = StopRequest(signal=15, working=True)
    assert alseg.cli.work._do_more(done, stop, KeptPreparation(), lines, standard_input) is done
    assert lines.next() == b"{}"
    os.close(standard_input)
