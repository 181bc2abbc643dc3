"""What an executor wants of a cluster: machines, and a place on one for each unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from alseg.contracts import WorkUnit


@dataclass(frozen=True)
class Share:
    """What a unit has of its machine.

    Attributes:
        cpus: Cores, and threads.
        gpus: GPUs; a part of one below 1.
        memory: Bytes of main memory; 0 where nobody knows.
    """

    cpus: int
    gpus: float = 0.0
    memory: int = 0


@dataclass(frozen=True)
class Machine:
    """A machine of the cluster.

    Attributes:
        id: Its name to the cluster.
        host: Its name to people.
        has: All of its cores, GPUs and memory, busy or not.
    """

    id: str
    host: str
    has: Share

    def fits(self, share: Share) -> bool:
        """Whether there is enough of everything, once nothing else works there."""
        has = self.has
        return has.cpus >= share.cpus and has.gpus >= share.gpus and has.memory >= share.memory


class Place(Protocol):
    """A unit in the cluster's hands. No method waits."""

    def machine(self) -> str | None:
        """Return the id of the machine on which it works; None while it waits for one."""
        ...

    def end(self) -> str | None:
        """Return how its process ended, in words; None before."""
        ...

    def stop(self, grace: float) -> None:
        """Have its process save and end, and kill it after ``grace`` seconds."""
        ...

    def kill(self) -> None:
        """Take it from its machine, or out of the queue for one."""
        ...


class Cluster(Protocol):
    """What an executor wants of Ray."""

    def machines(self) -> Sequence[Machine]:
        """Return the machines that are alive; joins the cluster.

        Raises:
            AlsegError: If it cannot be joined.
        """
        ...

    def begin(self, unit: WorkUnit, share: Share) -> Place:
        """Have a unit done on any machine with room for it."""
        ...

    def close(self) -> None:
        """Leave the cluster."""
        ...


def why_no_room(share: Share, machines: Sequence[Machine]) -> str:
    """Return why no machine can do a unit, as an error message."""
    largest = max((machine.has for machine in machines), key=lambda has: (has.gpus, has.cpus), default=None)
    found = "none is alive" if largest is None else f"the largest has {_in_words(largest)}"
    return (
        f"No machine of the Ray cluster can do a run that needs {_in_words(share)}: {found}. Lower "
        "settings.threads or settings.devices, or set the executor's grows where machines are added when "
        "they are missing."
    )


def _in_words(share: Share) -> str:
    memory = [f"{share.memory / 2**30:.1f} GiB"] if share.memory else []
    return ", ".join([f"cores: {share.cpus}", f"GPUs: {share.gpus:g}", *memory])
