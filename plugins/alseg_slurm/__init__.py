"""Executor ``slurm``: the runs of an experiment as jobs of a SLURM cluster."""

from __future__ import annotations

from alseg import ExecutorSpec, hookimpl
from alseg_slurm.request import build_slurm


@hookimpl
def register_executors() -> list[ExecutorSpec]:
    """Offer ``slurm``."""
    return [
        ExecutorSpec(
            name="slurm",
            summary="Jobs of a SLURM cluster, in the partition after the colon: slurm:gpu.",
            source="Yoo et al., JSSPP 2003 (SLURM)",
            build=build_slurm,
        )
    ]
