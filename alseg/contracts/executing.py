"""Executors: where the runs of an experiment are done, such as other processes or a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import PurePath
from typing import Any, Literal, Protocol, runtime_checkable


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What a unit needs of a machine.

    Attributes:
        devices: GPUs of each machine; 0 for a unit that computes on the CPU, or that chooses a device itself.
        nodes: Machines.
        processes: On each machine, which the unit starts itself; more than 1 where several devices do a run.
        cpus: Cores of each process; None where the executor decides.
        memory_gib: Main memory of each machine in GiB; None where nobody knows.
        minutes: Time limit in minutes; None without one.
    """

    devices: int = 0
    nodes: int = 1
    processes: int = 1
    cpus: int | None = None
    memory_gib: float | None = None
    minutes: float | None = None


@dataclass(frozen=True, kw_only=True)
class WorkUnit:
    """A piece of an experiment that one process does; doing it twice gives the same files.

    Attributes:
        key: Its name, unique in the experiment: ``shared-KEY``, or the name of a run's folder.
        experiment: Absolute path of ``experiment.yaml`` in the results folder.
        runs: Names of run folders: the run to do, or the runs for which a shared unit trains and asks.
        after: Keys of units that must have ended before, well or not.
        needs: What it needs of a machine.
        accept_drift: Whether to go on with runs that were begun with other versions or code.
    """

    key: str
    experiment: str
    runs: tuple[str, ...]
    after: tuple[str, ...] = ()
    needs: Resources = Resources()
    accept_drift: bool = False

    @property
    def is_shared(self) -> bool:
        """Whether this is no run, but what several runs share."""
        return self.runs != (self.key,)

    def as_json(self) -> dict[str, Any]:
        """Return the unit as JSON types, for `from_json`."""
        return {**asdict(self), "runs": list(self.runs), "after": list(self.after)}

    @classmethod
    def from_json(cls, content: object) -> WorkUnit:
        """Return the unit that `as_json` gave.

        Raises:
            ValueError: If ``content`` is none; says why.
        """
        if not isinstance(content, dict):
            raise ValueError(f"a unit is an object, not {type(content).__name__}")
        _check_keys(cls, content)
        for key in ("key", "experiment"):
            if not isinstance(content.get(key), str) or not content[key]:
                raise ValueError(f"{key!r} is {content.get(key)!r}, expected text")
        if content["key"] != PurePath(content["key"]).name:
            raise ValueError(f"'key' is {content['key']!r}, expected the name of a file without folders")
        lists = {key: content.get(key, []) for key in ("runs", "after")}
        for key, value in lists.items():
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                raise ValueError(f"{key!r} is {value!r}, expected a list of texts")
        if not lists["runs"]:
            raise ValueError("'runs' is empty: a unit has one run at least")
        needs = content.get("needs", {})
        if not isinstance(needs, dict):
            raise ValueError(f"'needs' is {needs!r}, expected an object")
        _check_keys(Resources, needs)
        for key, value in needs.items():
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise ValueError(f"{key!r} of 'needs' is {value!r}, expected a number or null")
        return cls(
            key=content["key"],
            experiment=content["experiment"],
            runs=tuple(lists["runs"]),
            after=tuple(lists["after"]),
            needs=Resources(**needs),
            accept_drift=content.get("accept_drift") is True,
        )


def _check_keys(record: Any, content: Mapping[str, Any]) -> None:
    unknown = sorted(set(content) - {field.name for field in fields(record)})
    if unknown:
        raise ValueError(f"a unit has no key {unknown[0]!r}")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a submitted unit stands.

    Attributes:
        state: ``waiting`` for a machine or another unit, ``working``, or ``gone``: its process has ended,
            well or not, or nobody knows of it any more.
        host: Where it works or worked; empty where nobody knows.
        reason: Of a unit that is gone, how its process ended, such as ``exit code 0`` or ``SIGKILL``; of one
            that waits, why, where the executor knows it.
    """

    state: Literal["waiting", "working", "gone"]
    host: str = ""
    reason: str = ""


@runtime_checkable
class Executor(Protocol):
    """Has units done somewhere, by ``alseg work`` or `alseg.work` on the main thread of a process.

    A process does one unit at a time; whether it does others afterwards is the executor's decision. An
    executor knows nothing of runs: what became of one is in its folder. It starts a unit once for each
    `submit`; whether a unit is submitted again is not its decision.
    """

    @property
    def outlives(self) -> bool:
        """Whether units go on when this process ends, so that another process can ask for them by id."""
        ...

    def submit(self, unit: WorkUnit, after: Sequence[str]) -> str:
        """Have a unit done, and return at once.

        Args:
            unit: The unit.
            after: Ids of units that are not gone yet and must be before this one starts, however they end.

        Returns:
            An id for the other methods: text that means the same to another process if `outlives`.
        """
        ...

    def poll(self, ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return where units stand, by id; it is called every second or so and must not wait.

        An id that is not known, such as one of a process that has ended, is gone.
        """
        ...

    def cancel(self, ids: Sequence[str], grace: float) -> None:
        """End units: SIGTERM, at which they save, and SIGKILL after some time. Returns at once.

        Args:
            ids: Of the units; those that are gone are ignored.
            grace: Seconds from SIGTERM to SIGKILL; 0 kills at once.
        """
        ...

    def close(self) -> None:
        """Release what this process holds; where units do not outlive it, they are ended."""
        ...


@runtime_checkable
class PromptExecutor(Executor, Protocol):
    """An executor that has units begin sooner than one that is only polled."""

    def get_ready(self, needs: Resources) -> None:
        """Start what units with these needs will find ready, and return at once.

        Called before the experiment's data is checked, at most once, and without a promise that units follow;
        `close` is called in any case, and may be called twice.
        """
        ...

    def wait(self, seconds: float) -> None:
        """Wait until `poll` may have something new to say, but no longer than so many seconds."""
        ...
