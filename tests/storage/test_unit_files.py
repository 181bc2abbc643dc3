from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from alseg.storage import unit_files
from alseg.storage.unit_files import UNITS_NAME, UnitEnding, late_ending, write_ending

DONE = UnitEnding(state="done", seconds=2.0, host="n1")


def test_what_another_host_says_may_be_seen_late(tmp_path: Path) -> None:
    (tmp_path / UNITS_NAME).mkdir()
    writer = threading.Timer(0.3, lambda: write_ending(tmp_path, "one", DONE))
    writer.start()
    assert late_ending(tmp_path, "one", "n1") == DONE
    writer.join()
    assert [path.name for path in (tmp_path / UNITS_NAME).iterdir()] == ["one.json"]


def test_a_unit_is_lost_of_which_nobody_says_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unit_files, "LATE_SECONDS", 0.3)
    started = time.monotonic()
    assert late_ending(tmp_path, "one", "n1") is None
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize("host", ["", socket.gethostname()])
def test_what_this_host_has_not_written_is_not_waited_for(
    tmp_path: Path, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unit_files, "LATE_SECONDS", 3600)
    assert late_ending(tmp_path, "one", host) is None
