"""Calls into plugins leave the process as it was, and end with the name of the plugin."""

from __future__ import annotations

import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from alseg.contracts import Picks
from alseg.guard import calls
from alseg.guard.answers import (
    AnswerError,
    checked_footprint,
    checked_image,
    checked_label,
    checked_logits,
    checked_losses,
    checked_picks,
    checked_selection,
)
from alseg.guard.at_work import NAME, AtWork, left_in, noting
from alseg.guard.calls import PluginError, guarded, random_state_kept, watching
from alseg.guard.numeric_state import OF_PROCESS, OF_THREAD
from alseg.guard.state import OF_PROCESS as OF_PYTHON
from alseg.guard.state import OF_THREAD as OF_PYTHON_THREAD
from badplugins import CHANGES, RANDOM

EVERY = (*OF_PYTHON, *OF_PROCESS, *OF_PYTHON_THREAD, *OF_THREAD)


def readings() -> dict[str, Any]:
    return {state.name: state.read() for state in EVERY}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_a_call_changes_is_put_back(change: Callable[[], object]) -> None:
    before = readings()
    with guarded("a plugin", "a call"):
        change()
        assert readings() != before
    assert readings() == before


def test_every_thing_that_is_put_back_is_tried() -> None:
    before, moved = readings(), set()
    with guarded("a plugin", "a call"):
        for change in CHANGES.values():
            change()
        moved = {name for name, value in readings().items() if value != before[name]}
    # Not tried: things that would disturb the tests themselves.
    untried = {"garbage collection", "the switch interval of threads", "how multiprocessing starts processes"}
    assert moved == set(before) - untried


def test_the_process_is_put_back_where_a_call_fails() -> None:
    before = readings()
    with pytest.raises(ValueError, match="no"), guarded("a plugin", "a call"):
        torch.set_default_dtype(torch.float64)
        raise ValueError("no")
    assert readings() == before


def test_a_call_that_ends_first_does_not_take_the_changes_of_another_thread_for_the_rule() -> None:
    changed, leave = threading.Event(), threading.Event()

    def careless() -> None:
        with guarded("careless", "score"):
            torch.set_default_dtype(torch.float64)
            changed.set()
            leave.wait(10)

    thread = threading.Thread(target=careless)
    thread.start()
    changed.wait(10)
    with guarded("other", "predictions"):
        pass  # begins and ends while the first is under way
    leave.set()
    thread.join()
    assert torch.get_default_dtype() == torch.float32


def test_random_states_are_put_back_after_a_phase() -> None:
    def draws() -> tuple[float, float, float]:
        return random.random(), float(np.random.rand()), float(torch.rand(()))

    for change in RANDOM:
        change()
    expected = draws()
    for change in RANDOM:
        change()
    with random_state_kept():
        draws()
    assert draws() == expected


def test_changes_that_move_results_are_told_once_for_each_plugin() -> None:
    told: list[str] = []
    with watching(notes=None, tell=told.append):
        for _ in range(2):
            with guarded("recipe 'x'", "training step 1"):
                torch.set_default_dtype(torch.float64)
                sys.path.insert(0, "/nowhere")
    assert told == [
        "recipe 'x' changed torch's default dtype, which was put back: it would have moved other results."
    ]


def test_handlers_that_the_main_thread_changes_are_no_change_of_a_call_in_another_thread() -> None:
    told: list[str] = []
    inside, changed = threading.Event(), threading.Event()

    def call() -> None:
        with guarded("dataset 'x'", "image"):
            inside.set()
            changed.wait(10)

    before = signal.getsignal(signal.SIGCHLD)
    thread = threading.Thread(target=call)
    try:
        with watching(notes=None, tell=told.append):
            thread.start()
            inside.wait(10)
            signal.signal(signal.SIGCHLD, lambda *_: None)
            mine = signal.getsignal(signal.SIGCHLD)
            with guarded("dataset 'y'", "image"):
                pass
            changed.set()
            thread.join()
        assert told == [] and signal.getsignal(signal.SIGCHLD) is mine
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_an_exit_in_a_plugin_is_an_error_that_names_it() -> None:
    with pytest.raises(PluginError) as caught, guarded("acquisition 'x' of plugin p (d 1)", "score"):
        sys.exit(3)
    assert str(caught.value) == (
        "acquisition 'x' of plugin p (d 1): score called sys.exit(3), which would end the process. "
        "A plugin must raise an Exception instead."
    )


def test_a_call_that_takes_too_long_is_ended_even_where_it_catches_every_exception() -> None:
    started = time.monotonic()
    with (
        pytest.raises(PluginError, match=r"^x: score took longer than 0.2 s \(settings.call_timeout\)"),
        watching(notes=None, tell=print, seconds=0.2),
        guarded("x", "score"),
    ):
        while True:
            try:
                time.sleep(0.01)
            except Exception:
                continue
    assert time.monotonic() - started < 10


def test_a_call_costs_less_than_a_hundredth_of_a_step() -> None:
    def cost() -> float:
        started = time.process_time()
        for _ in range(200):
            with guarded("x", "y"):
                pass
        return (time.process_time() - started) / 200

    # About 20 microseconds on an idle core; the fastest of several tries, for others use the caches, too.
    assert min(cost() for _ in range(5)) < 150e-6


# -- calls under way


def test_calls_under_way_can_be_read_from_the_file_and_are_gone_when_they_end(tmp_path: Path) -> None:
    file = tmp_path / NAME
    with noting(file) as notes, watching(notes=notes, tell=print):
        with guarded("acquisition 'x'", "score for image 7"):
            assert left_in(file) == ["acquisition 'x': score for image 7"]
            with guarded("dataset 'y'", "image"):  # belongs to the call around it
                assert len(left_in(file)) == 1
        assert left_in(file) == []
    assert not file.exists()


def test_more_calls_than_there_are_places_are_not_noted(tmp_path: Path) -> None:
    notes = AtWork(tmp_path / NAME)
    places = [notes.begin(f"call {number}") for number in range(9)]
    assert places[-1] is None
    assert len(left_in(tmp_path / NAME)) == 8
    for place in places:
        notes.end(place)
    assert left_in(tmp_path / NAME) == []


def test_a_file_of_notes_that_is_no_such_file_has_none(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"\x00" * 100)
    assert left_in(tmp_path / NAME) == []
    assert left_in(tmp_path / "missing") == []


def test_nothing_is_noted_where_the_file_cannot_be_written(tmp_path: Path) -> None:
    with noting(tmp_path / "missing" / NAME) as notes:
        assert notes is None


# -- answers


class Thing:
    """Stands for a plugin's object."""


THING = calls.name(Thing(), "dataset 'thing' of plugin p (d 1)")
REMEDY = "Mend the plugin; docs/plugins.md says what each method returns."


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (
            lambda: checked_image(THING, np.zeros((2, 3), np.uint8)),
            "image must return uint8 (H, W, 3), but returned uint8 (2, 3).",
        ),
        (
            lambda: checked_label(THING, np.zeros((2, 3), np.uint8), (3, 2)),
            "label must return uint8 (3, 2), but returned uint8 (2, 3).",
        ),
        (
            lambda: checked_label(THING, np.zeros((2, 3), np.int64)),
            "label must return uint8 (H, W), but returned int64 (2, 3).",
        ),
        (
            lambda: checked_footprint(THING, np.zeros((2, 3), np.int32), (2, 4)),
            "footprint must return int32 (2, 4), but returned int32 (2, 3).",
        ),
        (
            lambda: checked_selection(THING, range(10**12), 4),
            "select must return a list of at most 4 indices, but returned range of 1,000,000,000,000.",
        ),
        (
            lambda: checked_selection(THING, iter([1]), 4),
            "select must return a list of at most 4 indices, but returned list_iterator.",
        ),
        (
            lambda: checked_logits(THING, torch.zeros(()).expand(10**6, 3, 10**6), torch.zeros(2, 3, 4, 4)),
            "forward must return float (2, C, h, w), but returned float32 (1000000, 3, 1000000).",
        ),
        (
            lambda: checked_losses(THING, {"source": torch.zeros(3)}),
            "losses must return a scalar () for 'source', but returned float32 (3,).",
        ),
        (
            lambda: checked_losses(THING, torch.zeros(())),
            "losses must return a mapping of names to scalars, but returned float32 ().",
        ),
        (
            lambda: checked_picks(
                THING,
                Picks(np.broadcast_to(np.int32(0), (10**9, 2)), np.zeros(1, np.float32), np.zeros(1, int)),
                (4, 4),
            ),
            "propose must return Picks with positions (n, 2), n at most 16, "
            "but returned int32 (1000000000, 2).",
        ),
        (
            lambda: checked_picks(
                THING,
                Picks(np.zeros((2, 2), np.int32), np.zeros(1, np.float32), np.zeros(2, int)),
                (4, 4),
            ),
            "propose must return Picks with float scores (2,), but returned float32 (1,).",
        ),
        (
            lambda: checked_picks(THING, None, (4, 4)),
            "propose must return Picks, but returned NoneType.",
        ),
    ],
)
def test_an_answer_of_another_shape_is_refused_by_name(check: Callable[[], object], message: str) -> None:
    with pytest.raises(AnswerError) as caught:
        check()
    assert str(caught.value) == f"dataset 'thing' of plugin p (d 1): {message} {REMEDY}"
