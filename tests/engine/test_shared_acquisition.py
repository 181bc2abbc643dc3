from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alseg.contracts import Picks
from alseg.engine.shared_acquisition import SharedPoolPass

PICKS = {
    "a": Picks(np.array([[1, 2], [3, 4]], np.int32), np.array([0.5, 0.25], np.float32), np.array([9, 6])),
    "b": Picks(np.zeros((0, 2), np.int32), np.zeros(0, np.float32), np.zeros(0, np.int64)),
    "c": Picks(np.array([[0, 0]], np.int32), np.array([2.0], np.float32), np.array([4])),
}


CORRECTIONS = {
    name: replace(picks, proposed=np.arange(len(picks), dtype=np.uint8)) for name, picks in PICKS.items()
}


@pytest.mark.parametrize(("kept", "parts"), [(PICKS, 3), (CORRECTIONS, 4)])
def test_picks_come_back_as_they_were(tmp_path: Path, kept: dict[str, Picks], parts: int) -> None:
    SharedPoolPass(tmp_path).keep("run", "w", kept, 1.5)
    taken = SharedPoolPass(tmp_path).take("run", "w")
    assert taken is not None
    picks, seconds = taken
    assert seconds == 1.5
    assert list(picks) == ["a", "b", "c"]
    for name, expected in kept.items():
        assert (picks[name].proposed is None) == (parts == 3)
        for part in ("positions", "scores", "pixels", "proposed")[:parts]:
            found, wanted = getattr(picks[name], part), getattr(expected, part)
            np.testing.assert_array_equal(found, wanted)
            assert found.dtype == wanted.dtype and found.shape == wanted.shape


def test_picks_of_other_weights_and_other_runs_are_not_taken(tmp_path: Path) -> None:
    common = SharedPoolPass(tmp_path)
    common.keep("run", "w", PICKS, 1.5)
    assert common.take("run", "other") is None
    assert common.take("another", "w") is None


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_damaged_picks_are_as_good_as_none(tmp_path: Path, place: float) -> None:
    common = SharedPoolPass(tmp_path)
    common.keep("run", "w", PICKS, 1.5)
    (file,) = (tmp_path / "picks").iterdir()
    content = bytearray(file.read_bytes())
    file.write_bytes(content[: int(place * len(content))])
    assert common.take("run", "w") is None


def test_a_changed_bit_never_gives_other_picks(tmp_path: Path) -> None:
    common = SharedPoolPass(tmp_path)
    common.keep("run", "w", PICKS, 1.5)
    (file,) = (tmp_path / "picks").iterdir()
    whole = file.read_bytes()
    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 4
        file.write_bytes(damaged)
        taken = common.take("run", "w")
        if taken is not None:  # a bit that only describes the archive, such as a time
            np.testing.assert_array_equal(taken[0]["a"].positions, PICKS["a"].positions)
            np.testing.assert_array_equal(taken[0]["c"].pixels, PICKS["c"].pixels)


def test_bought_picks_are_removed(tmp_path: Path) -> None:
    common = SharedPoolPass(tmp_path)
    common.keep("run", "w", PICKS, 1.5)
    assert common.holds("run")
    common.forget("run")
    assert not common.holds("run")
    common.forget("run")  # nothing is left to do
