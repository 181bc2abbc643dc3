"""What is checked before any training starts, so that no mistake costs an hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from alseg.config.budget import allowance
from alseg.config.experiment import RunSpec
from alseg.contracts import DataPlan, Recipe, Size, TrainingPlan
from alseg.data.scenario import Domain, ScenarioData
from alseg.engine.assembly import Assembler
from alseg.errors import AlsegError
from alseg.files import content_hash
from alseg.guard.calls import guarded
from alseg.launch.estimates import estimate
from alseg.launch.needs import unmet_need
from alseg.launch.preflight_data import check_data
from alseg.toolkit.labels import unreachable, untranslated


@dataclass(frozen=True)
class PlannedRun:
    """A run and what is known of it beforehand.

    Attributes:
        spec: The run.
        skipped: Why it cannot be done, or None.
        pixels: Most target pixels it will buy, over all rounds.
        pool_pixels: Pixels of the target training set.
        clicks: About the fewest and the most clicks that these pixels cost, at the lowest and the highest
            price of an answer; None where only the answers tell.
        exact: Whether no run can buy more pixels; otherwise it is about so many.
    """

    spec: RunSpec
    skipped: str | None
    pixels: int
    pool_pixels: int
    clicks: tuple[int, int] | None = (0, 0)
    exact: bool = True


@dataclass(frozen=True)
class Plan:
    """An experiment that has passed all checks.

    Attributes:
        runs: All runs asked for, in order.
        notes: What the user should know, one line each.
    """

    runs: tuple[PlannedRun, ...]
    notes: tuple[str, ...]


def check(specs: Sequence[RunSpec], assembler: Assembler) -> Plan:
    """Check everything that can be checked without training.

    Args:
        specs: Runs of one experiment; they share scenario, model and rounds.
        assembler: Makes data sets, recipes, methods and the model.

    Raises:
        AlsegError: If data is missing or faulty, a budget cannot be spent, or a component cannot be built.
    """
    data = assembler.scenario(specs[0].scenario)
    doubts = check_data(data, specs[0].scenario)
    sizes = data.target.sizes
    planned: dict[int, PlannedRun] = {}
    recipes: dict[int, Recipe] = {}
    for spec in specs:
        if spec.method.order not in planned:
            recipes[spec.method.order] = recipe = assembler.recipe(spec.method.recipe)
            _check_native_sizes(recipe.plan.source, data.source, "source_size")
            _check_native_sizes(recipe.plan.target, data.target, "target_size")
            planned[spec.method.order] = _plan_method(spec, assembler, data)
    _check_models(specs, assembler, data, recipes)
    runs = tuple(replace(planned[spec.method.order], spec=spec) for spec in specs)
    lengths = {spec.method.label: recipes[spec.method.order].plan.iterations for spec in specs}
    return Plan(runs, (*doubts, *_unequal_lengths(lengths), *_notes(specs, data, assembler, sizes)))


def _check_native_sizes(plan: DataPlan, domain: Domain, key: str) -> None:
    if plan.size is not None or plan.crop is not None or plan.batch_size < 2:
        return
    sizes = set(domain.sizes)
    if len(sizes) > 1:
        raise AlsegError(
            f"Images of {len(sizes)} different sizes cannot share a batch: "
            f"set recipe.{key} to one [height, width]."
        )


def _plan_method(spec: RunSpec, assembler: Assembler, data: ScenarioData) -> PlannedRun:
    pool = sum(height * width for height, width in data.target.sizes)
    parts = assembler.method(spec)
    if parts is None:
        if spec.method.target_labels == "all":
            return PlannedRun(spec, None, pool, pool, clicks=None)
        return PlannedRun(spec, None, 0, pool)
    reason = unmet_need(spec, parts, assembler)
    if reason is not None:
        return PlannedRun(spec, reason, 0, pool)
    assembler.errors(spec.method.annotator)
    with guarded(parts.mode, "checks before training"):
        bought = estimate(spec, parts, data.target, len(data.label_space.classes))
    return PlannedRun(spec, None, bought.pixels, pool, bought.clicks, exact=bought.exact)


def _check_models(
    specs: Sequence[RunSpec], assembler: Assembler, data: ScenarioData, recipes: Mapping[int, Recipe]
) -> None:
    """Build every network once and run it on an empty image of each input size it will be given."""
    sizes: dict[str, set[Size | None]] = {}
    examples: dict[str, RunSpec] = {}
    for spec in specs:
        plan = recipes[spec.method.order].plan
        key = content_hash(spec.model.as_json())
        examples.setdefault(key, spec)
        sizes.setdefault(key, set()).update({plan.source.size, plan.target.size, *_evaluated_at(spec, plan)})
    for key, spec in examples.items():
        _check_model(spec, assembler, data, sorted(size for size in sizes[key] if size is not None))


def _evaluated_at(spec: RunSpec, plan: TrainingPlan) -> set[Size | None]:
    """Return the sizes at which the network sees images in evaluation; None for the native size."""
    size, window = spec.evaluation.size or plan.target.size, spec.evaluation.window
    if window is None or size is None:
        return {size}
    return {(min(size[0], window[0]), min(size[1], window[1]))}


def _check_model(spec: RunSpec, assembler: Assembler, data: ScenarioData, sizes: Sequence[Size]) -> None:
    num_classes = len(data.label_space.classes)
    model = assembler.model(spec.model, num_classes, spec.seed).eval()
    for height, width in sizes:
        with torch.inference_mode(), guarded(model, "checks before training"):
            try:
                logits = model(torch.zeros((1, 3, height, width)))
            except (RuntimeError, ValueError) as error:
                raise AlsegError(
                    f"Model '{spec.model.name}' cannot take an input of {height} x {width} pixels: {error}"
                ) from error
        if logits.shape[1] != num_classes:
            raise AlsegError(
                f"Model '{spec.model.name}' predicts {logits.shape[1]} classes; label space "
                f"{data.label_space.name} has {num_classes}."
            )


def _unequal_lengths(iterations: Mapping[str, int]) -> list[str]:
    """Say so where methods train for different numbers of steps; another recipe has other defaults.

    Args:
        iterations: Label of a method to its steps.
    """
    examples = {steps: label for label, steps in reversed(list(iterations.items()))}
    if len(examples) < 2:
        return []
    each = ", ".join(f"'{examples[steps]}' {steps:,}" for steps in sorted(examples))
    return [
        f"Methods train for different numbers of iterations: {each}. A method's recipe of another name "
        "starts from its own defaults: set its `iterations`, sizes and learning rate, too."
    ]


def _notes(
    specs: Sequence[RunSpec], data: ScenarioData, assembler: Assembler, sizes: Sequence[Size]
) -> list[str]:
    notes = []
    missing = unreachable(data.source.label_space, data.label_space)
    if missing:
        notes.append(f"The source has no labels for: {', '.join(missing)}.")
    lost = untranslated(data.target.label_space, data.label_space)
    if lost:
        notes.append(f"Target classes outside the label space count as void: {', '.join(lost)}.")
    for spec in {spec.method.order: spec for spec in specs}.values():
        parts, budget = assembler.method(spec), spec.method.budget
        if parts is None or budget is None or budget.currency != "pixels":
            continue
        allowed = allowance(
            budget, len(spec.rounds), len(spec.rounds), [height * width for height, width in sizes]
        )
        wanted = sum(allowed) if isinstance(allowed, list) else allowed
        with guarded(parts.mode, "most_pixels"):
            possible = sum(map(parts.mode.most_pixels, sizes))
        if possible < wanted:
            notes.append(
                f"Method '{spec.method.label}' can spend at most {possible:,} of {wanted:,} pixels: "
                "its picks keep a distance. Reduce the spacing to spend more."
            )
    return notes
