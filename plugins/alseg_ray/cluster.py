"""A Ray cluster: a driver that joins it, and an actor for each unit."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

# Read when Ray is imported: one try of 45 seconds, not 20, where the head does not answer.
os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")

import ray
from ray.exceptions import RayError

from alseg import AlsegError
from alseg.contracts import WorkUnit
from alseg_ray.keeper import Keeper
from alseg_ray.places import Machine, Share
from alseg_ray.reasons import first_line, why_lost

CALLS_AT_A_TIME = 4
"""Of an actor: it works, says where, and may be told to stop twice."""

KNOCKING_SECONDS = 10.0
"""How long the cluster's head may take to answer."""


class RayCluster:
    """A cluster that runs already.

    Args:
        address: Host and port, or ``auto``.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._joined = False
        self._is_mine = False

    def machines(self) -> Sequence[Machine]:
        """Return the machines that are alive."""
        self._join()
        alive = [node for node in ray.nodes() if node["Alive"]]
        named = Counter(node["NodeManagerHostname"] for node in alive)
        return [_machine(node, alone=named[node["NodeManagerHostname"]] == 1) for node in alive]

    def begin(self, unit: WorkUnit, share: Share) -> ActorPlace:
        """Have a unit done on any machine with room for it."""
        self._join()
        return ActorPlace(unit, share)

    def close(self) -> None:
        """Leave the cluster, which ends what this process has begun there."""
        if self._is_mine:
            self._is_mine = self._joined = False
            ray.shutdown()

    def _join(self) -> None:
        """Join, if that was not done.

        Raises:
            AlsegError: If the cluster cannot be joined.
        """
        if self._joined:
            return
        if not ray.is_initialized():
            try:
                self._knock()
                with _kept_signal_handlers():
                    ray.init(address=self._address, log_to_driver=False, logging_level=logging.CRITICAL)
            except (OSError, RuntimeError, ValueError, AssertionError, RayError) as error:
                with suppress(Exception):
                    ray.shutdown()
                raise AlsegError(
                    f"The Ray cluster at {self._address} cannot be joined: {first_line(error)} Start it by "
                    "`ray start`, and give this command on one of its machines, with the same versions of "
                    "Python and Ray, and the same token."
                ) from error
            self._is_mine = True
        self._joined = True

    def _knock(self) -> None:
        """See whether anybody is there: Ray itself tries for many minutes.

        Raises:
            OSError: If nobody is.
        """
        if self._address != "auto":
            host, _, port = self._address.rpartition(":")
            socket.create_connection((host.strip("[]"), int(port)), KNOCKING_SECONDS).close()


class ActorPlace:
    """An actor that does one unit and is then gone; Ray never starts it again.

    Args:
        unit: The unit.
        share: What it gets of a machine.
    """

    def __init__(self, unit: WorkUnit, share: Share) -> None:
        actor = _actor_class().options(
            num_cpus=share.cpus,
            num_gpus=share.gpus,
            memory=share.memory or None,
            max_restarts=0,
            max_task_retries=0,
            max_concurrency=CALLS_AT_A_TIME,
        )
        self._actor = actor.remote()
        self._where = self._actor.where.remote()
        self._ended = self._actor.work.remote(unit.as_json(), str(Path.cwd()), share.cpus)
        self._machine: str | None = None

    def machine(self) -> str | None:
        """Return the id of its machine; None while it waits for one."""
        if self._machine is None and _is_ready(self._where):
            with suppress(RayError):  # `end` says why
                self._machine = str(ray.get(self._where))
        return self._machine

    def end(self) -> str | None:
        """Return how its process ended, in words; None before."""
        if not _is_ready(self._ended):
            return None
        try:
            reason = str(ray.get(self._ended))
        except RayError as error:
            alive = {node["NodeID"] for node in ray.nodes() if node["Alive"]}
            reason = why_lost(error, machine_is_lost=self._machine is not None and self._machine not in alive)
        self.kill()
        return reason

    def stop(self, grace: float) -> None:
        """Have its process save and end, and kill it after ``grace`` seconds."""
        self._actor.stop.remote(grace)

    def kill(self) -> None:
        """End the actor; a process that it still has then saves and ends by itself."""
        with suppress(RayError, ValueError):
            ray.kill(self._actor, no_restart=True)


class _KeeperOnMachine(Keeper):
    def where(self) -> str:
        """Return the id of the machine."""
        return str(ray.get_runtime_context().get_node_id())


@cache
def _actor_class() -> Any:
    return ray.remote(_KeeperOnMachine)


def _is_ready(reference: Any) -> bool:
    return bool(ray.wait([reference], timeout=0)[0])


def _machine(node: dict[str, Any], *, alone: bool) -> Machine:
    """Return a machine as the executor sees it; with its address, where others have its host name."""
    host, has = node["NodeManagerHostname"], node["Resources"]
    return Machine(
        id=node["NodeID"],
        host=host if alone else f"{host} ({node['NodeManagerAddress']})",
        has=Share(cpus=int(has.get("CPU", 0)), gpus=has.get("GPU", 0.0), memory=int(has.get("memory", 0))),
    )


@contextmanager
def _kept_signal_handlers() -> Iterator[None]:
    """Put back what Ray makes of signals when it starts: SIGTERM would end this process at once."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in kept.items():
                signal.signal(number, handler)
