"""The builder; ray is imported when it is called."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

from annotated_types import Interval

from alseg import AlsegError

if TYPE_CHECKING:
    from alseg_ray.executor import RayExecutor

VARIABLE = "RAY_ADDRESS"
"""Names a cluster to Ray's own commands, too."""


def build_ray(
    *,
    address: str | None,
    cpus: Annotated[int, Interval(ge=1, le=4096)] = 1,
    gpu_share: Annotated[float, Interval(gt=0, le=1)] = 1.0,
    grows: bool = False,
) -> RayExecutor:
    """Return the executor; it joins the cluster when it is given the first unit.

    Args:
        address: Host and port of the cluster, or ``auto`` for the one that this machine belongs to; None for
            that of ``RAY_ADDRESS``.
        cpus: Cores of each process of a unit where ``settings.threads`` does not say.
        gpu_share: Part of a GPU that a unit gets; 0.5 has two units share one.
        grows: Whether the cluster adds machines when they are missing. Units then wait for a machine of the
            right size; otherwise a unit that fits on no machine is refused.

    Raises:
        AlsegError: If Ray is not installed, or no cluster is named.
    """
    cluster = _address(address)
    try:
        from alseg_ray.cluster import RayCluster
    except ImportError as error:
        raise AlsegError(
            f"Executor 'ray' needs packages that are not installed ({error}): pip install \"alseg[ray]\""
        ) from error
    from alseg_ray.executor import RayExecutor

    return RayExecutor(RayCluster(cluster), cpus=cpus, gpu_share=gpu_share, grows=grows)


def _address(given: str | None) -> str:
    """Return the cluster that is meant.

    Raises:
        AlsegError: If none is.
    """
    found = (os.environ.get(VARIABLE, "") if given is None else given).strip()
    origin = f"{VARIABLE} " if given is None and found else ""
    if not found:
        raise AlsegError(
            "Executor 'ray' needs the address of a running cluster: write ray:HOST:PORT, or ray:auto for the "
            f"cluster of this machine, or set {VARIABLE}. alseg starts none, because it would listen on all "
            "network interfaces; for this machine alone there is local:N."
        )
    host, colon, port = found.rpartition(":")
    is_port = port.isascii() and port.isdigit() and 0 < int(port[:9]) < 65536
    if found != "auto" and not (colon and host and "/" not in host and is_port):
        raise AlsegError(
            f"Executor 'ray': {origin}{found!r} is no address of a cluster. Write HOST:PORT as `ray start` "
            "prints it, or auto; a Ray client (ray://) and a local Ray cannot be used."
        )
    return found
