"""Training up to the first purchase: runs that have it in common do it once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from alseg.engine.parts import RunParts
from alseg.engine.shared_training import SharedTraining, shared_key
from alseg.errors import DamageError


def train_source(parts: RunParts, train: Callable[[], NDArray[np.int32] | None]) -> NDArray[np.int32] | None:
    """Train and evaluate round 0, or take over what another run with the same training has left.

    Args:
        parts: The run.
        train: Trains and evaluates; returns confusion counts of each evaluation image, None without any.

    Returns:
        int32 ``(N, C, C)``, the confusion counts; None without evaluation. The trainer has the state that
        they came from.

    Raises:
        Interrupted: If asked to stop, while another process trains, too.
    """
    evaluated = parts.data.evaluation is not None
    key = shared_key(parts.spec, parts.context.assembler, parts.pool.first)
    folder = parts.context.shared / key
    shared = SharedTraining(folder, evaluated=evaluated, ranks=parts.context.ranks)
    with shared.held(parts.context.stop):
        if shared.complete:
            try:
                return _taken_over(parts, shared)
            except DamageError as error:
                parts.start_over(f"{error} Source training is done again.")
        counts = train()
        shared.save(parts.trainer, counts, *parts.evaluation_names())
    return counts


def _taken_over(parts: RunParts, shared: SharedTraining) -> NDArray[np.int32] | None:
    """Load shared source training and return its confusion counts.

    Raises:
        DamageError: If it is damaged.
    """
    counts = shared.load(parts.trainer)
    parts.log(f"source training to iteration {parts.stages[0]} taken over from {shared.folder.name}")
    parts.save()
    return counts
