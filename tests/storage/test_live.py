from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from alseg.storage import live
from alseg.storage.live import LiveFile, forget_live, read_live
from alseg.system.kept_folders import keeping


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(live, "time", found)
    return found


def text_of(folder: Path) -> str | None:
    found = read_live(folder)
    return None if found is None else found.text


def test_it_says_who_is_at_what(tmp_path: Path) -> None:
    folder = tmp_path / "ripu__s0"
    folder.mkdir()
    LiveFile(folder).begin("train", 90, 34)
    found = read_live(folder)
    assert found is not None
    assert (found.unit, found.host, found.pid) == ("ripu__s0", socket.gethostname(), os.getpid())
    assert found.text == "train 34/90"
    assert [path.name for path in folder.iterdir()] == ["live.json"]
    forget_live(folder)
    assert text_of(folder) is None


def test_it_is_written_every_ten_seconds_and_at_phases_a_second_apart(tmp_path: Path, clock: Clock) -> None:
    file = LiveFile(tmp_path)
    file.begin("train", 90, 0)
    clock.now += 9.9
    file.advance()
    assert text_of(tmp_path) == "train 0/90"
    clock.now += 0.1
    file.advance()
    assert text_of(tmp_path) == "train 2/90"
    clock.now += 0.9
    file.begin("evaluate", 0, 0)
    assert text_of(tmp_path) == "train 2/90"
    clock.now += 0.1
    file.begin("evaluate", 0, 0)
    assert text_of(tmp_path) == "evaluate"


def test_it_says_how_fast_the_phase_is_in_this_process(tmp_path: Path, clock: Clock) -> None:
    file = LiveFile(tmp_path)
    file.begin("train", 90, 34)
    found = read_live(tmp_path)
    assert found is not None and found.rate == 0
    for _ in range(20):
        clock.now += 0.5
        file.advance()
    found = read_live(tmp_path)
    # 20 steps in 10 s, whatever was done before.
    assert found is not None and (found.done, found.rate) == (54, 2)
    assert found.started <= found.time
    clock.now += 1
    file.begin("evaluate", 5, 0)
    found = read_live(tmp_path)
    assert found is not None and found.rate == 0


def test_files_from_before_the_speed_was_kept_are_read(tmp_path: Path) -> None:
    LiveFile(tmp_path).begin("train", 90, 34)
    content = json.loads((tmp_path / "live.json").read_text())
    del content["rate"], content["started"]
    (tmp_path / "live.json").write_text(json.dumps(content))
    assert text_of(tmp_path) == "train 34/90"


def test_a_shared_unit_is_called_by_its_key(tmp_path: Path) -> None:
    folder = tmp_path / "shared" / "0123" / "unit"
    folder.mkdir(parents=True)
    LiveFile(folder).begin("train", 9, 1)
    found = read_live(folder)
    assert found is not None and found.unit == "shared-0123"


def test_nothing_is_written_into_a_folder_that_has_taken_the_place_of_the_runs(tmp_path: Path) -> None:
    folder = tmp_path / "ripu__s0"
    folder.mkdir()
    with keeping(folder):
        folder.rename(tmp_path / "moved")
        folder.mkdir()
        (folder / "live.json").write_text("somebody else's")
        LiveFile(folder).begin("train", 9, 1)
        forget_live(folder)
    assert (folder / "live.json").read_text() == "somebody else's"


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    LiveFile(tmp_path / "gone").begin("train", 9, 1)
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"unit": "a"}), json.dumps({"pid": -1})])
def test_what_makes_no_sense_says_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "live.json").write_text(content)
    assert read_live(tmp_path) is None
