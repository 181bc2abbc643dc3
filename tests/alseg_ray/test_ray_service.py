"""``alseg run --on ray`` on a Ray cluster of two nodes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from executed_runs import METHODS, result_bytes, run_command, run_states, small_experiment
from ray_nodes import ADDRESS, MOST_SECONDS, NODES, Nodes, inner, two_nodes, why_not

VARIABLE = "ALSEG_RAY_PYTHON"
"""Names a Python that has alseg and ray."""

ON = ("--on", f"ray:{ADDRESS}")
TWO_RUNS = small_experiment(iterations=150, methods=METHODS[2:], seeds=[0])

WITHOUT_A_WORD = "its process ended without a word"
UNREACHABLE = r"\(its machine (left the cluster|or its Ray worker could not be reached)\)"
"""What Ray knows first where a node is gone: it depends on who asks when."""

pytestmark = [
    pytest.mark.service,
    pytest.mark.slow,
    pytest.mark.xdist_group("ray"),
    pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} does not name a Python that has ray"),
]


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    reason = why_not()
    if reason is not None:
        pytest.skip(f"Ray is to listen on loopback only, and no network namespace can be made: {reason}")
    with two_nodes(Path(os.environ[VARIABLE])) as started:
        yield started


@contextmanager
def dispatching(nodes: Nodes, folder: Path, content: dict[str, Any]) -> Iterator[Dispatcher]:
    """Start ``alseg run --on ray`` and kill it at the end if it has not ended."""
    command = run_command(nodes.python, folder, content, *ON)
    with (folder / "told.txt").open("a") as told:
        process = nodes.popen(command, stdout=told, stderr=told)
    dispatcher = Dispatcher(process, folder)
    try:
        yield dispatcher
    finally:
        if process.poll() is None:
            dispatcher.send(signal.SIGKILL)
            process.wait()


class Dispatcher:
    """A running ``alseg run --on ray``."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process, self.folder = process, folder

    @property
    def told(self) -> str:
        return (self.folder / "told.txt").read_text()

    def send(self, number: signal.Signals) -> None:
        os.kill(inner(self.process), number)

    def until(self, condition: Callable[[], Any]) -> Any:
        end = time.monotonic() + MOST_SECONDS
        while not (found := condition()):
            assert self.process.poll() is None, self.told
            assert time.monotonic() < end, self.told
            time.sleep(0.05)
        return found

    def end(self) -> int:
        return self.process.wait(2 * MOST_SECONDS)

    def worker_of(self, run: str) -> str | None:
        """Return the process that holds the lock of a run, as the namespaces call it."""
        for note in (self.folder / "results/tiny/runs").glob(f"{run}*/.lock-holder"):
            words = note.read_text().split()
            return words[1] if len(words) > 1 else None
        return None

    def has_said(self, run: str, pattern: str) -> bool:
        """Whether there is such a line on a run's unit."""
        return re.search(rf"^{run}\S*: {pattern}$", self.told, re.MULTILINE) is not None

    def run_on(self, address: str) -> str | None:
        """Return the run unit that was the last to begin on a node."""
        begun = re.findall(rf"^((?!shared)\w+)\S* on .*\({re.escape(address)}\)$", self.told, re.MULTILINE)
        return begun[-1] if begun else None


def in_one_process(nodes: Nodes, folder: Path, content: dict[str, Any]) -> dict[str, bytes]:
    """Return the results of a plain ``alseg run``."""
    done = nodes.run(run_command(nodes.python, folder, content))
    assert done.returncode == 0, done.stderr
    return result_bytes(folder)


@pytest.fixture(scope="module")
def two_runs(nodes: Nodes, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return in_one_process(nodes, tmp_path_factory.mktemp("one"), TWO_RUNS)


def test_eight_runs_on_two_nodes_give_the_bytes_of_one_process(nodes: Nodes, tmp_path: Path) -> None:
    with dispatching(nodes, tmp_path / "ray", small_experiment()) as dispatcher:
        assert dispatcher.end() == 0, dispatcher.told
    assert all(f"({address})" in dispatcher.told for address in NODES)
    found, expected = (
        result_bytes(tmp_path / "ray"),
        in_one_process(nodes, tmp_path / "one", small_experiment()),
    )
    # Weights of 8 runs, counts and metrics of three rounds each, ledgers of two purchases of six runs.
    assert len(expected) == 8 + 8 * 3 * 2 + 6 * 2
    assert list(found) == list(expected)
    assert [name for name, content in expected.items() if found[name] != content] == []
    assert len(list((tmp_path / "ray").glob("results/tiny/shared/*/unit/attempts/0.json"))) == 2
    assert len(list((tmp_path / "ray").glob("results/tiny/runs/*/attempts/*.json"))) == 8
    # Ray's own processes are all that is left.
    assert nodes.processes("alseg work") == []


def test_a_unit_that_is_killed_is_started_again(
    nodes: Nodes, tmp_path: Path, two_runs: dict[str, bytes]
) -> None:
    with dispatching(nodes, tmp_path, TWO_RUNS) as dispatcher:
        victim = dispatcher.until(lambda: dispatcher.worker_of("entropy"))
        nodes.signal(victim, signal.SIGKILL)
        assert dispatcher.end() == 0, dispatcher.told
    assert dispatcher.has_said("entropy", rf"{WITHOUT_A_WORD} \(SIGKILL\); started again, 1 of 3")
    assert result_bytes(tmp_path) == two_runs


def test_stopped_units_save_and_those_of_a_killed_dispatcher_do_and_the_next_goes_on(
    nodes: Nodes, tmp_path: Path, two_runs: dict[str, bytes]
) -> None:
    both = ("entropy", "ripu")
    with dispatching(nodes, tmp_path, TWO_RUNS) as dispatcher:
        dispatcher.until(lambda: all(dispatcher.worker_of(run) for run in both))
        dispatcher.send(signal.SIGTERM)
        assert dispatcher.end() == 128 + signal.SIGTERM, dispatcher.told
    assert "Stopped by SIGTERM, all is saved." in dispatcher.told
    assert set(run_states(tmp_path).values()) == {"interrupted"}
    assert nodes.processes("alseg work") == []

    with dispatching(nodes, tmp_path, TWO_RUNS) as dispatcher:
        dispatcher.until(lambda: all(dispatcher.worker_of(run) for run in both))
        dispatcher.send(signal.SIGKILL)
        dispatcher.end()
    end = time.monotonic() + MOST_SECONDS
    while nodes.processes("alseg work"):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert set(run_states(tmp_path).values()) == {"interrupted"}

    with dispatching(nodes, tmp_path, TWO_RUNS) as dispatcher:
        assert dispatcher.end() == 0, dispatcher.told
    assert result_bytes(tmp_path) == two_runs


def test_units_of_a_node_that_is_lost_are_done_by_another(
    nodes: Nodes, tmp_path: Path, two_runs: dict[str, bytes]
) -> None:
    with dispatching(nodes, tmp_path, TWO_RUNS) as dispatcher:
        lost = dispatcher.until(lambda: dispatcher.run_on(NODES[1]))
        dispatcher.until(lambda: dispatcher.worker_of(lost))
        nodes.lose(NODES[1])
        assert dispatcher.end() == 0, dispatcher.told
    nodes.start(NODES[1])
    assert dispatcher.has_said(lost, f"{WITHOUT_A_WORD} {UNREACHABLE}; started again, 1 of 3")
    assert dispatcher.run_on(NODES[0]) == lost
    assert result_bytes(tmp_path) == two_runs


def test_a_unit_that_outlives_its_node_saves_and_the_next_goes_on(
    nodes: Nodes, tmp_path: Path, two_runs: dict[str, bytes]
) -> None:
    with dispatching(nodes, tmp_path, TWO_RUNS) as dispatcher:
        lost = dispatcher.until(lambda: dispatcher.run_on(NODES[1]))
        worker = dispatcher.until(lambda: dispatcher.worker_of(lost))
        nodes.signal(worker, signal.SIGSTOP)  # it saves after the next has begun, on any machine
        nodes.cut_off(NODES[1])
        dispatcher.until(lambda: dispatcher.run_on(NODES[0]) == lost)
        nodes.signal(worker, signal.SIGCONT)
        assert dispatcher.end() == 0, dispatcher.told
    assert dispatcher.has_said(lost, f"{WITHOUT_A_WORD} {UNREACHABLE}; started again, 1 of 3")
    (log,) = tmp_path.glob(f"results/tiny/units/{lost}*.log")
    assert "Stopped by SIGTERM, all is saved." in log.read_text()
    assert result_bytes(tmp_path) == two_runs
