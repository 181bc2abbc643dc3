"""``alseg cancel``: whom it asks, and what it says where it can ask nobody."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alseg import ExecutorSpec, hookimpl
from alseg.cli import cancel as command
from alseg.cli import main
from alseg.contracts import Standing, WorkUnit
from alseg.errors import AlsegError
from alseg.files import write_checked_text
from alseg.launch import cancel, wanted
from alseg.launch.run_choice import choose_runs
from alseg.registry.registry import Registry
from alseg.storage.cancel_files import CancelRequest, take_requests
from alseg.storage.lock import exclusive
from alseg.storage.unit_files import DISPATCH_LOCK, DispatchFile, Submission, write_dispatch
from alseg.system.processes import ask_holder_to_stop, is_alive
from fakeruns import write_run
from fakewatch import ENDED, HERE, write_holder, write_live
from toys import prepared_toy, toy_document, toy_registry


class Cluster:
    """An executor whose units outlive the process; ``gone`` names those that have ended."""

    outlives = True
    asked: list[tuple[list[str], float]] = []  # noqa: RUF012
    closed = 0

    def submit(self, unit: WorkUnit, after: Sequence[str]) -> str:
        raise AssertionError("nothing is submitted here")

    def poll(self, ids: Sequence[str]) -> Mapping[str, Standing]:
        return {name: Standing(state="gone" if name == "4" else "working") for name in ids}

    def cancel(self, ids: Sequence[str], grace: float) -> None:
        self.asked.append((list(ids), grace))

    def close(self) -> None:
        type(self).closed += 1


def build_cluster(*, address: str | None) -> Cluster:
    return Cluster()


class Clusters:
    @hookimpl
    def register_executors(self) -> list[ExecutorSpec]:
        return [ExecutorSpec(name="cluster", summary="Test.", source="Test.", build=build_cluster)]


def registry() -> Registry:
    return toy_registry(Clusters())


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a results folder with an experiment of two methods and two seeds, none of them begun."""
    monkeypatch.setattr(wanted, "load_registry", registry)
    monkeypatch.setattr(command, "read_registry", registry)
    monkeypatch.setattr(Cluster, "asked", [])
    from alseg.config.yaml_text import as_yaml

    methods = [
        {"label": "Entropy", "acquisition": "entropy", "annotation": "region", "budget": "20%"},
        {"label": "Source only", "target_labels": "none"},
    ]
    prepared = prepared_toy(tmp_path, toy_document(methods=methods, seeds=[0, 1]))
    folder = tmp_path / "results/toy"
    folder.mkdir(parents=True)
    write_checked_text(folder / "experiment.yaml", as_yaml(prepared.experiment.document))
    return folder


def asked(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["cancel", *map(str, arguments)])


def runs_of(root: Path) -> list[str]:
    return sorted(wanted.wanted_runs(root)[0])


def test_runs_are_chosen_by_name_beginning_and_filter(root: Path) -> None:
    first, second, third, fourth = runs_of(root)
    assert choose_runs(root, (), ()) == ()
    assert choose_runs(root, (first,), ()) == (first,)
    assert choose_runs(root, ("entropy",), ()) == (first, second)
    assert choose_runs(root, (), ("seed=1",)) == (second, fourth)
    assert choose_runs(root, ("entropy",), ("seed=1",)) == (second,)
    assert choose_runs(root, (), ("method=Source only", "seed=0")) == (third,)


def test_a_name_that_means_no_run_is_refused(root: Path) -> None:
    first, *_ = runs_of(root)
    with pytest.raises(AlsegError, match=rf"No run 'entropi__s0'.* Runs: {first}, "):
        choose_runs(root, ("entropi__s0",), ())
    with pytest.raises(AlsegError, match=r"No seed matches '7'\. Seeds: 0, 1\."):
        choose_runs(root, (), ("seed=7",))
    with pytest.raises(AlsegError, match=r"No run 'source' in"):
        choose_runs(root, ("source",), ("method=Entropy",))


def test_filters_need_the_experiment(tmp_path: Path) -> None:
    write_run(tmp_path / "quickstart", "A")
    with pytest.raises(AlsegError, match=r"--only needs the experiment\. There is no experiment\.yaml"):
        choose_runs(tmp_path / "quickstart", (), ("seed=0",))


@contextmanager
def dispatcher(root: Path, *, reads: bool) -> Iterator[list[CancelRequest]]:
    """Hold the lock of a dispatcher, and read requests as it does."""
    found: list[CancelRequest] = []
    done = threading.Event()

    def read() -> None:
        while not done.wait(0.01):
            found.extend(take_requests(root))

    thread = threading.Thread(target=read)
    with exclusive(root / DISPATCH_LOCK):
        if reads:
            thread.start()
        try:
            yield found
        finally:
            done.set()
            if reads:
                thread.join()


def test_a_dispatcher_is_left_a_request(root: Path) -> None:
    first, second, *_ = runs_of(root)
    with dispatcher(root, reads=True) as requests:
        result = asked(root, "entropy")
        assert result.exit_code == 0, result.output
        assert "lets 2 runs save and stop." in result.stdout.splitlines()[0]
        assert result.stdout.splitlines()[1] == (
            f"`alseg status {root} --watch` shows when they have. The same `alseg run` goes on."
        )
        assert asked(root).exit_code == 0
    assert [request.runs for request in requests] == [(first, second), ()]
    assert {request.host for request in requests} == {HERE}


def test_runs_that_have_ended_are_not_asked_for(root: Path) -> None:
    folder = write_run(root, "Gone")
    with dispatcher(root, reads=True) as requests:
        result = asked(root, folder.name)
    assert (result.exit_code, requests) == (0, [])
    assert result.stdout == f"Nothing to cancel: `alseg status {root}` says what each run does.\n"


def test_a_dispatcher_that_does_not_read_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with dispatcher(root, reads=False):
        found = cancel.Canceller(root, (), registry, answer_seconds=0).cancel()
    (left,) = found.left
    assert left.startswith("`alseg run`, process ") and "has not read the request in 0 s" in left
    # It reads the request when it goes on.
    assert take_requests(root)


def test_units_that_have_outlived_their_dispatcher_are_cancelled_by_their_executor(root: Path) -> None:
    first, second, third, _ = runs_of(root)
    units = {first: "1", second: "2", third: "4", "shared-1": "3"}
    content = DispatchFile(
        executor="cluster",
        units={key: Submission(id=name) for key, name in units.items()},
        after={first: ("shared-1",), second: ("shared-1",)},
        outlives=True,
    )
    write_dispatch(root, content)
    assert "cluster lets 1 unit save and stop." in asked(root, first).stdout
    # What is shared is cancelled with the last of its runs.
    assert "cluster lets 3 units save and stop." in asked(root, "entropy").stdout
    assert "cluster lets 3 units save and stop." in asked(root).stdout
    assert "Nothing to cancel" in asked(root, third).stdout
    grace = cancel.GRACE_SECONDS
    assert [(sorted(ids), seconds) for ids, seconds in Cluster.asked] == [
        (["1"], grace),
        (["1", "2", "3"], grace),
        (["1", "2", "3"], grace),
    ]


def test_nothing_at_work_is_nothing_to_cancel(root: Path) -> None:
    result = asked(root)
    assert (result.exit_code, result.stdout) == (
        0,
        f"Nothing to cancel: `alseg status {root}` says what each run does.\n",
    )


def test_a_process_of_another_machine_is_named(root: Path) -> None:
    write_live(write_run(root, "Far", state="running"))
    result = asked(root)
    assert result.exit_code == 1
    assert result.stderr == (
        "Process 4321 on node7 cannot be stopped from here. Press Ctrl-C where it was started, or give on "
        "node7: kill -TERM 4321\n"
    )


HOLDS = """
import sys, time
from pathlib import Path
from alseg.storage.lock import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@contextmanager
def holding(lock: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process that holds a lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLDS, str(lock)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="no other system tells which files a process has open")
def test_a_process_of_this_machine_is_sent_sigterm(root: Path) -> None:
    folder = write_run(root, "Here", state="running")
    with holding(folder / ".lock") as process:
        write_live(folder, host=HERE, pid=process.pid)
        # One signal would stop more than this run.
        refused = asked(root, folder.name)
        assert refused.exit_code == 1
        assert refused.stderr == (
            f"Process {process.pid} on {HERE} does runs one after the other, and cannot leave out a single "
            f"one. `alseg cancel {root}` stops it; then give `alseg run` with --only.\n"
        )
        assert process.poll() is None
        result = asked(root)
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith(f"Process {process.pid} on {HERE} saves and stops.\n")
        assert process.wait(timeout=120) == -signal.SIGTERM


@pytest.mark.skipif(sys.platform != "linux", reason="no other system tells which files a process has open")
def test_a_process_that_only_has_the_number_is_left_alone(root: Path, tmp_path: Path) -> None:
    folder = write_run(root, "Here", state="running")
    (folder / ".lock").touch()
    with holding(tmp_path / "other/.lock") as process:
        write_holder(folder / ".lock", process.pid)
        write_live(folder, host=HERE, pid=process.pid)
        result = asked(root)
        assert result.exit_code == 1
        assert f"kill -TERM {process.pid}" in result.stderr
        assert process.poll() is None
    assert not ask_holder_to_stop(ENDED, folder / ".lock")


def test_processes_are_known_to_live_or_not() -> None:
    assert is_alive(1)
    assert not is_alive(ENDED)
    assert not is_alive(0)
