"""What jobs ask of SLURM, from the parameters of an experiment file."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from annotated_types import Interval

from alseg import AlsegError
from alseg.contracts import Resources

if TYPE_CHECKING:
    from alseg_slurm.executor import SlurmExecutor

COMMANDS = ("sbatch", "squeue", "scancel")
"""Programs of SLURM that are needed where `alseg run` is given."""

OPTION = re.compile(r"[a-z][a-z0-9-]*")
"""A long option of sbatch, without its dashes."""

OWN = (
    *("array", "dependency", "error", "input", "job-name", "kill-on-invalid-dep", "no-requeue", "ntasks"),
    *("ntasks-per-node", "open-mode", "output", "parsable", "requeue", "signal", "test-only", "wait", "wrap"),
)
"""Options of sbatch that the executor sets, or with which it could not work."""


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """What every job asks for; what a unit needs comes before it, but for cores and GPUs.

    Attributes:
        partition: Queue; None for the cluster's own choice.
        account: Who pays.
        qos: Quality of service.
        constraint: Features of nodes.
        minutes: Time limit; None for the partition's.
        save_seconds: How long before the time limit a unit saves and is queued again.
        gpus_per_node: GPUs, or ``TYPE:NUMBER``; None for what the unit needs.
        cpus: Cores of a job on each node; None for what the unit needs.
        memory_gib: Main memory of each node in GiB; None for what the unit needs.
        at_once: Units of one array that work at a time; None for as many as there is room for.
        options: Further options of sbatch, without dashes.
        setup: Lines of bash before the unit.
    """

    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    constraint: str | None = None
    minutes: float | None = None
    save_seconds: int = 120
    gpus_per_node: int | str | None = None
    cpus: int | None = None
    memory_gib: float | None = None
    at_once: int | None = None
    options: dict[str, str | bool] = field(default_factory=dict)
    setup: tuple[str, ...] = ()

    def arguments(self, needs: Resources) -> list[str]:
        """Return options of sbatch for units with the same needs.

        Args:
            needs: Those of the units.
        """
        minutes = needs.minutes or self.minutes
        cpus = self.cpus or (None if needs.cpus is None else needs.cpus * needs.processes)
        memory = needs.memory_gib or self.memory_gib
        gpus = needs.devices if self.gpus_per_node is None else self.gpus_per_node
        given: dict[str, str | int | float | bool | None] = {
            "partition": self.partition,
            "account": self.account,
            "qos": self.qos,
            "constraint": self.constraint,
            "time": None if minutes is None else _time(minutes),
            "nodes": needs.nodes,
            # The unit, which itself starts the processes that do a run together.
            "ntasks-per-node": 1,
            "cpus-per-task": cpus,
            "gpus-per-node": gpus or None,
            "mem": None if memory is None else f"{round(memory * 1024)}M",
            "signal": f"USR2@{self.save_seconds}",
            **self.options,
        }
        return [
            _option(key, value) for key, value in given.items() if value is not None and value is not False
        ]

    def threads(self, needs: Resources) -> int | None:
        """Return how many threads a unit has; None where nothing says it."""
        return needs.cpus or self.cpus


def build_slurm(
    *,
    address: str | None,
    partition: str | None = None,
    account: str | None = None,
    qos: str | None = None,
    constraint: str | None = None,
    minutes: Annotated[float, Interval(ge=1, le=1_000_000)] | None = None,
    save_seconds: Annotated[int, Interval(ge=10, le=3600)] = 120,
    gpus_per_node: Annotated[int, Interval(ge=0, le=1024)] | str | None = None,
    cpus: Annotated[int, Interval(ge=1, le=4096)] | None = None,
    memory_gib: Annotated[float, Interval(gt=0, le=1_000_000)] | None = None,
    at_once: Annotated[int, Interval(ge=1, le=100_000)] | None = None,
    options: dict[str, str | bool] | None = None,
    setup: tuple[str, ...] = (),
    poll_seconds: Annotated[float, Interval(ge=1, le=3600)] = 15.0,
) -> SlurmExecutor:
    """Return an executor that does units as jobs of a SLURM cluster.

    Args:
        address: The partition, as ``partition``.
        partition: Queue; without it the cluster chooses.
        account: Who pays.
        qos: Quality of service.
        constraint: Features of nodes, such as ``a100|h100``.
        minutes: Time limit of a job; without it the partition's. A unit takes as many jobs as it needs.
        save_seconds: How long before the time limit a unit saves and is queued again.
        gpus_per_node: GPUs, or ``TYPE:NUMBER``; without it one if the experiment computes on a GPU.
        cpus: Cores of a job; without it ``settings.threads``.
        memory_gib: Main memory in GiB.
        at_once: Units of one array that work at a time; without it as many as there is room for.
        options: Further options of sbatch without dashes, such as ``{mail-type: FAIL}``.
        setup: Lines of bash before each unit, such as ``module load cuda``.
        poll_seconds: Between two looks at the queue.

    Raises:
        AlsegError: If SLURM's programs are not installed, or a value makes no sense.
    """
    if address is not None and (not address or partition is not None):
        raise AlsegError(
            f"Executor 'slurm:{address}' names "
            + ("two partitions" if address else "no partition after the colon")
            + ". Write slurm:PARTITION, or the parameter partition, or slurm alone."
        )
    request = JobRequest(
        partition=address or partition,
        account=account,
        qos=qos,
        constraint=constraint,
        minutes=minutes,
        save_seconds=save_seconds,
        gpus_per_node=gpus_per_node,
        cpus=cpus,
        memory_gib=memory_gib,
        at_once=at_once,
        options=_checked(options or {}),
        setup=setup,
    )
    if minutes is not None and minutes * 60 < save_seconds + 30:
        raise AlsegError(
            f"Executor 'slurm': a time limit of {minutes:g} minutes leaves no time to work, since units save "
            f"{save_seconds} seconds before it. Give more minutes, or fewer save_seconds."
        )
    missing = [name for name in COMMANDS if shutil.which(name) is None]
    if missing:
        raise AlsegError(
            f"Executor 'slurm' needs the program {missing[0]}, which is not on this machine's PATH. Give "
            "`alseg run` on a login node of the cluster."
        )
    from alseg_slurm.executor import SlurmExecutor

    return SlurmExecutor(request, poll_seconds=poll_seconds)


def _checked(options: dict[str, str | bool]) -> dict[str, str | bool]:
    """Return options of sbatch.

    Raises:
        AlsegError: If one is no option, or belongs to the executor.
    """
    for key in options:
        if OPTION.fullmatch(key) is None:
            raise AlsegError(
                f"Executor 'slurm': {key!r} in 'options' is no long option of sbatch. Write its name without "
                "dashes in front, such as mail-type."
            )
        if key in OWN:
            raise AlsegError(
                f"Executor 'slurm': 'options' cannot set {key}, which the executor sets itself. Remove it."
            )
    return options


def _option(key: str, value: str | int | float | bool) -> str:
    return f"--{key}" if value is True else f"--{key}={value}"


def _time(minutes: float) -> str:
    whole, seconds = divmod(round(minutes * 60), 60)
    return f"{whole}:{seconds:02d}"
