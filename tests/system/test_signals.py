"""Requests to stop within one process; tests/reliability/test_signals.py sends them to the command."""

from __future__ import annotations

import signal

import pytest

import alseg.system.signals
from alseg.system.signals import listening


@pytest.fixture(autouse=True)
def _presses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each SIGINT be a press of Ctrl-C at a terminal."""
    monkeypatch.setattr(alseg.system.signals, "_at_terminal", lambda: True)
    monkeypatch.setattr(alseg.system.signals, "ONE_PRESS_SECONDS", 0.0)


def test_a_second_ctrl_c_stops_at_once_but_for_what_is_sheltered() -> None:
    done = []
    with listening() as stop:
        stop.working = True
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), stop.sheltered():
            signal.raise_signal(signal.SIGINT)
            done.append("sheltered")
        assert stop.at_once
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert done == ["sheltered"]


def test_a_first_signal_stops_nothing_that_is_sheltered() -> None:
    with listening() as stop:
        stop.working = True
        with stop.sheltered():
            signal.raise_signal(signal.SIGTERM)
        assert (stop.signal, stop.at_once) == (signal.SIGTERM, False)
