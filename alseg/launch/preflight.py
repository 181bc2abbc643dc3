"""What is checked before any training starts, so that no mistake costs an hour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from alseg.config.annotator import ORACLE, People
from alseg.config.budget import allowance
from alseg.config.experiment import RunSpec
from alseg.contracts import DataPlan, Recipe, Size
from alseg.data.scenario import Domain, ScenarioData
from alseg.engine.assembly import Assembler
from alseg.errors import AlsegError, DataError
from alseg.guard.answers import answer_kind
from alseg.guard.calls import guarded
from alseg.launch.estimates import estimate
from alseg.launch.needs import unmet_need, unmet_recipe_need
from alseg.launch.network_input import check_models
from alseg.launch.passed_checks import PassedChecks
from alseg.launch.preflight_data import check_data, check_held_out
from alseg.registry.datasets import is_labelled
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


def check(specs: Sequence[RunSpec], assembler: Assembler, passed: PassedChecks | None = None) -> Plan:
    """Check everything that can be checked without training.

    Args:
        specs: Runs of one experiment; they share scenario, model and rounds.
        assembler: Makes data sets, recipes, methods and the model.
        passed: What of the assembler's objects was checked before; what is checked now is added.

    Raises:
        AlsegError: If data is missing or faulty, a budget cannot be spent, or a component cannot be built.
    """
    data = assembler.scenario(specs[0].scenario)
    passed = PassedChecks() if passed is None else passed
    doubts = check_data(data, specs[0].scenario, passed)
    check_held_out(specs[0], data)
    _check_upper_marks(specs, data, assembler)
    _check_answers(specs, data)
    sizes = data.target.sizes
    planned: dict[int, PlannedRun] = {}
    recipes: dict[int, Recipe] = {}
    for spec in specs:
        if spec.method.order not in planned:
            recipes[spec.method.order] = recipe = assembler.recipe(
                spec.method.recipe, spec.scenario.label_space
            )
            _check_native_sizes(recipe.plan.source, data.source, "source_size")
            _check_native_sizes(recipe.plan.target, data.target, "target_size")
            planned[spec.method.order] = _plan_method(spec, assembler, data)
    check_models(specs, assembler, data, recipes, passed)
    runs = tuple(replace(planned[spec.method.order], spec=spec) for spec in specs)
    lengths = {spec.method.label: recipes[spec.method.order].plan.iterations for spec in specs}
    asking = {order: run.spec for order, run in planned.items() if _asks_for_sets(run.spec, assembler)}
    unread = _unread_sets({spec.method.label: recipes[order] for order, spec in asking.items()})
    notes = (*_unequal_lengths(lengths), *_small_budgets(planned.values()), *unread)
    return Plan(runs, (*doubts, *notes, *_notes(specs, data, assembler, sizes)))


def _check_upper_marks(specs: Sequence[RunSpec], data: ScenarioData, assembler: Assembler) -> None:
    """Refuse acquisitions that see the labels of a pool of which nobody knows them."""
    labelled = is_labelled(data.target.dataset)
    for spec in specs:
        method, parts = spec.method, assembler.method(spec)
        if parts is None or not parts.spec.sees_labels:
            continue
        problem = f"Method '{method.label}' sees the labels of the pool, for its acquisition"
        problem += f" '{parts.spec.name}' is an upper mark"
        if method.annotator is not None and People.of(method.annotator) is not None:
            raise AlsegError(
                f"{problem}, but people answer its questions ('{method.annotator.name}'), so that nobody "
                "knows these labels. Leave out 'annotator', or choose another acquisition."
            )
        if not labelled:
            pool = f"{spec.scenario.target.name} {spec.scenario.target_split}"
            raise DataError(
                f"{problem}, but {pool} has no labels.",
                "Say where its label maps are, or choose another acquisition.",
            )


def _check_answers(specs: Sequence[RunSpec], data: ScenarioData) -> None:
    """Refuse methods that read labels of a pool without any."""
    if is_labelled(data.target.dataset):
        return
    for method in (spec.method for spec in specs):
        by_people = method.annotator is not None and People.of(method.annotator) is not None
        if method.target_labels == "none" or (method.target_labels == "acquired" and by_people):
            continue
        pool = f"{specs[0].scenario.target.name} {specs[0].scenario.target_split}"
        annotator = ORACLE if method.annotator is None else method.annotator.name
        answering = "the oracle" if annotator == ORACLE else f"simulated ('{annotator}')"
        asking = method.target_labels == "acquired"
        who = f"its annotator is {answering}" if asking else "target_labels is all"
        raise DataError(
            f"Method '{method.label}' reads the labels of {pool}, for {who}, but {pool} has no labels.",
            "Say where its label maps are, or name people as 'annotator' of the method.",
        )


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
    reason = unmet_recipe_need(spec, assembler)
    if reason is not None:
        return PlannedRun(spec, reason, 0, pool)
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


def _small_budgets(runs: Iterable[PlannedRun]) -> list[str]:
    """Say so where a budget pays for no region of mean size; smaller ones may be paid for."""
    return [
        f"Method '{run.spec.method.label}' may buy nothing: its budget of {run.spec.method.budget.text} is "
        "less than a region of mean size. Raise it, or cut smaller regions."
        for run in runs
        if run.spec.method.budget and run.skipped is None and run.clicks is not None and run.clicks[0] == 0
    ]


def _asks_for_sets(spec: RunSpec, assembler: Assembler) -> bool:
    parts = assembler.method(spec)
    return parts is not None and answer_kind(parts.mode) == "classes"


def _unread_sets(recipes: Mapping[str, Recipe]) -> list[str]:
    """Name methods that ask for sets of classes and have a recipe that sees none.

    Args:
        recipes: Label of each method that asks for sets, to its recipe.
    """
    labels = [
        f"'{label}'"
        for label, recipe in recipes.items()
        if not recipe.plan.target.regions and getattr(recipe, "derivation", None) is None
    ]
    if not labels:
        return []
    return [
        f"The recipe of {', '.join(labels)} learns nothing from answers that are sets of several classes. "
        "Choose a recipe that learns from sets, or another answer."
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
