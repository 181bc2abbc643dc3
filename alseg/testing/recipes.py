"""Does a training recipe keep the contract?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from inspect import signature
from typing import Any

import torch

from alseg.contracts import IGNORE_INDEX, RecipeSpec, Size, TrainingBatch, TrainingPlan
from alseg.testing.aspects import require
from alseg.testing.made_answers import made_batch_answers
from alseg.testing.recipe_state import check_further_answers, check_state
from alseg.testing.small_network import (
    CLASS_NAMES,
    CLASSES,
    LARGE,
    Modules,
    SmallNetwork,
    losses_of,
    modules_of,
    optimizers_of,
)

_SMALL: Size = (16, 24)
_STATELESS = "; keep no state between steps, and draw with torch's global generator"


def check_recipe(spec: RecipeSpec, **params: Any) -> None:
    """Check a recipe against `alseg.contracts.Recipe`.

    It is built, and trains a network of two convolutions on noise: where nothing, little and everything is
    labelled, with inputs of one size and of two. Checked are the plan, the learning rates, that losses are
    finite scalars with finite gradients, also over nothing, that batches stay as they are, that the same seed
    gives the same losses, and that no state is kept from one step to the next. Of a recipe with state, which
    takes steps with all its optimisers, also that its modules are made alike every time, and that what it has
    learned goes on to the same bytes from what the core keeps of it; that derived label maps are such maps.

    Args:
        spec: The spec that the plugin registers.
        params: Parameters for ``build``, where it has some without a default.

    Raises:
        AssertionError: Says what is not as it should be, and for which batch.
    """
    where = f"'{spec.name}'"
    offered = {"class_names": CLASS_NAMES} if "class_names" in signature(spec.build).parameters else {}
    recipe = spec.build(**offered, **params)
    _check_plan(where, recipe)
    _check_schedule(where, recipe)
    _check_optimizer(where, recipe)
    check_state(where, recipe)
    check_further_answers(where, spec, recipe)
    batches = dict(_batches(recipe.plan))
    first = {what: _check_losses(f"{where}, {what}", recipe, batch) for what, batch in batches.items()}
    for what, batch in reversed(batches.items()):
        require(
            "determinism",
            _values(_losses(recipe, SmallNetwork(), batch)) == first[what],
            f"{where}, {what}: the same step gives other losses after others{_STATELESS}",
        )


def _check_plan(where: str, recipe: Any) -> None:
    plan = getattr(recipe, "plan", None)
    assert isinstance(plan, TrainingPlan), f"{where}: plan must be a TrainingPlan, got {type(plan).__name__}"
    assert plan.iterations >= 1, f"{where}: plan has {plan.iterations} iterations"
    images = plan.source.batch_size + plan.target.batch_size
    assert images >= 1, f"{where}: plan has no images in a step"
    assert not plan.source.regions, f"{where}: plan.source asks for regions, which only target labels have"


def _check_schedule(where: str, recipe: Any) -> None:
    last = recipe.plan.iterations - 1
    iterations = (0, last // 2, last)
    factors = [recipe.learning_rate_factor(iteration) for iteration in iterations]
    for iteration, factor in zip(iterations, factors, strict=True):
        assert isinstance(factor, int | float) and math.isfinite(factor) and factor >= 0, (
            f"{where}: learning_rate_factor({iteration}) must be a finite number, at least 0, got {factor!r}"
        )
    again = [recipe.learning_rate_factor(iteration) for iteration in reversed(iterations)]
    same = again == factors[::-1]
    require("determinism", same, f"{where}: learning_rate_factor gives another factor when asked again")


def _check_optimizer(where: str, recipe: Any) -> None:
    network = SmallNetwork()
    modules = modules_of(where, recipe, network)
    for optimizer in optimizers_of(where, recipe, network, modules).values():
        own = {id(p) for module in (network, *modules.values()) for p in module.parameters()}
        trained = [id(parameter) for group in optimizer.param_groups for parameter in group["params"]]
        whose = "the network's or its modules'" if modules else "the network's"
        assert set(trained) <= own, f"{where}: the optimiser has parameters that are not {whose}"
        rates = [float(group["lr"]) for group in optimizer.param_groups]
        assert max(rates) > 0, f"{where}: all learning rates of the optimiser are 0"


def _check_losses(where: str, recipe: Any, batch: TrainingBatch) -> dict[str, float]:
    untouched = {name: value.clone() for name, value in _tensors(batch).items()}
    network = SmallNetwork()
    modules = modules_of(where, recipe, network)
    losses = _losses(recipe, network, batch, modules)
    assert isinstance(losses, Mapping), f"{where}: losses must be a mapping, got {type(losses).__name__}"
    for name, loss in losses.items():
        assert isinstance(loss, torch.Tensor) and loss.ndim == 0 and loss.is_floating_point(), (
            f"{where}: loss '{name}' must be a float scalar"
        )
        assert bool(loss.isfinite()), f"{where}: loss '{name}' is {loss.item()}; leave it out or return 0"
    for name, value in _tensors(batch).items():
        require("inputs", torch.equal(value, untouched[name]), f"{where}: it changes the batch's {name}")
    if losses:
        _check_step(where, recipe, network, modules, torch.stack(list(losses.values())).sum())
    unknown = replace(batch, source_labelled=None, target_labelled=None)
    found = _values(losses)
    if _values(_losses(recipe, SmallNetwork(), unknown)) != found:
        again = _values(_losses(recipe, SmallNetwork(), batch)) == found
        require("determinism", again, f"{where}: the same step gives other losses{_STATELESS}")
        message = f"{where}: losses differ where source_labelled and target_labelled are None"
        require("contract", not again, message)
    return found


def _check_step(
    where: str, recipe: Any, network: SmallNetwork, modules: Modules, total: torch.Tensor
) -> None:
    optimizers = optimizers_of(where, recipe, network, modules)
    assert total.requires_grad, f"{where}: the losses do not depend on the network"
    total.backward()  # type: ignore[no-untyped-call]
    for optimizer in optimizers.values():
        optimizer.step()
    for name, parameter in network.named_parameters():
        gradient = parameter.grad
        assert gradient is None or bool(gradient.isfinite().all()), (
            f"{where}: gradients of {name} are not finite"
        )
        assert bool(parameter.isfinite().all()), f"{where}: after a step {name} is not finite"


def _losses(
    recipe: Any, network: SmallNetwork, batch: TrainingBatch, modules: Modules | None = None
) -> Mapping[str, torch.Tensor]:
    if modules is None:
        modules = modules_of("", recipe, network)
    return losses_of(recipe, network, modules, batch)


def _values(losses: Mapping[str, torch.Tensor]) -> dict[str, float]:
    return {name: loss.item() for name, loss in losses.items()}


def _tensors(batch: TrainingBatch) -> dict[str, torch.Tensor]:
    values = {field.name: getattr(batch, field.name) for field in fields(batch)}
    return {name: value for name, value in values.items() if isinstance(value, torch.Tensor)}


def _batches(plan: TrainingPlan) -> Iterator[tuple[str, TrainingBatch]]:
    """Yield names of batches and the batches, with the domains that the plan has."""
    labelled_rows: dict[str, tuple[int | None, int | None]] = {
        "everything labelled": (None, None),
        "some target pixels labelled": (None, 3),
        "no target pixel labelled": (None, 0),
        "nothing labelled": (0, 0),
    }
    for iteration, (what, (of_source, of_target)) in enumerate(labelled_rows.items()):
        for size, word in ((LARGE, "one size"), (_SMALL, "two sizes")):
            source = _domain(plan.source.batch_size, LARGE, of_source, seed=2 * iteration)
            target = _domain(plan.target.batch_size, size, of_target, seed=2 * iteration + 1)
            yield (
                f"{what}, inputs of {word}",
                TrainingBatch(
                    iteration=min(iteration, plan.iterations - 1),
                    source_images=source[0],
                    source_labels=source[1],
                    target_images=target[0],
                    target_labels=target[1],
                    source_labelled=source[2],
                    target_labelled=target[2],
                    **(made_batch_answers(target[1], CLASSES) if plan.target.regions else {}),
                ),
            )


def _domain(
    batch_size: int, size: Size, labelled_rows: int | None, seed: int
) -> tuple[torch.Tensor, torch.Tensor, bool] | tuple[None, None, None]:
    """Return images, labels and whether there are any; labels in the first rows only, None for all."""
    if batch_size == 0:
        return None, None, None
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn((batch_size, 3, *size), generator=generator)
    labels = torch.randint(0, CLASSES, (batch_size, *size), generator=generator)
    if labelled_rows is not None:
        labels[:, labelled_rows:] = IGNORE_INDEX
    return images, labels, bool((labels != IGNORE_INDEX).any())
