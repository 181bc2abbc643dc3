"""How training goes on after a purchase: with which weights, and at which learning rates."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from alseg.config.specs import RunSpec
from alseg.contracts import Recipe

if TYPE_CHECKING:
    from alseg.engine.parts import RunParts


def schedule_of(spec: RunSpec, recipe: Recipe) -> Callable[[int], float]:
    """Return the factor on the learning rates at an iteration of a run."""
    if spec.round_schedule == "run" or not spec.rounds:
        return recipe.learning_rate_factor
    return partial(_factor_in_round, recipe, (0, *spec.rounds, recipe.plan.iterations))


def _factor_in_round(recipe: Recipe, borders: Sequence[int], iteration: int) -> float:
    """Return the factor of a course that begins anew at each border: that of the same share of a run."""
    number = bisect_right(borders, iteration, hi=len(borders) - 1) - 1
    first, end = borders[number], borders[number + 1]
    return recipe.learning_rate_factor((iteration - first) * recipe.plan.iterations // (end - first))


def start_round(parts: RunParts, round_number: int) -> None:
    """Prepare weights and optimiser for the training of a round, unless it is under way.

    Args:
        parts: The run.
        round_number: From 1.
    """
    begins = parts.trainer.iteration == parts.stages[round_number - 1]
    if parts.spec.round_start == "continue" or not begins:
        return
    if parts.spec.round_start == "initial":
        parts.trainer.state.begin_anew(parts.first_weights())
    else:
        parts.trainer.state.forget_steps()
    parts.log(f"round {round_number}: training starts from {parts.spec.round_start} weights")
