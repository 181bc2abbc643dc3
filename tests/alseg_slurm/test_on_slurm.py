"""``alseg run --on slurm`` on a real cluster of two nodes on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from alseg.files import read_json
from executed_runs import (
    METHODS,
    result_bytes,
    run_command,
    run_here,
    run_states,
    small_experiment,
    started,
    while_running,
    worker_of,
)
from slurm_cluster import SlurmCluster, missing_program, slurm_cluster

MISSING = missing_program()

pytestmark = [
    pytest.mark.service,
    pytest.mark.slow,
    pytest.mark.nightly,
    pytest.mark.xdist_group("slurm"),
    pytest.mark.skipif(MISSING is not None, reason=f"{MISSING} is not installed (slurm-wlm and munge)"),
]

SOON = {"name": "slurm", "poll_seconds": 1.0, "cpus": 1}


@pytest.fixture(scope="module")
def cluster() -> Iterator[SlurmCluster]:
    with slurm_cluster() as started:
        yield started


def document(iterations: int = 6, executor: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    content = small_experiment(iterations, **changes)
    return {**content, "settings": {**content["settings"], "executor": executor or SOON}}


PAIR = document(8, methods=METHODS[2:], seeds=[0])
"""Two runs that share source training."""


@pytest.fixture(scope="module")
def pair_bytes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return in_one_process(tmp_path_factory.mktemp("one"), PAIR)


@contextmanager
def dispatching(
    cluster: SlurmCluster, folder: Path, content: dict[str, Any]
) -> Iterator[subprocess.Popen[str]]:
    with started(run_command(sys.executable, folder, content), cluster.environment) as process:
        yield process


def on_slurm(cluster: SlurmCluster, folder: Path, content: dict[str, Any]) -> str:
    """Do an experiment; return what is told."""
    with dispatching(cluster, folder, content) as process:
        _, told = process.communicate(timeout=900)
    assert process.returncode == 0, told + logs(folder)
    return told


def in_one_process(folder: Path, content: dict[str, Any]) -> dict[str, bytes]:
    """Do an experiment without an executor; return its results."""
    settings = {key: value for key, value in content["settings"].items() if key != "executor"}
    done = run_here(folder, {**content, "settings": settings})
    assert done.returncode == 0, done.stderr
    return result_bytes(folder)


def logs(folder: Path) -> str:
    return "\n".join(
        f"== {path.name}\n{path.read_text()}"
        for path in sorted((folder / "results/tiny/units").glob("*.log"))
    )


def attempts(folder: Path, run: str) -> int:
    return len(list(folder.glob(f"results/tiny/runs/{run}*/attempts/*.json")))


def at_work(folder: Path, run: str) -> int | None:
    """Return the process that does a run, once its attempt has begun."""
    return worker_of(folder, run) if attempts(folder, run) else None


def suspended(process: subprocess.Popen[str], folder: Path, run: str) -> int:
    """Suspend a run: it is at work for as long as anything takes, on any machine. Return its process."""
    worker = while_running(process, lambda: at_work(folder, run))
    os.kill(worker, signal.SIGSTOP)
    return int(worker)


def has_heard(worker: int, number: signal.Signals) -> bool:
    """Whether a suspended process has got a signal; SLURM wakes it for some."""
    try:
        lines = Path(f"/proc/{worker}/status").read_text().splitlines()
    except FileNotFoundError:
        return True
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    pending = int(status["ShdPnd"], 16) >> (number - 1) & 1
    return bool(pending) or not status["State"].startswith("T")


def wake(worker: int) -> None:
    """Let a suspended process go on, if it still exists."""
    with suppress(ProcessLookupError):
        os.kill(worker, signal.SIGCONT)


def jobs(cluster: SlurmCluster) -> list[str]:
    """Return the jobs that wait or work."""
    return cluster.call("squeue", "-h", "-o", "%i").split()


def arrays(folder: Path) -> int:
    """Return how many arrays of jobs an experiment was; SLURM writes a file for each."""
    return len(list(folder.glob("results/tiny/units/slurm-*.log")))


def test_eight_runs_on_a_cluster_give_the_bytes_of_one_process(cluster: SlurmCluster, tmp_path: Path) -> None:
    told = on_slurm(cluster, tmp_path / "slurm", document())
    assert "8 done." in told.splitlines()
    # Both shared units in one array, and those that follow each of them in one.
    assert arrays(tmp_path / "slurm") == 3
    found, expected = result_bytes(tmp_path / "slurm"), in_one_process(tmp_path / "one", document())
    # Weights of 8 runs, counts and metrics of three rounds each, ledgers of two purchases of six runs.
    assert len(expected) == 8 + 8 * 3 * 2 + 6 * 2
    assert list(found) == list(expected)
    assert [name for name, content in expected.items() if found[name] != content] == []
    assert all(attempts(tmp_path / "slurm", run) == 2 for run in ("source-only", "random", "entropy", "ripu"))
    hosts = {read_json(path)["host"] for path in tmp_path.glob("slurm/results/tiny/units/*__s0*.json")}
    assert len(hosts) == 1
    assert "n1" in told and "n2" in told
    log = next(tmp_path.glob("slurm/results/tiny/units/random*s0*.log")).read_text()
    assert "round 2" in log


def test_a_unit_that_is_killed_is_started_again(
    cluster: SlurmCluster, tmp_path: Path, pair_bytes: dict[str, bytes]
) -> None:
    with dispatching(cluster, tmp_path, PAIR) as process:
        os.kill(while_running(process, lambda: at_work(tmp_path, "entropy")), signal.SIGKILL)
        _, told = process.communicate(timeout=900)
    assert process.returncode == 0, told + logs(tmp_path)
    assert "its process ended without a word (exit code 137 (SIGKILL), job " in told
    assert "; started again, 1 of 3" in told
    assert (attempts(tmp_path, "entropy"), attempts(tmp_path, "ripu")) == (2, 1)
    assert result_bytes(tmp_path) == pair_bytes


def test_a_unit_of_a_lost_node_goes_on_at_another(
    cluster: SlurmCluster, tmp_path: Path, pair_bytes: dict[str, bytes]
) -> None:
    with dispatching(cluster, tmp_path, PAIR) as process:
        workers = [suspended(process, tmp_path, run) for run in ("entropy", "ripu")]
        cluster.lose_node("n1")
        for worker in workers:
            wake(worker)
        _, told = process.communicate(timeout=900)
    cluster.return_node("n1")
    assert process.returncode == 0, told + logs(tmp_path)
    # SLURM itself queues it again, which needs no dispatcher.
    assert "without a word" not in told
    assert {attempts(tmp_path, "entropy"), attempts(tmp_path, "ripu")} == {1, 2}
    assert result_bytes(tmp_path) == pair_bytes


def test_a_unit_near_its_time_limit_saves_and_is_queued_again(
    cluster: SlurmCluster, tmp_path: Path, pair_bytes: dict[str, bytes]
) -> None:
    executor = {**SOON, "minutes": 600.0, "save_seconds": 300}
    content = {**PAIR, "settings": {**PAIR["settings"], "executor": executor}}
    with dispatching(cluster, tmp_path, content) as process:
        worker = suspended(process, tmp_path, "entropy")
        job = cluster.job_of(worker)
        minutes = 4 + cluster.minutes(job)  # fewer than save_seconds are left, and enough to save
        cluster.call("scontrol", "update", f"jobid={job}", f"timelimit={minutes}")
        while_running(process, lambda: has_heard(worker, signal.SIGUSR2))
        wake(worker)
        while_running(process, lambda: "PENDING" in cluster.call("squeue", "-h", "-j", job, "-o", "%T"))
        cluster.call("scontrol", "update", f"jobid={job}", "timelimit=600")
        _, told = process.communicate(timeout=900)
    assert process.returncode == 0, told + logs(tmp_path)
    assert "started again" not in told
    log = next(tmp_path.glob("results/tiny/units/entropy*.log")).read_text()
    assert "Stopped by SIGUSR2, all is saved." in log
    assert "The time limit is near: the job is queued again." in log
    assert (attempts(tmp_path, "entropy"), attempts(tmp_path, "ripu")) == (2, 1)
    assert result_bytes(tmp_path) == pair_bytes


def test_a_dispatcher_that_is_killed_takes_its_units_up_again(
    cluster: SlurmCluster, tmp_path: Path, pair_bytes: dict[str, bytes]
) -> None:
    with dispatching(cluster, tmp_path, PAIR) as process:
        worker = while_running(process, lambda: at_work(tmp_path, "entropy"))
        process.kill()
        process.communicate()
    assert Path(f"/proc/{worker}").exists()
    assert len(json.loads((tmp_path / "results/tiny/dispatch.json").read_text())["units"]) >= 2
    on_slurm(cluster, tmp_path, PAIR)
    assert arrays(tmp_path) == 2
    assert attempts(tmp_path, "entropy") == attempts(tmp_path, "ripu") == 1
    assert result_bytes(tmp_path) == pair_bytes


def test_ctrl_c_at_the_dispatcher_saves_all_units(
    cluster: SlurmCluster, tmp_path: Path, pair_bytes: dict[str, bytes]
) -> None:
    with dispatching(cluster, tmp_path, PAIR) as process:
        worker = suspended(process, tmp_path, "entropy")
        process.send_signal(signal.SIGINT)
        while_running(process, lambda: has_heard(worker, signal.SIGTERM))
        wake(worker)
        _, told = process.communicate(timeout=300)
    assert process.returncode == 130, told + logs(tmp_path)
    assert "Stopped by SIGINT, all is saved." in told
    assert "interrupted" in set(run_states(tmp_path).values()) <= {"interrupted", "done"}
    assert jobs(cluster) == []
    on_slurm(cluster, tmp_path, PAIR)
    assert result_bytes(tmp_path) == pair_bytes


def test_runs_begin_though_their_shared_unit_has_failed(
    cluster: SlurmCluster, tmp_path: Path, pair_bytes: dict[str, bytes]
) -> None:
    cluster.call("scontrol", "update", "partitionname=all", "state=down")
    with dispatching(cluster, tmp_path, PAIR) as process:
        while_running(process, lambda: len(jobs(cluster)) == 2)  # two arrays that wait
        (file,) = tmp_path.glob("results/tiny/units/slurm/shared-*.json")
        file.write_text(json.dumps({**json.loads(file.read_text()), "runs": ["of-another-experiment"]}))
        cluster.call("scontrol", "update", "partitionname=all", "state=up")
        _, told = process.communicate(timeout=900)
    assert process.returncode == 0, told + logs(tmp_path)
    assert "has no run of-another-experiment" in told
    assert "; the runs do it themselves" in told
    assert result_bytes(tmp_path) == pair_bytes


def test_what_slurm_refuses_is_told_at_once(cluster: SlurmCluster, tmp_path: Path) -> None:
    with dispatching(cluster, tmp_path, document(executor={**SOON, "partition": "none"})) as process:
        _, told = process.communicate(timeout=600)
    assert process.returncode == 2, told
    assert "Error: SLURM refused 2 jobs: " in told
    assert "invalid partition specified: none" in told


def test_a_run_on_two_devices_is_one_job_that_starts_two_processes(
    cluster: SlurmCluster, tmp_path: Path
) -> None:
    content = document(methods=METHODS[1:2], seeds=[0])
    content["settings"] = {**content["settings"], "devices": 2}
    content["recipe"] = {**content["recipe"], "source_batch": 2, "target_batch": 2}
    on_slurm(cluster, tmp_path, content)
    (attempt,) = tmp_path.glob("results/tiny/runs/random*/attempts/*.json")
    told = read_json(attempt)
    assert (told["devices"], told["backend"]) == (2, "gloo")
    assert set(run_states(tmp_path).values()) == {"done"}
