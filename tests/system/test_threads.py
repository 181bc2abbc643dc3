"""How torch's threads wait, and how many there are, is chosen before torch is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from alseg.files import read_json
from alseg.perf.threads import OURS, SPINNING, busy_processes, ideal, sides
from alseg.system import threads
from alseg.system.threads import Machine, choose, look, prepare
from toys import run_folder, run_toy

IDLE = Machine(cores=8, quota=None, busy=0.0)
SPIN = {"GOMP_SPINCOUNT": "1000"}


def test_threads_spin_for_a_short_while_whatever_the_load() -> None:
    for busy in (None, 0.0, 8.0):
        choice = choose(Machine(8, None, busy), {}, gnu=True)
        assert choice.environment == SPIN
    assert choice.text(8) == (
        "threads: 8 on 8 cores, 8.0 busy with other work; "
        "they spin for 1,000 rounds, then sleep, so that busy cores do not slow them down"
    )


@pytest.mark.parametrize(
    "given",
    [
        {"OMP_WAIT_POLICY": "ACTIVE"},
        {"GOMP_SPINCOUNT": "INFINITE"},
        {"KMP_BLOCKTIME": "0"},
        {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "7"},
    ],
)
def test_what_the_user_says_about_waiting_wins(given: dict[str, str]) -> None:
    choice = choose(IDLE, given, gnu=True)
    assert choice.environment == {}
    assert choice.given == given
    said = " and ".join(f"{name}={value}" for name, value in given.items())
    assert choice.text(8) == f"threads: 8 on 8 cores, 0.0 busy with other work; they wait as {said} says"


def test_another_library_than_gnu_s_is_left_alone() -> None:
    choice = choose(Machine(1), {}, gnu=False)
    assert choice.environment == {}
    assert choice.text(1) == "threads: 1 on 1 core; they wait as their library does"


def test_a_container_s_limit_is_the_number_of_threads() -> None:
    choice = choose(Machine(cores=64, quota=2.5), {}, gnu=True)
    assert choice.environment == {**SPIN, "OMP_NUM_THREADS": "2"}
    assert choice.text(2) == (
        "threads: 2 on 64 cores, limited to 2.5 by the container; they spin for 1,000 rounds, then sleep, so "
        "that busy cores do not slow them down; as many as the container's limit is worth"
    )
    assert choose(Machine(cores=64, quota=0.5), {}, gnu=True).environment["OMP_NUM_THREADS"] == "1"
    assert choose(Machine(cores=2, quota=2.0), {}, gnu=True).environment == SPIN


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OMP_THREAD_LIMIT"])
def test_what_the_user_says_about_the_number_of_threads_wins(name: str) -> None:
    assert choose(Machine(cores=64, quota=2.0), {name: "8"}, gnu=True).environment == SPIN


# -- what the system tells


def system(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1.5),
        (  # the tightest of a group and those above it
            {
                "proc/self/cgroup": "0::/user/job\n",
                "sys/fs/cgroup/user/job/cpu.max": "400000 100000\n",
                "sys/fs/cgroup/user/cpu.max": "200000 100000\n",
            },
            2.0,
        ),
        (
            {
                "proc/self/cgroup": "4:cpu,cpuacct:/docker/ab\n3:cpuset:/\n0::/\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "300000\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            3.0,
        ),
        (
            {
                "proc/self/cgroup": "1:cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            None,
        ),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "nonsense\n"}, None),
    ],
)
def test_limits_of_control_groups_are_read(
    tmp_path: Path, files: dict[str, str], quota: float | None
) -> None:
    assert look(system(tmp_path, files)).quota == quota


def test_no_more_cores_are_busy_than_there_are(tmp_path: Path) -> None:
    cores = look(tmp_path).cores
    assert look(tmp_path).busy is None
    assert look(system(tmp_path, {"proc/loadavg": "0.25 9 9 1/100 7\n"})).busy == 0.25
    assert look(system(tmp_path, {"proc/loadavg": "900.0 9 9 1/100 7\n"})).busy == cores


# -- the command line


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="torch comes with another OpenMP library")
def test_torch_s_own_library_hears_of_the_choice_of_every_command() -> None:
    code = "from alseg.cli import main\nmain(['plugins', 'random'], standalone_mode=False)\nimport torch"
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("OMP_", "GOMP_"))}
    for given, spins in (({}, "1000"), ({"GOMP_SPINCOUNT": "7"}, "7")):
        ended = subprocess.run(
            [sys.executable, "-c", code],
            env={**clean, **given, "OMP_DISPLAY_ENV": "VERBOSE"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"GOMP_SPINCOUNT = '{spins}'" in ended.stderr


def test_nothing_is_changed_once_torch_is_there() -> None:
    environ: dict[str, str] = {}
    assert "torch" in sys.modules
    assert prepare(environ).environment == {}
    assert environ == {}


def test_every_attempt_and_log_says_how_threads_worked(tmp_path: Path) -> None:
    assert run_toy(tmp_path).failed == []
    run = run_folder(tmp_path, "entropy")
    attempt = read_json(run / "attempts" / "0.json")
    assert set(attempt["threading"]) == {"cores", "quota", "busy_at_start", "set", "given", "reason"}
    (line,) = [line for line in (run / "log.txt").read_text().splitlines() if "threads:" in line]
    assert f"threads: {attempt['threads']} on {attempt['threading']['cores']} core" in line


# -- the benchmark


def test_sides_of_the_benchmark_do_not_hear_what_the_user_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    monkeypatch.setenv("MKL_NUM_THREADS", "7")
    every = sides(threads=3)
    said = {
        name: {
            key: env[key]
            for key in sorted(env)
            if key in (*threads.THREAD_VARIABLES, *threads.WAIT_VARIABLES)
        }
        for name, env in every.items()
    }
    assert said[SPINNING] == {"OMP_NUM_THREADS": "3"}
    assert said["passive"] == {"OMP_NUM_THREADS": "3", "OMP_WAIT_POLICY": "PASSIVE"}
    assert said["one thread"] == {"OMP_NUM_THREADS": "1"}
    assert said[OURS] == {**said[SPINNING], **(SPIN if sys.platform == "linux" else {})}


def test_an_ideal_share_is_that_of_equal_threads() -> None:
    # Two threads on two cores: alone all, beside two others half, beside four a third.
    assert [ideal(2, busy, 2) for busy in (0, 1, 2, 4)] == [1.0, 1.5, 2.0, 3.0]
    # One thread on two cores loses nothing to one other.
    assert [ideal(1, busy, 2) for busy in (0, 1, 2)] == [1.0, 1.0, 1.5]


def test_busy_processes_end_with_the_block() -> None:
    def children() -> int:
        found = subprocess.run(
            ["ps", "-o", "args=", "--ppid", str(os.getpid())], capture_output=True, text=True
        )
        return found.stdout.count("while True: pass")

    if sys.platform != "linux":
        pytest.skip("ps of this system takes other options")
    with busy_processes(2):
        assert children() == 2
    assert children() == 0
