from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alseg import AlsegError
from alseg.contracts import Executor, Resources
from alseg_slurm.request import COMMANDS, JobRequest, build_slurm


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the PATH with programs that do nothing."""
    for name in COMMANDS:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_it_is_an_executor_whose_units_outlive_it(installed: Path) -> None:
    executor = build_slurm(address="gpu")
    assert isinstance(executor, Executor)
    assert executor.outlives


def test_without_slurm_it_is_refused(installed: Path) -> None:
    (installed / "squeue").unlink()
    with pytest.raises(AlsegError) as caught:
        build_slurm(address=None)
    assert str(caught.value) == (
        "Executor 'slurm' needs the program squeue, which is not on this machine's PATH. Give `alseg run` on "
        "a login node of the cluster."
    )


@pytest.mark.parametrize(
    ("address", "parameters", "message"),
    [
        (
            "gpu",
            {"partition": "cpu"},
            "Executor 'slurm:gpu' names two partitions. Write slurm:PARTITION, or the parameter partition, "
            "or slurm alone.",
        ),
        (
            "",
            {},
            "Executor 'slurm:' names no partition after the colon. Write slurm:PARTITION, or the parameter "
            "partition, or slurm alone.",
        ),
        (
            None,
            {"options": {"--mail-type": "FAIL"}},
            "Executor 'slurm': '--mail-type' in 'options' is no long option of sbatch. Write its name "
            "without dashes in front, such as mail-type.",
        ),
        (
            None,
            {"options": {"array": "0-7"}},
            "Executor 'slurm': 'options' cannot set array, which the executor sets itself. Remove it.",
        ),
        (
            None,
            {"minutes": 2.0},
            "Executor 'slurm': a time limit of 2 minutes leaves no time to work, since units save 120 "
            "seconds before it. Give more minutes, or fewer save_seconds.",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(
    installed: Path, address: str | None, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(AlsegError) as caught:
        build_slurm(address=address, **parameters)
    assert str(caught.value) == message


def test_without_parameters_a_job_asks_for_what_its_unit_needs() -> None:
    assert JobRequest().arguments(Resources(devices=1, cpus=4)) == [
        *("--nodes=1", "--ntasks-per-node=1", "--cpus-per-task=4", "--gpus-per-node=1"),
        "--signal=USR2@120",
    ]
    together = Resources(devices=4, processes=4, cpus=2)
    assert "--cpus-per-task=8" in JobRequest().arguments(together)
    assert "--cpus-per-task=6" in JobRequest(cpus=6).arguments(together)
    assert JobRequest().arguments(Resources()) == ["--nodes=1", "--ntasks-per-node=1", "--signal=USR2@120"]


def test_a_run_on_several_devices_has_a_process_for_each() -> None:
    asked = JobRequest().arguments(Resources(devices=4, nodes=2, memory_gib=1.5, minutes=90.5))
    assert asked == [
        *("--time=90:30", "--nodes=2", "--ntasks-per-node=1", "--gpus-per-node=4", "--mem=1536M"),
        "--signal=USR2@120",
    ]


def test_parameters_become_options_of_sbatch() -> None:
    request = JobRequest(
        partition="gpu",
        account="lab",
        qos="high",
        constraint="a100|h100",
        minutes=240,
        save_seconds=300,
        gpus_per_node="a100:1",
        cpus=8,
        memory_gib=32,
        options={"mail-type": "FAIL", "exclusive": True, "contiguous": False, "nice": "10"},
    )
    assert request.arguments(Resources(devices=1, cpus=1)) == [
        *("--partition=gpu", "--account=lab", "--qos=high", "--constraint=a100|h100", "--time=240:00"),
        *("--nodes=1", "--ntasks-per-node=1", "--cpus-per-task=8", "--gpus-per-node=a100:1", "--mem=32768M"),
        *("--signal=USR2@300", "--mail-type=FAIL", "--exclusive", "--nice=10"),
    ]
    # Of eight cores one computes, since settings.threads says so; the others load images.
    assert request.threads(Resources(cpus=1)) == 1
    assert request.threads(Resources()) == 8


def test_a_cluster_that_counts_gpus_otherwise_is_asked_in_its_own_way() -> None:
    request = JobRequest(gpus_per_node=0, options={"gres": "gpu:1"})
    assert request.arguments(Resources(devices=1)) == [
        *("--nodes=1", "--ntasks-per-node=1", "--signal=USR2@120", "--gres=gpu:1")
    ]
