from __future__ import annotations

import pytest

from alseg.testing.aspects import DepartureError, collecting, require


def test_a_departure_is_raised_with_its_aspect() -> None:
    require("inputs", True, "never said")
    with pytest.raises(DepartureError, match="other answer") as caught:
        require("determinism", False, "other answer")
    assert caught.value.aspect == "determinism"


def test_departures_are_collected_the_first_of_each_aspect() -> None:
    with collecting() as departures:
        require("determinism", False, "first")
        require("determinism", False, "second")
        require("inputs", False, "changed")
    assert departures == {"determinism": "first", "inputs": "changed"}
    with pytest.raises(DepartureError):
        require("inputs", False, "raised again")
