"""Ray: the runs of an experiment on the machines of a cluster."""

from __future__ import annotations

from alseg import ExecutorSpec, hookimpl
from alseg_ray.build import build_ray


@hookimpl
def register_executors() -> list[ExecutorSpec]:
    """Offer ``ray``."""
    return [
        ExecutorSpec(
            name="ray",
            summary="Machines of a Ray cluster, as many runs at a time as GPUs or cores: ray:HOST:PORT.",
            source="ray.io",
            build=build_ray,
        )
    ]
