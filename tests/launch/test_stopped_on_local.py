"""``alseg run --on local:2`` that is stopped, killed or fails: nothing is lost, nothing done twice."""

from __future__ import annotations

import os
import pty
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alseg.files import read_json
from commands import Commands, counted_document, wait_for_end

REGION = {"name": "region", "radius": 1}
METHODS: list[dict[str, Any]] = [
    {"label": "Source only", "target_labels": "none"},
    {"label": "Entropy", "acquisition": "entropy", "annotation": REGION, "budget": "20%"},
    {"label": "Margin", "acquisition": "margin", "annotation": "pixel", "budget": "6 px/image"},
]
ALL_STEPS = 4 + 3 * 8
"""4 iterations that all share, and 8 more of each of three runs."""


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """Return the keyboard of a terminal, to be written to, and the terminal's path."""
    keyboard, screen = pty.openpty()
    yield keyboard, os.ttyname(screen)
    os.close(keyboard)
    os.close(screen)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the result files of one process."""
    one = Commands(tmp_path_factory.mktemp("one"), counted_document(methods=METHODS))
    done = one.run_here()
    assert done.exit_code == 0, done.output
    assert sorted(one.steps) == sorted([*range(4), *list(range(4, 12)) * 3])
    return dict(one.result_bytes())


@pytest.fixture
def local(tmp_path: Path) -> Commands:
    return Commands(tmp_path / "räs ults", counted_document(methods=METHODS))


def assert_done_once(local: Commands, expected: dict[str, bytes], *options: str, lost: int = 0) -> None:
    """Go on to the end, and compare; ``lost`` steps were taken but not kept."""
    done = local.run_here(*options)
    assert done.exit_code == 0, done.output
    assert local.states == dict.fromkeys(("source-only", "entropy", "margin"), "done")
    assert local.result_bytes() == expected
    assert len(local.steps) == ALL_STEPS + lost


@pytest.mark.slow
def test_a_dispatcher_that_is_killed_leaves_units_that_save_and_the_same_command_goes_on(
    local: Commands, expected: dict[str, bytes]
) -> None:
    with local.started("--on", "local:2", hold="6") as process:
        workers = local.held(process, 2)
        local.let_go(if_asked=True)
        process.kill()
        process.communicate()
    wait_for_end(workers)
    assert sorted(local.states.values()) == ["interrupted", "interrupted"]
    # Round 0 was done once; two runs have come to step 6, which is kept.
    assert sorted(local.steps) == sorted([*range(4), *list(range(4, 7)) * 2])
    assert_done_once(local, expected, "--on", "local:2")
    assert sorted(local.attempts.values()) == [1, 2, 2]


@pytest.mark.slow
def test_the_worker_of_a_shared_unit_that_is_killed_goes_on_from_its_own_checkpoint(
    local: Commands, expected: dict[str, bytes]
) -> None:
    with local.started("--on", "local:2", hold="2") as process:
        (worker,) = local.held(process, 1)
        os.kill(worker, signal.SIGKILL)
        local.let_go()
        _, told = process.communicate(timeout=1800)
    assert process.returncode == 0, told
    assert ": its process ended without a word (SIGKILL); started again, 1 of 3" in told
    (shared,) = local.root.glob("shared/*/unit")
    assert "resumed at iteration 2\n" in (shared / "log.txt").read_text()
    assert_done_once(local, expected, lost=1)  # the step that it was at


@pytest.mark.slow
def test_ctrl_c_at_a_terminal_saves_and_the_command_that_it_prints_goes_on(
    local: Commands, expected: dict[str, bytes], terminal: tuple[int, str]
) -> None:
    keyboard, path = terminal
    with local.started("--on", "local:2", hold="6", terminal=path) as process:
        local.held(process, 2)
        local.let_go(if_asked=True)
        os.write(keyboard, b"\x03")
        _, told = process.communicate(timeout=1800)
    assert process.returncode == 130, told
    assert "Saving and stopping. Another Ctrl-C stops at once, without saving." in told
    file, results = local.folder / "toy.yaml", local.folder / "results"
    assert told.splitlines()[-1] == (
        f"Stopped by SIGINT, all is saved. Go on with: alseg run '{file}' --results '{results}' --on local:2"
    )
    assert set(local.states.values()) <= {"interrupted", "done"}
    assert_done_once(local, expected, "--on", "local:2")


@pytest.mark.slow
def test_a_second_ctrl_c_kills_all_at_once_and_says_what_is_lost(
    local: Commands, expected: dict[str, bytes], terminal: tuple[int, str]
) -> None:
    keyboard, path = terminal
    with local.started("--on", "local:2", hold="6", terminal=path) as process:
        workers = local.held(process, 2)
        os.write(keyboard, b"\x03")
        time.sleep(0.6)  # sooner, it is the same press
        os.write(keyboard, b"\x03")
        _, told = process.communicate(timeout=1800)  # they do not save: they are held
    wait_for_end(workers)
    assert process.returncode == 130, told
    assert (
        "Stopped by a second Ctrl-C, and what came after the last checkpoint was NOT saved. Go on with: "
    ) in told
    assert "Traceback" not in told
    for worker in workers:
        (local.folder / f"held-{worker}").unlink()
    assert_done_once(local, expected, lost=2)


@pytest.mark.slow
def test_a_run_that_fails_is_not_tried_again_and_the_others_are_done(
    tmp_path: Path, expected: dict[str, bytes]
) -> None:
    raising = {"label": "Raising", "acquisition": "raising", "annotation": REGION, "budget": "20%"}
    methods = [METHODS[0], raising, *METHODS[1:]]
    local = Commands(tmp_path / "local", counted_document(methods=methods))
    done = local.run("--on", "local:2")
    assert done.returncode == 1, done.stderr
    assert local.states.pop("raising") == "failed"
    assert "3 done, 1 failed." in done.stderr.splitlines()
    assert ": RuntimeError: no score today\n" in done.stderr
    assert local.attempts == {"source-only": 1, "raising": 1, "entropy": 1, "margin": 1}
    found = local.result_bytes()
    assert {name: found[name] for name in expected} == expected
    # Its failure has kept nobody from the pass that the others share.
    (shared,) = local.root.glob("shared/*/unit")
    assert [read_json(path)["ended"] for path in shared.glob("attempts/*")] == ["done"]
    assert (
        "Raising is left to its own run: RuntimeError: no score today\n" in (shared / "log.txt").read_text()
    )
    assert len(local.steps) == ALL_STEPS
