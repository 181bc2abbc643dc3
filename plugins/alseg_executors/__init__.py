"""Executors: where the runs of an experiment are done."""

from __future__ import annotations

from alseg import ExecutorSpec, hookimpl
from alseg_executors.local import build_local


@hookimpl
def register_executors() -> list[ExecutorSpec]:
    """Offer ``local``."""
    return [
        ExecutorSpec(
            name="local",
            summary="Processes of this machine, a GPU for each where there are GPUs: local:4.",
            source="alseg",
            build=build_local,
        )
    ]
