"""Signals of terminals, schedulers and impatient people, sent to ``alseg run`` in a process of its own."""

from __future__ import annotations

import os
import pty
import shlex
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
import torch

from alseg.files import read_json
from commands import until
from killing import events_of, finish, start_command
from toys import toy_document

STEPS = 100_000
"""Of training, so many that nobody waits for the end."""


def document(**changes: Any) -> dict[str, Any]:
    settings = {"device": "cpu", "checkpoint_minutes": 600, **changes}
    return toy_document(
        methods=[{"label": "All", "target_labels": "all"}],
        recipe={"name": "toy", "iterations": STEPS},
        rounds=[],
        settings=settings,
    )


def wait_for(event: str, folder: Path, process: ForkServerProcess) -> int:
    """Wait until something has happened; returns the process's number."""
    while event not in (events_of(folder) if (folder / "events.txt").exists() else []):
        time.sleep(0.002)
        assert process.is_alive(), (folder / "output.txt").read_text()
    assert process.pid is not None
    return process.pid


def output_of(folder: Path) -> str:
    return (folder / "output.txt").read_text()


def go_on(folder: Path) -> str:
    """Return the command that goes on with the run."""
    return shlex.join(["alseg", "run", str(folder / "toy.yaml"), "--results", str(folder / "results")])


def run_of(folder: Path) -> Path:
    (run,) = (folder / "results" / "toy" / "runs").iterdir()
    return run


def saved_steps(folder: Path) -> int:
    """Return how many steps are saved; 0 without a checkpoint."""
    path = run_of(folder) / "checkpoint.pt"
    return int(torch.load(path, weights_only=True)["iteration"]) if path.exists() else 0


def steps_taken(folder: Path) -> int:
    return sum(event.startswith("train#") for event in events_of(folder))


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """Return the keyboard of a terminal, to be written to, and the terminal's path."""
    keyboard, screen = pty.openpty()
    yield keyboard, os.ttyname(screen)
    os.close(keyboard)
    os.close(screen)


TWO_OF_A_SCHEDULER = [signal.SIGTERM, signal.SIGTERM]


@pytest.mark.parametrize(
    ("signals", "name"),
    [
        (TWO_OF_A_SCHEDULER, "SIGTERM"),
        ([signal.SIGTERM, signal.SIGINT], "SIGTERM"),
        ([signal.SIGINT, signal.SIGTERM], "SIGINT"),
        ([signal.SIGINT] * 3, "SIGINT"),  # of a program, for there is no terminal
        ([signal.SIGUSR2, signal.SIGTERM], "SIGUSR2"),
        ([signal.SIGHUP], "SIGHUP"),
    ],
    ids=lambda value: (
        None if isinstance(value, str) else "-".join(signal.Signals(each).name for each in value)
    ),
)
def test_any_number_of_signals_saves_once(tmp_path: Path, signals: list[int], name: str) -> None:
    process = start_command(tmp_path, document())
    pid = wait_for("train#3", tmp_path, process)
    for number in signals:
        with suppress(ProcessLookupError):  # it may be quicker
            os.kill(pid, number)
        time.sleep(0.05)
    assert finish(process) == 128 + signal.Signals[name]
    assert saved_steps(tmp_path) == steps_taken(tmp_path) >= 3
    assert read_json(run_of(tmp_path) / "status.json")["state"] == "interrupted"
    assert f"stopped by {name}, all is saved\n" in (run_of(tmp_path) / "log.txt").read_text()
    assert output_of(tmp_path).splitlines()[-1] == (
        f"Stopped by {name}, all is saved. Go on with: {go_on(tmp_path)}"
    )
    assert "Traceback" not in output_of(tmp_path)


def test_ctrl_c_twice_at_a_terminal_stops_at_once_and_says_that_it_did_not_save(
    tmp_path: Path, terminal: tuple[int, str]
) -> None:
    keyboard, path = terminal
    process = start_command(tmp_path, document(), path, hold="train#2")
    wait_for("train#2", tmp_path, process)
    os.write(keyboard, b"\x03")
    os.write(keyboard, b"\x03")  # so soon, it is the same press
    time.sleep(0.6)
    assert process.is_alive()
    os.write(keyboard, b"\x03")
    assert finish(process) == 130
    assert saved_steps(tmp_path) == 0
    assert "Saving and stopping. Another Ctrl-C stops at once, without saving." in output_of(tmp_path)
    assert output_of(tmp_path).splitlines()[-1] == (
        "Stopped by a second Ctrl-C, and what came after the last checkpoint was NOT saved. "
        f"Go on with: {go_on(tmp_path)}"
    )
    assert "stopped by SIGINT, without saving\n" in (run_of(tmp_path) / "log.txt").read_text()


def test_a_terminal_that_is_closed_loses_nothing(tmp_path: Path) -> None:
    keyboard, screen = pty.openpty()
    process = start_command(tmp_path, document(), os.ttyname(screen))
    wait_for("train#3", tmp_path, process)
    os.close(screen)
    os.close(keyboard)  # the kernel sends SIGHUP
    assert finish(process) == 128 + signal.SIGHUP
    assert saved_steps(tmp_path) == steps_taken(tmp_path) >= 3


@pytest.mark.parametrize("event", ["begin train#1", "train#1"])
def test_loaders_leave_signals_to_the_process_that_started_them(tmp_path: Path, event: str) -> None:
    process = start_command(tmp_path, document(workers=2))
    pid = wait_for(event, tmp_path, process)
    for _ in range(3):
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGTERM)
        time.sleep(0.02)
    assert finish(process) == 128 + signal.SIGTERM
    printed = output_of(tmp_path)
    assert "Traceback" not in printed
    assert "Stopped by SIGTERM" in printed.splitlines()[-1]
    if event == "train#1":
        assert saved_steps(tmp_path) == steps_taken(tmp_path) >= 1


def test_a_signal_in_the_first_moments_just_ends_the_process(tmp_path: Path) -> None:
    process = start_command(tmp_path, document())
    os.kill(wait_for("preflight#1", tmp_path, process), signal.SIGTERM)
    # Before and after the command listens; a shell gives 143 for both.
    assert finish(process) in (-signal.SIGTERM, 128 + signal.SIGTERM)
    assert "Traceback" not in output_of(tmp_path)


def _catches(pid: int, number: signal.Signals) -> bool:
    """Return whether a process has a handler of its own for a signal, as Linux tells."""
    caught = next(
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt:")
    )
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def test_a_signal_before_training_says_that_nothing_is_lost(tmp_path: Path) -> None:
    many = {"name": "stripes", "count": 1_000_000}
    process = start_command(tmp_path, {**document(), "scenario": {"source": many, "target": many}})
    pid = wait_for("preflight#1", tmp_path, process)
    until(lambda: _catches(pid, signal.SIGTERM))  # a million headers take longer
    os.kill(pid, signal.SIGTERM)
    assert finish(process) == 128 + signal.SIGTERM
    assert output_of(tmp_path) == "Stopped by SIGTERM before anything was trained; nothing is lost.\n"
    assert not (tmp_path / "results").exists()
