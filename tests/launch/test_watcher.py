"""Where the units of made-up experiments stand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from alseg.errors import AlsegError
from alseg.launch.standings import ExperimentStanding, UnitStanding, UnitState
from alseg.launch.watcher import Watcher
from alseg.storage import reader
from alseg.storage.unit_files import DispatchFile, Submission, UnitEnding, write_ending
from fakeruns import write_run
from fakewatch import ENDED, HERE, dispatched, timing, write_holder, write_live

ONE_ROUND = ((80.0, 60.0, 40.0),)
SOON = -1000.0
"""A sign of life that the clock of this machine puts into the future, so that no time has passed since."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "quickstart"


def look(root: Path) -> ExperimentStanding:
    return Watcher(root).look()


def the_run(root: Path) -> UnitStanding:
    (found,) = look(root).runs
    return found


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("done", UnitState.DONE),
        ("failed", UnitState.FAILED),
        ("skipped", UnitState.SKIPPED),
        ("waiting", UnitState.FOR_PEOPLE),
        ("interrupted", UnitState.INTERRUPTED),
    ],
)
def test_a_run_that_nobody_does_is_in_the_state_that_it_says(
    root: Path, state: str, expected: UnitState
) -> None:
    write_run(root, "A", state=state)
    assert the_run(root).state is expected


def test_a_run_at_work_says_where_it_is_and_what_it_does(root: Path) -> None:
    folder = write_run(root, "A", state="running", iou=ONE_ROUND * 2)
    write_live(folder, done=22, total=30)
    found = the_run(root)
    assert (found.state, found.host, found.pid, found.round) == (UnitState.AT_WORK, "node7", 4321, 2)
    assert found.progress == "train 22/30"


def test_the_time_left_is_that_of_the_steps_and_of_all_else_in_rounds(root: Path) -> None:
    rounds = ((80.0, 60.0, 40.0),) * 3
    folder = write_run(root, "A", state="running", iou=rounds)
    (folder / "rounds/02/metrics.json").unlink()
    status = folder / "status.json"
    status.write_text(status.read_text().replace('"round": 2', '"round": 1'))
    timing(folder, {0: {"train": 20.0, "evaluate": 4.0}, 1: {"train": 10.0, "evaluate": 6.0}})
    write_live(folder, done=22, total=30, rate=0.5, seconds_ago=SOON)
    # 8 steps of 2 s each, and what rounds take besides: 5 s, the median of 4 s and 6 s.
    assert the_run(root).seconds_left == pytest.approx(21, abs=0.1)
    write_live(folder, phase="evaluate", done=1, total=4, rate=0.1, seconds_ago=SOON)
    assert the_run(root).seconds_left == pytest.approx(5, abs=0.1)
    # Before training, all 10 steps are left: 1.5 s each, the median of 2 s and 1 s.
    write_live(folder, phase="acquire", done=1, total=4, rate=0.1, seconds_ago=SOON)
    assert the_run(root).seconds_left == pytest.approx(20, abs=0.1)


def test_nothing_is_said_of_the_time_left_where_nothing_is_known(root: Path) -> None:
    folder = write_run(root, "A", state="running", iou=ONE_ROUND)
    write_live(folder, phase="acquire", done=1, total=10, rate=0.1)
    assert the_run(root).seconds_left is None
    assert look(root).seconds_left is None


def test_all_runs_take_as_long_as_those_that_are_left_at_so_many_at_a_time(root: Path) -> None:
    for label in ("A", "B"):
        folder = write_run(root, label, state="running", iou=())
        write_live(folder, done=5, total=10, rate=0.05, seconds_ago=SOON)
    done = write_run(root, "C")
    (done / "attempts/0.json").write_text('{"start": "2026-01-01T00:00:00+00:00", "seconds": 300.0}')
    for label in "DEFG":
        (root / "runs" / label).mkdir()
    found = look(root)
    assert found.counts()[UnitState.NOT_BEGUN] == 4
    # Of A and B, 0 of 0 steps are left in run.json; 4 more runs of 300 s each, two at a time.
    assert found.seconds_left == pytest.approx(600, abs=0.1)


def test_a_process_without_a_sign_of_life_for_minutes_is_silent(root: Path) -> None:
    write_live(write_run(root, "A", state="running"), seconds_ago=300)
    found = the_run(root)
    assert found.state is UnitState.SILENT
    assert found.silent_seconds == pytest.approx(300, abs=60)
    assert found.seconds_left is None


def test_a_change_is_a_sign_of_life_whatever_the_clock_of_the_other_machine_says(root: Path) -> None:
    folder = write_run(root, "A", state="running")
    write_live(folder, seconds_ago=300)
    watcher = Watcher(root)
    assert watcher.look().runs[0].state is UnitState.SILENT
    write_live(folder, seconds_ago=280, done=6)
    assert watcher.look().runs[0].state is UnitState.AT_WORK


def test_a_process_of_this_machine_that_has_ended_was_killed(root: Path) -> None:
    folder = write_run(root, "A", state="running")
    write_holder(folder / ".lock", ENDED)
    write_live(folder, host=HERE, pid=ENDED)
    assert the_run(root).state is UnitState.KILLED


def test_a_run_that_has_just_begun_says_nothing_yet(root: Path) -> None:
    folder = write_run(root, "A", state="running")
    write_holder(folder / ".lock", os.getpid())
    found = the_run(root)
    assert (found.state, found.host, found.pid) == (UnitState.STARTING, HERE, os.getpid())


def test_a_unit_that_is_submitted_waits_for_a_place_or_for_other_units(root: Path) -> None:
    write_run(root, "Done")
    for name in ("a", "b", "c", "d"):
        (root / "runs" / name).mkdir()
    content = DispatchFile(
        executor="local:2",
        units={
            "a": Submission(id="1"),
            "b": Submission(id="2", host="node1"),
            "shared-1": Submission(id="3"),
        },
        after={"c": ("shared-1",), "d": ()},
    )
    dispatched(root, content)
    found = look(root)
    states = {unit.key: (unit.state, unit.why, unit.host) for unit in found.units}
    assert states["a"] == (UnitState.WAITING, "a free place in local:2", "")
    assert states["b"] == (UnitState.STARTING, "", "node1")
    assert states["c"] == (UnitState.WAITING, "shared-1", "")
    assert states["d"] == (UnitState.WAITING, "a free place in local:2", "")
    assert states["shared-1"] == (UnitState.WAITING, "a free place in local:2", "")
    assert (found.executor, found.dispatcher) == ("local:2", f"process {os.getpid()} on {HERE}")


@pytest.mark.parametrize(("outlives", "state"), [(True, UnitState.WAITING), (False, UnitState.NOT_BEGUN)])
def test_units_of_a_dispatcher_that_was_killed_count_where_they_outlive_it(
    root: Path, outlives: bool, state: UnitState
) -> None:
    (root / "runs/a").mkdir(parents=True)
    content = DispatchFile(executor="slurm", units={"a": Submission(id="1")}, outlives=outlives)
    dispatched(root, content, pid=ENDED)
    found = look(root)
    assert (found.runs[0].state, found.dispatcher) == (state, "")
    assert found.is_quiet != outlives


def test_a_unit_that_was_lost_says_how_often_it_was_started(root: Path) -> None:
    (root / "runs/a").mkdir(parents=True)
    dispatched(root, DispatchFile(executor="local:2", units={"a": Submission(id="1", tries=3)}))
    assert the_run(root).tries == 3


def test_a_failure_names_the_host_and_the_log(root: Path) -> None:
    folder = write_run(root, "A", state="failed", error="ValueError: no\nmore")
    assert the_run(root).host == ""
    write_ending(root, folder.name, UnitEnding(state="failed", reason="ValueError: no\nmore", host="node3"))
    found = the_run(root)
    assert (found.host, found.why, found.log) == ("node3", "ValueError: no", folder / "log.txt")


def test_a_unit_that_was_lost_for_good_has_failed_with_what_its_process_printed(root: Path) -> None:
    folder = write_run(root, "A", state="running")
    write_holder(folder / ".lock", ENDED)
    write_ending(root, folder.name, UnitEnding(state="failed", reason="lost", host="node3"))
    found = the_run(root)
    assert (found.state, found.why, found.log) == (
        UnitState.FAILED,
        "lost",
        root / "units" / f"{folder.name}.log",
    )


def test_shared_units_are_shown_while_they_work_and_where_they_failed(root: Path) -> None:
    write_run(root, "A", state="interrupted")
    write_live(root / "shared/0123/unit", unit="shared-0123", done=2, rate=0.5, seconds_ago=SOON)
    write_ending(root, "shared-4567", UnitEnding(state="failed", reason="no", host="node2"))
    write_ending(root, "shared-89ab", UnitEnding(state="done", host="node2"))
    at_work, failed = look(root).shared
    assert (at_work.key, at_work.state) == ("shared-0123", UnitState.AT_WORK)
    assert at_work.seconds_left == pytest.approx(16, abs=0.1)
    assert (failed.key, failed.state, failed.host) == ("shared-4567", UnitState.FAILED, "node2")


def test_a_unit_that_has_said_how_it_ended_does_not_start(root: Path) -> None:
    folder = write_run(root, "A", state="interrupted")
    units = {name: Submission(id="1", host=HERE) for name in (folder.name, "shared-0123")}
    dispatched(root, DispatchFile(executor="local:2", units=units))
    assert [unit.state for unit in look(root).units] == [UnitState.STARTING] * 2
    # Its process is about to end.
    write_ending(root, folder.name, UnitEnding(state="interrupted"))
    write_ending(root, "shared-0123", UnitEnding(state="done"))
    assert [unit.state for unit in look(root).units] == [UnitState.INTERRUPTED]


def test_what_cannot_be_read_stops_nothing(root: Path) -> None:
    folder = write_run(root, "A")
    (folder / "status.json").write_text("{")
    for name in ("dispatch.json", ".lock-dispatch-holder", "experiment.yaml"):
        (root / name).write_text("{")
    (root / "units").mkdir()
    (root / "units" / f"{folder.name}.json").write_text("[]")
    found = look(root)
    assert [run.state for run in found.runs] == [UnitState.DAMAGED]
    assert len(found.notes) == 1


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AlsegError, match=r"There is no folder .*gone\. Name a result folder"):
        look(tmp_path / "gone")


def test_whatever_has_not_changed_is_not_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [write_run(root, f"Method {number}") for number in range(20)]
    from alseg.launch import watcher

    read: list[Path] = []
    original = watcher.read_status
    monkeypatch.setattr(watcher, "read_status", lambda folder: read.append(folder) or original(folder))
    found = Watcher(root)
    found.look()
    assert sorted(read) == sorted(folders)
    read.clear()
    status = folders[3] / "status.json"
    status.write_text(status.read_text().replace("done", "failed"))
    assert found.look().counts() == {UnitState.DONE: 19, UnitState.FAILED: 1}
    assert read == [folders[3]]


def test_looking_takes_no_lock_and_no_torch(root: Path) -> None:
    folder = write_run(root, "A", state="running")
    write_live(folder)
    before = sorted(root.rglob("*"))
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from alseg.launch.watcher import Watcher\n"
        "import alseg.cli.watching, alseg.launch.cancel, filelock\n"
        "filelock.FileLock.acquire = None\n"
        "print(Watcher(Path(sys.argv[1])).look().runs[0].state, 'torch' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(root)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "at work False\n"
    assert sorted(root.rglob("*")) == before


def test_the_one_result_folder_need_not_be_named(tmp_path: Path) -> None:
    with pytest.raises(AlsegError, match=r"There are no results in .*\. Name a result folder"):
        reader.the_only_results(tmp_path)
    write_run(tmp_path / "one", "A")
    assert reader.the_only_results(tmp_path) == tmp_path / "one"
    write_run(tmp_path / "two", "A")
    with pytest.raises(AlsegError, match=r"several results in .*\. Name one: .*one, .*two\."):
        reader.the_only_results(tmp_path)
