"""How training goes on after a purchase: with which weights, and at which learning rates."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from alseg.config.specs import RunSpec
from alseg.contracts import DerivingRecipe, Recipe

if TYPE_CHECKING:
    from alseg.engine.parts import RunParts


def schedule_of(
    spec: RunSpec, recipe: Recipe, stages: Sequence[int], derivations: Mapping[int, int]
) -> Callable[[int], float]:
    """Return the factor on the learning rates at an iteration of a run.

    Args:
        spec: The run.
        recipe: Its recipe.
        stages: Iterations at which each round's training ends.
        derivations: The iteration at which the recipe derives labels in each round; empty where it does not.
    """
    course: Callable[[int], float] = recipe.learning_rate_factor
    if spec.round_schedule != "run" and spec.rounds:
        course = partial(_factor_in_round, recipe, (0, *spec.rounds, recipe.plan.iterations))
    derivation = recipe.derivation if isinstance(recipe, DerivingRecipe) else None
    if derivation is None or derivation.rate == 1 or not derivations:
        return course
    spans = tuple((derived, stages[number]) for number, derived in derivations.items())
    return partial(_factor_with_derived, course, derivation.rate, spans)


def _factor_with_derived(
    course: Callable[[int], float], rate: float, spans: Sequence[tuple[int, int]], iteration: int
) -> float:
    """Return the factor of a course, times another one where training is with derived labels.

    Args:
        course: Factor at an iteration.
        rate: The other factor.
        spans: First iteration with derived labels and the end of the round, of each round.
        iteration: The iteration.
    """
    with_derived = any(first <= iteration < end for first, end in spans)
    return course(iteration) * (rate if with_derived else 1)


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
