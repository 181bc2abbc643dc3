"""What is checked before any training starts, so that no mistake costs an hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import torch

from alseg.config.budget import allowance
from alseg.config.experiment import RunSpec
from alseg.contracts import AnnotationMode, DataPlan, Recipe, Size
from alseg.data.partitions import RegionMaps
from alseg.data.scenario import Domain, ScenarioData
from alseg.engine.assembly import Assembler, MethodParts
from alseg.errors import AlsegError
from alseg.files import content_hash
from alseg.guard.calls import guarded
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
    """

    spec: RunSpec
    skipped: str | None
    pixels: int
    pool_pixels: int
    clicks: tuple[int, int] | None = (0, 0)


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
    return Plan(runs, (*doubts, *_notes(specs, data, assembler, sizes)))


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
    sizes, classes = data.target.sizes, len(data.label_space.classes)
    pixels = [height * width for height, width in sizes]
    pool = sum(pixels)
    parts = assembler.method(spec)
    if parts is None:
        if spec.method.target_labels == "all":
            return PlannedRun(spec, None, pool, pool, clicks=None)
        return PlannedRun(spec, None, 0, pool)
    reason = unmet_need(spec, parts, assembler)
    if reason is not None:
        return PlannedRun(spec, reason, 0, pool)
    with guarded(parts.mode, "checks before training"):
        per_question = _question_pixels(parts, data.target)
        most, picks = _most_spent(spec, parts, sizes, per_question)
        dearest = parts.mode.most_clicks(max(per_question), classes)
    return PlannedRun(spec, None, most, pool, None if dearest is None else (picks, picks * dearest))


def _most_spent(
    spec: RunSpec, parts: MethodParts, sizes: Sequence[Size], per_question: Sequence[int]
) -> tuple[int, int]:
    """Return the most pixels and about the most questions a method can pay; refuse impossible budgets."""
    budget, label = spec.method.budget, spec.method.label
    pixels = [height * width for height, width in sizes]
    if budget is None or not spec.rounds:
        raise AlsegError(f"Method '{label}' buys labels but the experiment has no rounds.")
    if budget.unit == "images" and budget.amount > len(sizes):
        raise AlsegError(
            f"Method '{label}': a budget of {budget.text} is larger than the pool, "
            f"which has {len(sizes)} images."
        )
    if budget.unit == "pixels-per-image" and budget.amount > min(pixels):
        raise AlsegError(
            f"Method '{label}': a budget of {budget.text} is larger than the smallest image, which has "
            f"{min(pixels):,} pixels."
        )
    allowed = allowance(budget, len(spec.rounds), len(spec.rounds), pixels)
    if isinstance(allowed, list):
        most = [min(a, parts.mode.most_pixels(size)) for a, size in zip(allowed, sizes, strict=True)]
        picks = sum(amount // each for amount, each in zip(most, per_question, strict=True))
        total = sum(most)
    elif budget.unit == "images":
        picks, total = allowed, sum(sorted(pixels, reverse=True)[:allowed])
    else:
        total = min(allowed, sum(map(parts.mode.most_pixels, sizes)))
        picks = total // min(per_question)
    if picks == 0 and parts.unit != "region":  # of regions the mean is known; smaller ones may be paid for
        raise AlsegError(
            f"Method '{label}': a budget of {budget.text} does not pay for a single question, which reveals "
            f"{min(per_question):,} pixels. Raise the budget or choose another annotation mode."
        )
    return total, picks


def _question_pixels(parts: MethodParts, pool: Domain) -> list[int]:
    """Return how many pixels one question of each image reveals: in its middle, or a region of mean size.

    Regions are counted in the first image; others are taken to have as many.
    """
    if parts.unit == "region" and parts.partition is not None:
        regions = RegionMaps(pool.dataset, parts.partition, "first image", None).regions(0)
        return [max(1, height * width // (int(regions.max()) + 1)) for height, width in pool.sizes]
    mode = cast(AnnotationMode, parts.mode)
    middles = [np.array([[height // 2, width // 2]], np.int32) for height, width in pool.sizes]
    return [
        int(np.count_nonzero(mode.footprint(middle, size) >= 0))
        for middle, size in zip(middles, pool.sizes, strict=True)
    ]


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
        sizes.setdefault(key, set()).update({plan.source.size, plan.target.size, spec.evaluation.size})
    for key, spec in examples.items():
        _check_model(spec, assembler, data, sorted(size for size in sizes[key] if size is not None))


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
        if parts is None or budget is None or budget.unit == "images":
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
